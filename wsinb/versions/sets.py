"""Virtual sets: named lists of slides of several versions or projects, divided into parts.

Each member names a commit, so that a set reads the same for ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from html import escape
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput, UnknownSlide
from wsinb.listing import html_table, text_table
from wsinb.names import unknown

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.tiles import Slide
    from wsinb.versions.setlist import Places

__all__ = ["SetMember", "SlideSet"]


@dataclass(frozen=True)
class SetMember:
    """One slide of a set, at one version.

    Attributes
    ----------
    project
        Address of the project, or None for the one that holds the set.
    version
        A commit id; in a set that is not stored yet any version.
    slide
        Name of the slide at that version.
    group
        What must not be divided between parts, for example a patient; None for the slide alone.
    part
        The part that it is in, or None.
    """

    project: str | None
    version: str
    slide: str
    group: str | None = None
    part: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the member as it is stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SetMember:
        """Read a stored member."""
        return cls(**{field.name: data[field.name] for field in fields(cls)})


class SlideSet:
    """A named list of slides of several versions or projects, perhaps divided into parts.

    ``set["train"]``, or ``set.train``, is the set of the members of one part. A set does not change.

    Attributes
    ----------
    name
        Of the whole set.
    members
        The slides, in the order in which they were given.
    split
        The fraction of each part that was asked for, or None.
    by
        The entry of the slides' metadata that tells their group, or None.
    seed
        The chance of the division.
    """

    def __init__(
        self,
        name: str,
        members: Iterable[SetMember],
        places: Places,
        split: Mapping[str, float] | None = None,
        by: str | None = None,
        seed: int = 0,
    ) -> None:
        self.name = name
        self.members = tuple(members)
        self.split = split
        self.by = by
        self.seed = seed
        self._places = places

    @property
    def slides(self) -> list[str]:
        """The names of the slides, each once."""
        return list(dict.fromkeys(member.slide for member in self.members))

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts, also of those without members."""
        asked = self.split or {}
        return tuple(dict.fromkeys([*asked, *(member.part for member in self.members if member.part)]))

    def __getitem__(self, part: str) -> SlideSet:
        if part not in self.parts:
            raise InvalidInput(unknown(f"part of set {self.name!r} named", part, self.parts, _NO_PARTS))
        chosen = (member for member in self.members if member.part == part)
        return SlideSet(self.name, chosen, self._places, None, self.by, self.seed)

    def __getattr__(self, part: str) -> SlideSet:
        if part.startswith("_") or part not in self.parts:
            raise AttributeError(f"The set {self.name!r} has neither an attribute nor a part {part!r}.")
        return self[part]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(part for part in self.parts if part.isidentifier())]

    def __iter__(self) -> Iterator[SetMember]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def __contains__(self, member: object) -> bool:
        return member in self.members or any(member == each.slide for each in self.members)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SlideSet) and self.to_json() == other.to_json() and self.name == other.name

    __hash__ = None  # type: ignore[assignment]

    def split_of(self, slide: str | SetMember) -> str | None:
        """Return the part of a slide, None in a set that is not divided.

        Raises
        ------
        UnknownSlide
            If no member has that name.
        InvalidInput
            If members of that name, of several projects, are in several parts.
        """
        parts = {member.part for member in self._named(slide)}
        if len(parts) > 1:
            raise InvalidInput(
                f"Members named {slide!r} are in several parts of set {self.name!r}: ask with a member of "
                f"set.members instead of the name."
            )
        return parts.pop()

    def read(self, member: str | SetMember, bbox: Iterable[float] | None = None) -> gpd.GeoDataFrame:
        """Return the annotations of a member at its version.

        Parameters
        ----------
        member
            One of `members`, or the name of its slide.
        bbox
            ``(xmin, ymin, xmax, ymax)`` in level-0 pixels; the maxima lie outside.

        Raises
        ------
        UnknownSlide
            If there is no such member.
        InvalidInput
            If several members have that name.
        UnknownProject, UnknownVersion
            If its project is not where the set says, or has lost that version.
        """
        one = self._one(member)
        return self._places.repository(one.project).read(one.slide, one.version, bbox)

    def open(self, member: str | SetMember) -> Slide:
        """Open the slide file of a member.

        Raises
        ------
        UnknownSlide, InvalidInput, UnknownProject, UnknownVersion
            As of `read`.
        SlideNotFound
            If the file is not where its project says.
        """
        one = self._one(member)
        return self._places.open(one.project, one.version, one.slide)

    def to_json(self) -> dict[str, Any]:
        """Return the set as it is stored, without its name."""
        asked = None if self.split is None else [[part, fraction] for part, fraction in self.split.items()]
        members = [member.to_json() for member in self.members]
        return {"members": members, "split": asked, "by": self.by, "seed": self.seed}

    @classmethod
    def from_json(cls, name: str, data: Mapping[str, Any], places: Places) -> SlideSet:
        """Read a stored set."""
        members = (SetMember.from_json(entry) for entry in data["members"])
        split = None if data["split"] is None else dict(data["split"])
        return cls(name, members, places, split, data["by"], data["seed"])

    def _named(self, slide: str | SetMember) -> Sequence[SetMember]:
        found = [member for member in self.members if slide in (member, member.slide)]
        if not found:
            name = slide.slide if isinstance(slide, SetMember) else slide
            raise UnknownSlide(unknown(f"slide in set {self.name!r} named", name, self.slides))
        return found

    def _one(self, member: str | SetMember) -> SetMember:
        found = self._named(member)
        if len(found) > 1:
            raise InvalidInput(
                f"The set {self.name!r} has {len(found)} members named {member!r}, of several versions or "
                f"projects: take one of set.members instead of the name."
            )
        return found[0]

    def _rows(self) -> Iterator[tuple[str, str, str, str, str]]:
        for each in self.members:
            yield each.slide, each.part or "", each.group or "", each.version[:10], each.project or ""

    def _title(self) -> str:
        counts = Counter(member.part for member in self.members)
        divided = ", ".join(f"{part} {counts[part]}" for part in self.parts)
        return f"{self.name}: {len(self)} slides" + (f" ({divided})" if divided else "")

    def __repr__(self) -> str:
        rows = list(self._rows())
        shown = rows if len(rows) <= _SHOWN else [*rows[: _SHOWN - 1], ("...", "", "", "", "")]
        return f"{self._title()}\n{text_table(_HEAD, shown)}"

    def _repr_html_(self) -> str:
        return f"<b>{escape(self._title())}</b>{html_table(_HEAD, self._rows())}"


_HEAD = ("slide", "part", "group", "version", "project")
_SHOWN = 30
_NO_PARTS = "it is not divided; add it with split={'train': 0.8, 'test': 0.2}."
