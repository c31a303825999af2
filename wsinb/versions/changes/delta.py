"""Differences between versions as values: inverted, added, filtered, applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from wsinb.errors import InvalidInput
from wsinb.names import is_among, listed
from wsinb.versions.changes.applying import apply_diff
from wsinb.versions.changes.lists import Entries
from wsinb.versions.changes.picking import pick
from wsinb.versions.changes.printing import diff_html, diff_text
from wsinb.versions.changes.sides import Side
from wsinb.versions.changes.slidedelta import Change, SlideDiff
from wsinb.versions.slideentry import check_slide
from wsinb.versions.tables.columns import concat
from wsinb.versions.tables.values import to_frame

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.versions.session import Session

__all__ = ["Change", "Diff", "SlideDiff"]


class Diff:
    """What differs between two versions: annotations by slide, and entries of lists.

    A value: nothing of it changes. Get one from ``project.diff(a, b)``.

    Parameters
    ----------
    slides
        The differences by slide; slides without any are left out.
    entries
        Differing slides, labels, columns, sets and project metadata, with the values of both sides.
    a, b
        Ids of the commits on both sides, None if a side is no version.
    known
        Gives the names of all slides of both versions, for which ``diff[name]`` is there, if empty.
    show
        Opens a viewer: ``show(slide, **options)``.
    """

    def __init__(
        self,
        slides: Iterable[SlideDiff],
        entries: Entries | None = None,
        a: str | None = None,
        b: str | None = None,
        known: Callable[[], Iterable[str]] = tuple,
        show: Callable[..., Any] | None = None,
    ) -> None:
        self._slides = {part.slide: part for part in sorted(slides, key=lambda part: part.slide) if len(part)}
        self.entries = {kind: dict(names) for kind, names in (entries or {}).items() if names}
        self.a = a
        self.b = b
        self._known = known
        self._show = show

    @property
    def slides(self) -> tuple[str, ...]:
        """The slides whose annotations differ, sorted."""
        return tuple(self._slides)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Per slide the numbers of annotations that were "added", "deleted" and "updated"."""
        return {slide: part.counts for slide, part in self._slides.items()}

    @property
    def edits(self) -> dict[str, dict[str, list[str]]]:
        """Names of slides, labels, columns, sets and metadata that were "added", "updated" or "removed"."""
        said: dict[str, dict[str, list[str]]] = {}
        for kind, entries in self.entries.items():
            for key, (old, new) in entries.items():
                word, name = _edit(key, old, new) if kind == "columns" else (_word(old, new), key)
                said.setdefault(kind, {}).setdefault(word, []).append(name)
        return {kind: {word: sorted(words[word]) for word in words} for kind, words in said.items()}

    def __getitem__(self, slide: str) -> SlideDiff:
        if is_among(slide, self._slides):
            return self._slides[slide]
        check_slide(slide, sorted({*self._known(), *self._slides}), "in this difference")
        nothing = Side.empty()
        return SlideDiff(slide, nothing, nothing)

    def __contains__(self, slide: object) -> bool:
        return slide in self._slides

    def __len__(self) -> int:
        return sum(len(part) for part in self._slides.values())

    def __bool__(self) -> bool:
        return bool(self._slides or self.entries)

    def __invert__(self) -> Diff:
        swapped = {
            kind: {name: (new, old) for name, (old, new) in names.items()}
            for kind, names in self.entries.items()
        }
        return self._like([~part for part in self._slides.values()], swapped, self.b, self.a)

    def __add__(self, other: Diff) -> Diff:
        """Return the difference of doing this one, then the other.

        Raises
        ------
        InvalidInput
            If the other does not begin where this one ends.
        """
        if not isinstance(other, Diff):
            return NotImplemented
        parts: list[SlideDiff | None] = []
        for slide in {**self._slides, **other._slides}:
            mine, theirs = self._slides.get(slide), other._slides.get(slide)
            parts += [mine + theirs] if mine is not None and theirs is not None else [mine or theirs]
        known = self._known
        total = self._like([part for part in parts if part is not None], self._added(other), self.a, other.b)
        total._known = lambda: {*known(), *other._known()}
        return total

    def _added(self, other: Diff) -> Entries:
        entries: dict[str, dict[str, tuple[Any, Any]]] = {}
        for kind in {**self.entries, **other.entries}:
            mine, theirs = self.entries.get(kind, {}), other.entries.get(kind, {})
            for name in {**mine, **theirs}:
                first, second = mine.get(name), theirs.get(name)
                if first and second and first[1] != second[0]:
                    raise InvalidInput(
                        f"The differences do not follow each other: {name!r} of {kind} ends as one value in "
                        f"the first and begins as another in the second."
                    )
                old, new = (first or second or (None, None))[0], (second or first or (None, None))[1]
                if old != new:
                    entries.setdefault(kind, {})[name] = (old, new)
        return entries

    def filter(
        self,
        slides: str | Iterable[str] | None = None,
        kinds: str | Iterable[str] | None = None,
        ids: str | Iterable[str] | None = None,
        labels: str | Iterable[str | None] | None = None,
        layers: str | Iterable[str] | None = None,
        bbox: Iterable[float] | None = None,
        where: Callable[[Change], object] | None = None,
    ) -> Diff:
        """Return the changes of annotations that meet all conditions; edits of lists are left out.

        Parameters
        ----------
        slides, ids
            Names of slides; ids of annotations.
        kinds
            "added", "deleted", "updated".
        labels, layers
            Of the old or the new row.
        bbox
            ``(xmin, ymin, xmax, ymax)`` in level-0 pixels, which the old or the new row meets.
        where
            Keeps the changes for which it is true.

        Raises
        ------
        InvalidInput
            If a condition makes no sense.
        """
        wanted = None if slides is None else set(listed(slides, "Slides are given by their names"))
        parts = [part for part in self._slides.values() if wanted is None or part.slide in wanted]
        picked = [pick(part, kinds, ids, labels, layers, bbox, where) for part in parts]
        return self._like(picked, {}, self.a, self.b)

    def apply(self, session: Session) -> None:
        """Make these changes of annotations in a session; edits of lists are left out.

        Raises
        ------
        Conflict
            If a row of the session is not the old one; `conflicts` has the old row as base, that of the
            session as ours, the new one as theirs. Then nothing is changed.
        UnknownSlide, UnknownLabel
            If the session lacks a slide, or the project a label. Then nothing is changed.
        """
        with session._alone:
            apply_diff(self._slides.values(), session)

    def to_frame(self) -> gpd.GeoDataFrame:
        """Return all changes as a GeoDataFrame, each slide along a curve through it.

        Columns ``slide``, ``id``, ``kind``, ``fields`` (tuples of names), then those of the table: of the
        new row, or of the old one where it was deleted. Level-0 pixels.
        """
        import pandas as pd

        frames = [_frame(part) for part in self._slides.values()]
        if not frames:
            empty = Side.empty()
            return _frame(SlideDiff("", empty, empty))
        return pd.concat(frames, ignore_index=True)

    def view(self, slide: str, **options: Any) -> Any:
        """Return a viewer of a slide with the differences painted on it.

        Parameters
        ----------
        slide
            Name of the slide.
        **options
            Those of `wsinb.view.SlideViewer`.

        Raises
        ------
        InvalidInput
            If a side of this difference is no version, as after adding differences that begin elsewhere.
        """
        if self._show is None or self.a is None or self.b is None:
            raise InvalidInput(
                "This difference is not between two versions of a project: view one of project.diff(a, b)."
            )
        return self._show(slide, version=self.b, compare=self.a, **options)

    def _like(self, parts: Iterable[SlideDiff], entries: Entries, a: str | None, b: str | None) -> Diff:
        return Diff(parts, entries, a, b, self._known, self._show)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Diff):
            return NotImplemented
        return self.entries == other.entries and self._slides == other._slides

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return diff_text(self)

    def _repr_html_(self) -> str:
        return diff_html(self)


def _word(old: Any, new: Any) -> str:
    return "added" if old is None else "removed" if new is None else "updated"


def _edit(key: str, old: Any, new: Any) -> tuple[str, str]:
    """Return what happened to an own column, and its name; a removed one stays, hidden."""
    before, after = (None if value is None or value.get("removed") else value for value in (old, new))
    return _word(before, after), (new or old or {}).get("name", key)


def _frame(part: SlideDiff) -> gpd.GeoDataFrame:
    """Return the changes of one slide as a GeoDataFrame."""
    gone = part.old.filter(pa.array(~part.in_new[part.in_old]))
    rows = concat([part.new, gone])
    numbers = np.concatenate([np.flatnonzero(part.in_new), np.flatnonzero(~part.in_new)])
    at = np.empty(len(part), np.int64)
    at[numbers] = np.arange(len(part))
    frame = to_frame(rows.take(pa.array(at[part.order])), part.columns)
    fields = [part.fields[number] for number in part.order.tolist()]
    frame.insert(0, "slide", part.slide)
    frame.insert(2, "kind", part.kinds[part.order].astype(object))
    frame.insert(3, "fields", fields)
    return frame
