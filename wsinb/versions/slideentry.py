"""What a project says of one slide, and whether its file fits to that."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput, SlideNotFound, UnknownSlide
from wsinb.names import is_among, unknown

if TYPE_CHECKING:
    from wsinb.tiles import Slide

__all__ = ["SlideEntry", "check_same_size", "check_slide", "check_there"]


@dataclass(frozen=True)
class SlideEntry:
    """A slide of a project.

    Attributes
    ----------
    name
        Unique within the project.
    path
        Relative to the project's folder, or absolute, as stored; "/" between segments.
    checksum
        ``"sha256:<hex>"`` of the file.
    size
        Width and height in level-0 pixels.
    mpp
        Micrometres per level-0 pixel along x and y, or None if unknown.
    metadata
        Whatever the project wants to keep with the slide, JSON values.
    """

    name: str
    path: str
    checksum: str
    size: tuple[int, int]
    mpp: tuple[float, float] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the entry as a JSON object, without the name."""
        return {
            "path": self.path,
            "checksum": self.checksum,
            "size": list(self.size),
            "mpp": None if self.mpp is None else list(self.mpp),
            "metadata": dict(self.metadata),
        }

    @classmethod
    def from_json(cls, name: str, data: Mapping[str, Any]) -> SlideEntry:
        """Make an entry of its stored form."""
        width, height = data["size"]
        mpp = data["mpp"]
        return cls(
            name,
            data["path"],
            data["checksum"],
            (width, height),
            None if mpp is None else (mpp[0], mpp[1]),
            copy.deepcopy(data["metadata"]),
        )


def check_slide(slide: object, known: Collection[str], where: str) -> None:
    """Raise `UnknownSlide` unless a slide is among those known; `where` says of what: "in version 'main'"."""
    if not is_among(slide, known):
        raise UnknownSlide(unknown(f"slide {where} named", slide, known))


def check_there(entry: SlideEntry, file: Path) -> None:
    """Raise `SlideNotFound` unless the file of a slide is where the project says."""
    if not file.exists():
        raise SlideNotFound(
            f"The file of slide {entry.name!r} is not at {file}: put it back, or say where it is with "
            f"project.slides.relocate({entry.name!r}, path)."
        )


def check_same_size(entry: SlideEntry, slide: Slide) -> None:
    """Raise `InvalidInput` if another file lies at the place of a slide: its annotations would not fit."""
    if tuple(slide.size) != entry.size:
        raise InvalidInput(
            f"The file {slide.path} is {slide.size[0]} x {slide.size[1]} pixels, and slide {entry.name!r} "
            f"was {entry.size[0]} x {entry.size[1]} when added: put the old file back, or add this one "
            f"under another name."
        )
