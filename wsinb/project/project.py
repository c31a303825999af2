"""The project itself: slides, labels, sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput
from wsinb.project.files import FileWords
from wsinb.project.history import VersionWords
from wsinb.project.jobs import JobWords
from wsinb.project.models import Models
from wsinb.project.upkeep import UpkeepWords
from wsinb.versions import MAIN, Columns, Labels, Places, Repository, Session, Slides, SlideSets, about

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.trees.classify import Validation
    from wsinb.view import ConfusionMatrix, SlideViewer

__all__ = ["Project"]


class Project(VersionWords, FileWords, JobWords, UpkeepWords):
    """Slides, labels and annotations with all their versions.

    Get one from `create_project` or `open_project`. Everything is read afresh from the
    store, so that what others commit is seen at once.
    """

    def __init__(self, url: str, folder: Path | None, repository: Repository) -> None:
        self._url = url
        self._folder = folder
        self.repository = repository
        self.slides = Slides(repository, folder)
        self.labels = Labels(repository)
        self.columns = Columns(repository)
        self.models = Models(repository)
        self.sets = SlideSets(repository, Places(repository, self.slides, _find))

    @property
    def url(self) -> str:
        """Where the project is, as `open_project` takes it: its folder, or an address without secrets."""
        return self._url

    @property
    def path(self) -> Path:
        """The folder of the project.

        Raises
        ------
        InvalidInput
            If it is in an object store.
        """
        if self._folder is None:
            raise InvalidInput(
                f"The project {self._url} is in no folder: use project.url where an address will do, "
                f"or a copy of it in a folder."
            )
        return self._folder

    @property
    def name(self) -> str:
        """What people call the project."""
        return str(self.repository.metadata_of(self.repository.record(MAIN))["name"])

    def rename(self, name: str, author: str | None = None) -> None:
        """Give the project another name, as a commit; earlier versions keep the old one.

        Raises
        ------
        InvalidInput
            If the name is empty or cannot be printed.
        """
        about.rename(self.repository, name, author)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What people keep with the project, JSON values; `set_metadata` sets it."""
        stored = self.repository.metadata_of(self.repository.record(MAIN))
        return MappingProxyType(stored.get("metadata", {}))

    def set_metadata(self, metadata: Mapping[str, Any], author: str | None = None) -> None:
        """Set what is kept with the project, as a commit; it takes the place of what was there.

        Raises
        ------
        InvalidInput
            If it is no dict of JSON values.
        """
        about.set_metadata(self.repository, metadata, author)

    @property
    def format(self) -> int:
        """Version of the on-disk format, see docs/format.md."""
        return self.repository.format

    def session(
        self,
        branch: str = MAIN,
        author: str | None = None,
        base: str | None = None,
        *,
        journal: bool = True,
    ) -> Session:
        """Open a session that reads the present head of a branch, and can edit and commit.

        Parameters
        ----------
        branch
            Where to commit.
        author
            Signs the commits; `default_author` if None.
        base
            An earlier commit of the branch to read instead of its head, for edits that somebody
            made while looking at that commit; `commit` then sets them on top of the head, or
            raises `Conflict`.
        journal
            Whether every edit is on the disk before the call that makes it returns, so that `recover`
            offers it after a crash. False for batch work that would rather begin again.

        Returns
        -------
        Session
            ``session[slide]`` reads and edits the annotations of a slide.

        Raises
        ------
        UnknownVersion
            If there is no such branch or commit.
        """
        return self.repository.session(branch, author, base, journal=journal)

    def read(self, slide: str, version: str = MAIN, bbox: Iterable[float] | None = None) -> gpd.GeoDataFrame:
        """Return the annotations of a slide at a version.

        Parameters
        ----------
        slide
            Name of the slide.
        version
            A branch, a tag, a commit or the first digits of one (at least 6).
        bbox
            ``(xmin, ymin, xmax, ymax)`` in level-0 pixels; the maxima lie outside. Only annotations
            whose bounding box meets it, so none of the whole image.

        Returns
        -------
        geopandas.GeoDataFrame
            An annotation table, see `wsinb.annotate`; level-0 pixels, in no particular order.

        Raises
        ------
        UnknownSlide, UnknownVersion
            If there is no such slide or version.
        """
        return self.repository.read(slide, version, bbox)

    def view(self, slide: str, **options: Any) -> SlideViewer:
        """Return a viewer of a slide, which shows and edits its annotations in a notebook.

        `options` are those of `wsinb.view.SlideViewer`.

        Raises
        ------
        UnknownSlide
            If the project has no slide of that name.
        """
        from wsinb.view import SlideViewer

        self.slides[slide]
        return SlideViewer(project=self, slide=slide, **options)

    def confusion(self, validation: Validation, crops: Any = None, **options: Any) -> ConfusionMatrix:
        """Return a widget in which what a classifier confused is looked at, and labels are put right.

        Parameters
        ----------
        validation
            As `wsinb.trees.classify.cross_validate` returns it.
        crops
            The pictures that were validated; without them patches are cut from the slides.
        **options
            Those of `wsinb.view.ConfusionMatrix`, such as ``branch``.
        """
        from wsinb.view import ConfusionMatrix

        return ConfusionMatrix(validation, self, crops, **options)

    def __reduce__(self) -> tuple[Callable[[str], Project], tuple[str]]:
        # for worker processes: opened there anew, from the same place
        from wsinb.project.places import open_project

        return open_project, (self.url,)

    def __repr__(self) -> str:
        return f"<Project {self.name!r} in {self.url}: {len(self.slides)} slides, {len(self.labels)} labels>"

    def _repr_html_(self) -> str:
        return (
            f"<b>{escape(self.name)}</b> <code>{escape(self.url)}</code>"
            f"{self.slides._repr_html_()}{self.labels._repr_html_()}{self.log(limit=5)._repr_html_()}"
        )


def _find(url: str) -> tuple[Repository, Slides]:
    """Open another project, of which a set has members."""
    from wsinb.project.places import open_project

    other = open_project(url)
    return other.repository, other.slides
