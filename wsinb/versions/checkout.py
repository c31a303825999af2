"""A version of a project to look at: everything that it holds, read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from wsinb.errors import InvalidInput
from wsinb.listing import html_table
from wsinb.names import listed
from wsinb.versions.graph.records import Artifact, Commit
from wsinb.versions.slideentry import SlideEntry, check_slide
from wsinb.versions.tables.columns import Column, shown
from wsinb.versions.tables.files import check_box
from wsinb.versions.tables.ids import parse_ids
from wsinb.versions.tables.values import to_frame

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.annotate import LabelSet
    from wsinb.versions.repository import Repository
    from wsinb.versions.sets import SlideSet

__all__ = ["Checkout", "SlideCheckout"]


class Checkout:
    """A project as it was at one version; it stays the same whatever is committed later.

    ``checkout[slide]`` reads the annotations of a slide.
    """

    def __init__(
        self, repository: Repository, version: str, sets: Callable[[str], Mapping[str, SlideSet]]
    ) -> None:
        self.repository = repository
        self._head = repository.version(version)
        self._sets = sets
        self.version = version

    @property
    def commit(self) -> Commit:
        """The commit."""
        return self._head.record.public()

    @property
    def name(self) -> str:
        """What people called the project."""
        return str(self.repository.metadata_of(self._head.record)["name"])

    @property
    def slides(self) -> Mapping[str, SlideEntry]:
        """The slides, by name."""
        entries = self.repository.slides_of(self._head.record)
        return MappingProxyType({name: SlideEntry.from_json(name, data) for name, data in entries.items()})

    @property
    def labels(self) -> LabelSet:
        """The labels."""
        return self.repository.labels_of(self._head.record)

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns that the project added to its annotations, by name."""
        return MappingProxyType(shown(self.repository.columns_of(self._head.record)))

    @property
    def sets(self) -> Mapping[str, SlideSet]:
        """The sets of slides, by name."""
        return MappingProxyType(dict(self._sets(self._head.record.id)))

    def artifacts(self) -> list[Artifact]:
        """Return the artifacts of the commit, sorted by name."""
        return self.repository.artifacts.of(self._head.record)

    def read_artifact(self, name: str) -> bytes:
        """Return the bytes of an artifact, after checking their hash.

        Raises
        ------
        InvalidInput
            If the commit has no artifact of that name.
        """
        return self.repository.artifacts.read(self._head.record, name)

    def __getitem__(self, slide: str) -> SlideCheckout:
        check_slide(slide, self.repository.slides_of(self._head.record), f"in version {self.version!r}")
        return SlideCheckout(self, slide)

    def __iter__(self) -> Iterator[str]:
        return iter(self.repository.slides_of(self._head.record))

    def __repr__(self) -> str:
        commit = self.commit
        return (
            f"<Checkout of {self.version!r}: {self.name!r} at {commit.id[:10]}, "
            f"{commit.time:%Y-%m-%d %H:%M} by {commit.author}: {commit.message}; "
            f"{len(self.slides)} slides, {len(self.labels)} labels>"
        )

    def _repr_html_(self) -> str:
        rows = (
            (name, f"{entry.size[0]} × {entry.size[1]}", len(self[name]))
            for name, entry in self.slides.items()
        )
        table = html_table(("slide", "size", "annotations"), rows)
        return f"<code>{escape(repr(self)[1:-1])}</code>{table}"


class SlideCheckout:
    """The annotations of one slide at one version."""

    def __init__(self, checkout: Checkout, slide: str) -> None:
        self._checkout = checkout
        self.repository = checkout.repository
        self.slide = slide

    def read(self, bbox: Iterable[float] | None = None) -> gpd.GeoDataFrame:
        """Return the annotations.

        Parameters
        ----------
        bbox
            ``(xmin, ymin, xmax, ymax)`` in level-0 pixels; the maxima lie outside. Only
            annotations whose bounding box meets it, so none of the whole image.
        """
        columns = self.repository.columns_of(self._checkout._head.record)
        return to_frame(self.repository.tables.read(self._state, check_box(bbox)), columns)

    def find(self, ids: str | Iterable[str]) -> gpd.GeoDataFrame:
        """Return the annotations of some ids without reading the others; unknown ids are left out."""
        wanted = parse_ids(listed(ids, "Ids are given as in the column 'id'"))
        columns = self.repository.columns_of(self._checkout._head.record)
        return to_frame(self.repository.tables.lookup(self._state, wanted), columns)

    def __len__(self) -> int:
        return int(self._state.rows)

    def upsert(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: a version never changes."""
        self._refuse()

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: a version never changes."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise InvalidInput(
            f"A checkout is read-only: edit in project.session(), or make a branch of this version with "
            f"project.branch(name, at={self._checkout.version!r}) and open project.session(name)."
        )

    @property
    def commit(self) -> Commit:
        """The commit."""
        return self._checkout.commit

    @property
    def _state(self) -> Any:
        return self.repository.committer.state(self._checkout._head, self.slide)

    def __repr__(self) -> str:
        return f"<{len(self)} annotations of {self.slide!r} in {self._checkout!r}>"
