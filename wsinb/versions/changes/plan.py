"""What becomes of a version when the changes of another are made on it: three-way, entry by entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wsinb.versions.changes.chosen import value_setter
from wsinb.versions.changes.conflicts import Choice, ConflictItem, Conflicts, Value
from wsinb.versions.changes.delta import Diff
from wsinb.versions.changes.diff import changed_slides, find_slide_diff
from wsinb.versions.changes.lists import (
    Lists,
    check_entry,
    entries_between,
    merge_lists,
    read_lists,
    with_choices,
    write_lists,
)
from wsinb.versions.changes.slidedelta import SlideDiff
from wsinb.versions.changes.threeway import RowClash, SetValues, meet
from wsinb.versions.changes.writing import write_diff
from wsinb.versions.graph.commits import SlideChange
from wsinb.versions.graph.refs import Head
from wsinb.versions.tables.columns import Column
from wsinb.versions.tables.ids import Ids

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["Plan"]


@dataclass(frozen=True)
class SlideResult:
    """What is done to the table of a slide: new rows are those of `source`, but for the ids `apart`."""

    diff: SlideDiff
    source: Head
    apart: Ids | None = None


@dataclass(frozen=True)
class Result:
    """What a plan does to ours: to the tables of slides that stay, and to the lists."""

    slides: Mapping[str, SlideResult]
    before: Lists
    after: Lists


class Plan:
    """Three versions, and how what theirs changed since the base is made on ours.

    A revert is the same with other versions: the commit is the base, and its parent theirs.
    """

    def __init__(self, repository: Repository, base: Head, ours: Head, theirs: Head) -> None:
        self.repository = repository
        self.base, self.ours, self.theirs = base, ours, theirs
        self._found: dict[tuple[str, str, str], SlideDiff] = {}

    @cached_property
    def conflicts(self) -> Conflicts:
        """All that cannot be merged without a choice."""
        rows = [item for _, clash in self._rows.values() for item in clash.items()]
        return Conflicts([*self._merged[1].values(), *rows])

    @cached_property
    def items(self) -> dict[Any, ConflictItem]:
        """The conflicts by key."""
        return {item.key: item for item in self.conflicts}

    def check_value(self, item: ConflictItem, value: Value) -> None:
        """Raise `InvalidInput` or `UnknownLabel` if a value cannot stand in the place of a conflict."""
        if item.slide is None:
            check_entry(item, value.value)
            return
        clash = self._rows[item.slide][1].of(item.id)
        after = with_choices(*self._merged, {})
        clash.result({item.key: value}, _setter(after))

    def result(self, choices: Mapping[Any, Choice]) -> Result:
        """Return what is done to ours; where a conflict has no choice, nothing.

        Raises
        ------
        InvalidInput
            If a chosen value does not fit.
        """
        merged, items = self._merged
        before, after = self._lists[1], with_choices(merged, items, choices)
        set_values = _setter(after)
        slides: dict[str, SlideResult] = {}
        for slide, (clean, clash) in self._rows.items():
            rows = clash.result(choices, set_values)
            mixed = SlideDiff.between(slide, clash.mine.new, rows, clash.columns)
            slides[slide] = SlideResult(clean + mixed, self.theirs, mixed.ids)
        for slide in after["slides"]:
            back = choices.get((None, f"slides/{slide}", None)) == "base"
            if slide not in before["slides"]:
                source = self.base if back else self.theirs
                slides[slide] = SlideResult(self._find(slide, self.ours, source), source)
            elif back and slide not in self._lists[2]["slides"]:
                slides[slide] = SlideResult(~self._find(slide, self.base, self.ours), self.base)
        return Result({name: part for name, part in slides.items() if len(part.diff)}, before, after)

    def diff(self, choices: Mapping[Any, Choice]) -> Diff:
        """Return what is done to ours as a value."""
        result = self.result(choices)
        gone = result.before["slides"].keys() - result.after["slides"].keys()
        return Diff(
            [
                *(part.diff for part in result.slides.values()),
                *(self._find(slide, self.ours, self.theirs) for slide in gone),
            ],
            entries_between(result.before, result.after),
            self.ours.record.id,
            None,
            lambda: {*result.before["slides"], *result.after["slides"]},
        )

    def write(self, choices: Mapping[Any, Choice]) -> dict[str, Any]:
        """Store what is done to ours and return the members of a `Draft` that say so."""
        repository = self.repository
        result = self.result(choices)
        changes: dict[str, SlideChange] = {}
        for slide, part in result.slides.items():
            onto, source = (repository.committer.state(head, slide) for head in (self.ours, part.source))
            changes[slide] = write_diff(repository, onto, part.diff, source, part.apart)
        lists = write_lists(repository, self.ours.record, result.before, result.after)
        return {"changes": changes, **lists}

    @cached_property
    def _lists(self) -> tuple[Lists, Lists, Lists]:
        """The lists of base, ours and theirs."""
        heads = (self.base, self.ours, self.theirs)
        base, ours, theirs = (read_lists(self.repository, head.record) for head in heads)
        return base, ours, theirs

    @cached_property
    def _merged(self) -> tuple[Lists, dict[Any, ConflictItem]]:
        """The merged lists, in which ours holds where there is a conflict, and the conflicts by key."""
        merged, items = merge_lists(*self._lists, self._touched)
        return merged, {item.key: item for item in items}

    @cached_property
    def _rows(self) -> dict[str, tuple[SlideDiff, RowClash]]:
        """Of each slide that both sides have and theirs changed: what only theirs did, and what both did."""
        _, ours, theirs = (lists["slides"] for lists in self._lists)
        changed = changed_slides(self.repository, self.base.record, self.theirs.record)
        merged = {}
        for slide in sorted(changed & ours.keys() & theirs.keys()):
            others = self._find(slide, self.base, self.theirs)
            if len(others):
                merged[slide] = meet(self._find(slide, self.base, self.ours), others)
        return merged

    def _touched(self, slide: str, ours: bool) -> bool:
        return len(self._find(slide, self.base, self.ours if ours else self.theirs)) > 0

    def _find(self, slide: str, a: Head, b: Head) -> SlideDiff:
        key = (slide, a.record.id, b.record.id)
        if key not in self._found:
            fork = self.repository.ancestry.fork(a.record, b.record)
            self._found[key] = find_slide_diff(self.repository, slide, a, b, fork)
        return self._found[key]


def _setter(lists: Lists) -> SetValues:
    columns = [Column.from_json(entry) for entry in lists["columns"].values()]
    return value_setter(columns, lists["labels"])
