"""The lists of a project (slides, labels, columns, sets, metadata), merged entry by entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from wsinb.annotate import Label, LabelSet
from wsinb.errors import InvalidInput
from wsinb.versions.changes.conflicts import Choice, ConflictItem, Value
from wsinb.versions.graph.records import Record
from wsinb.versions.tables.columns import Column

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = [
    "Entries",
    "Lists",
    "check_entry",
    "entries_between",
    "merge_lists",
    "read_lists",
    "with_choices",
    "write_lists",
]

Lists = dict[str, dict[str, Any]]
"""Kind ("slides", "labels", "columns", "sets", "project") -> name (columns: key) -> JSON value."""

Entries = Mapping[str, Mapping[str, tuple[Any, Any]]]
"""Kind -> name (columns: key, which stays when they are renamed) -> (old, new) JSON value, None for none."""

BY_MEMBER = ("slides", "labels", "columns")
"""Kinds whose entries have members that do not depend on each other."""


def read_lists(repository: Repository, record: Record) -> Lists:
    """Return the lists of a commit."""
    metadata = dict(repository.metadata_of(record))
    columns = metadata.pop("columns", [])
    return {
        "slides": repository.slides_of(record),
        "labels": {label["name"]: label for label in repository.labels_of(record).to_json()},
        "columns": {column["key"]: column for column in columns},
        "sets": dict(repository.sets_of(record)),
        "project": metadata,
    }


def entries_between(before: Lists, after: Lists) -> Entries:
    """Return the entries that differ, by name, with the values of both sides; no kind without any."""
    entries: dict[str, dict[str, tuple[Any, Any]]] = {}
    for kind, new in after.items():
        old = before.get(kind, {})
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                entries.setdefault(kind, {})[name] = (old.get(name), new.get(name))
    return entries


def merge_lists(
    base: Lists, ours: Lists, theirs: Lists, touched: Callable[[str, bool], bool]
) -> tuple[Lists, list[ConflictItem]]:
    """Return the lists with what both sides did, and the conflicts, in which ours holds.

    Parameters
    ----------
    base, ours, theirs
        The three versions.
    touched
        Says whether the annotations of a slide changed since the base on one side; True for ours. A slide
        that one side edited and the other removed is a conflict.
    """
    merged: Lists = {}
    conflicts = []
    for kind in ours:
        old, mine, others = base[kind], ours[kind], theirs[kind]
        merged[kind] = dict(mine)
        for name in sorted({*old, *others}):
            values = old.get(name), mine.get(name), others.get(name)
            result, clash = _merge_entry(kind, *values)
            if kind == "slides" and not clash and values[0] is not None and None in values[1:]:
                removed_by_us = values[1] is None
                clash = values[1] is not values[2] and touched(name, not removed_by_us)
            if clash:
                conflicts.append(item_of(kind, name, *values))
            else:
                _set(merged[kind], name, result)
    return merged, conflicts


def item_of(kind: str, name: str, base: Any, ours: Any, theirs: Any) -> ConflictItem:
    """Return the conflict of an entry; columns are called by name."""
    if kind == "columns":
        name = next(side["name"] for side in (ours, theirs, base) if side is not None)
    return ConflictItem(None, f"{kind}/{name}", None, base, ours, theirs)


def with_choices(merged: Lists, items: Mapping[Any, ConflictItem], choices: Mapping[Any, Choice]) -> Lists:
    """Return merged lists with what was chosen for their conflicts."""
    result = {kind: dict(entries) for kind, entries in merged.items()}
    for key, item in items.items():
        choice = choices.get(key, "ours")
        kind, name = item.id.split("/", 1)
        value = choice.value if isinstance(choice, Value) else getattr(item, choice)
        if kind == "columns":
            name = next(side["key"] for side in (item.ours, item.theirs, item.base) if side is not None)
        _set(result[kind], name, value)
    return result


def check_entry(item: ConflictItem, value: Any) -> None:
    """Raise `InvalidInput` if a value cannot stand for an entry; None removes it."""
    kind, name = item.id.split("/", 1)
    there = next(side for side in (item.ours, item.theirs, item.base) if side is not None)
    if value is None:
        return
    if not isinstance(value, type(there)):
        raise InvalidInput(f"A Value for {item.id} is like {there!r}, not {value!r}.")
    if kind == "labels" and Label.from_json(value).name != name:
        raise InvalidInput(f"A Value for {item.id} has the name {name!r}, not {value['name']!r}.")
    if kind in ("slides", "columns") and value.keys() != there.keys():
        raise InvalidInput(f"A Value for {item.id} has the members {', '.join(sorted(there))}.")


def _set(entries: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        entries.pop(name, None)
    else:
        entries[name] = value


def _merge_entry(kind: str, base: Any, ours: Any, theirs: Any) -> tuple[Any, bool]:
    """Return an entry with what both sides did, and whether that cannot be."""
    if theirs in (base, ours):
        return ours, False
    if ours == base:
        return theirs, False
    if kind not in BY_MEMBER or base is None or ours is None or theirs is None:
        return ours, True
    merged = {}
    for name in {**base, **ours, **theirs}:
        old, mine, others = base.get(name), ours.get(name), theirs.get(name)
        if others not in (old, mine) and mine != old:
            return ours, True
        merged[name] = mine if others in (old, mine) else others
    return merged, False


def write_lists(repository: Repository, record: Record, before: Lists, after: Lists) -> dict[str, Any]:
    """Store new lists and return the members of a `Draft` on top of a commit that say so.

    Raises
    ------
    InvalidInput
        If the lists cannot stand together: both sides added a column of one name.
    """
    members: dict[str, Any] = {"edits": changed_names(before, after)}
    if after["slides"] != before["slides"]:
        members["slides"] = after["slides"]
    if after["labels"] != before["labels"]:
        labels = _free_keys(before["labels"], after["labels"])
        members["labels"] = repository.put_labels(record, LabelSet.from_json(labels))
    if after["project"] != before["project"] or after["columns"] != before["columns"]:
        columns = list(after["columns"].values())
        _check_columns(columns)
        members["project"] = repository.put_metadata(record, **after["project"], columns=columns)
    if after["sets"] != before["sets"]:
        members["sets"] = repository.objects.put({"sets": after["sets"]})
    return members


def changed_names(before: Lists, after: Lists) -> dict[str, dict[str, list[str]]]:
    """Return which names were added, updated or removed, by kind; columns by their names."""
    edits: dict[str, dict[str, list[str]]] = {}
    for kind, entries in entries_between(before, after).items():
        for key, (old, new) in entries.items():
            word = "added" if not _present(old) else "removed" if not _present(new) else "updated"
            name = (new or old)["name"] if kind == "columns" else key
            edits.setdefault(kind, {}).setdefault(word, []).append(name)
    return edits


def _present(entry: Any) -> bool:
    return entry is not None and not (isinstance(entry, Mapping) and entry.get("removed"))


def _free_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return labels of which no two active ones share a key: where they would, ours keeps it."""
    taken: set[str] = set()
    labels = []
    for name in sorted(after, key=lambda name: (after[name] != before.get(name), name)):
        label = dict(after[name])
        key = label.get("key")
        if key is not None and label.get("active", True):
            if key in taken:
                label["key"] = None
            taken.add(key)
        labels.append(label)
    return labels


def _check_columns(columns: list[dict[str, Any]]) -> None:
    seen: dict[str, str] = {}
    for column in map(Column.from_json, columns):
        if column.removed:
            continue
        other = seen.setdefault(column.name.casefold(), column.key)
        if other != column.key:
            raise InvalidInput(
                f"Both sides added a column {column.name!r}: give one another name with "
                f"project.columns.rename({column.name!r}, name)."
            )
