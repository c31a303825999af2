"""Conflicts as they travel to the browser, and what a person chose for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from wsinb.errors import Conflict, InvalidInput
from wsinb.serve.bodies import check_id, items

if TYPE_CHECKING:
    from wsinb.versions.changes.conflicts import Choice, ConflictItem

__all__ = ["choices_by_id", "choices_of", "conflict_error", "conflicts_json", "resolver"]

MAX_CONFLICTS = 1000
SIDES = ("ours", "theirs")
Key = tuple[str | None, str, str | None]


def conflicts_json(conflicts: Iterable[ConflictItem]) -> list[dict[str, Any]]:
    """Return the first conflicts as JSON: rows of annotations as features, other entries as they are."""
    return [
        {
            "slide": item.slide,
            "id": item.id,
            "field": item.field,
            "base": _side(item, item.base),
            "ours": _side(item, item.ours),
            "theirs": _side(item, item.theirs),
        }
        for item, _ in zip(conflicts, range(MAX_CONFLICTS), strict=False)
    ]


def choices_of(body: Mapping[str, Any]) -> dict[Key, str]:
    """Return the list ``choices`` of a merge: for slide, id and field "ours" or "theirs"."""
    return {_key(entry): _choice(entry.get("choice")) for entry in items(body, "choices")}


def choices_by_id(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the object ``choices`` of a commit: for the id of an annotation "ours" or "theirs"."""
    choices = body.get("choices")
    if choices is None:
        return {}
    if not isinstance(choices, dict):
        raise InvalidInput("'choices' must be an object of ids with 'ours' or 'theirs'.")
    for identifier in choices:
        check_id(identifier)
    return {identifier: _choice(choice) for identifier, choice in choices.items()}


def resolver(choose: Callable[[ConflictItem], str | None]) -> Callable[[ConflictItem], Choice]:
    """Return what decides conflicts by a person's choices, and raises the first for which there is none."""

    def decide(item: ConflictItem) -> Any:
        choice = choose(item)
        if choice is None:
            raise conflict_error([item])
        return choice

    return decide


def conflict_error(conflicts: Iterable[ConflictItem]) -> Conflict:
    """Return the error that lists conflicts for which nobody has chosen."""
    open_ = list(conflicts)
    what = "one thing" if len(open_) == 1 else f"{len(open_)} things"
    error = Conflict(f"Both sides changed {what} in different ways: choose which holds; nothing was written.")
    error.conflicts = open_
    return error


def _side(item: ConflictItem, value: Any) -> Any:
    if item.slide is None or value is None:
        return value
    import shapely

    from wsinb.annotate.features import FEATURE_KEYS

    feature = {name: value.get(name) for name in FEATURE_KEYS}
    shape = value.get("geometry")
    feature["geometry"] = None if shape is None else json.loads(shapely.to_geojson(shape))
    for name in ("shape_params", "properties"):
        feature[name] = None if feature[name] is None else json.loads(feature[name])
    feature["properties"] = feature["properties"] or {}
    return feature


def _key(entry: Any) -> Key:
    if not isinstance(entry, dict):
        raise InvalidInput("A choice is an object with 'slide', 'id', 'field' and 'choice'.")
    slide, identifier, field = entry.get("slide"), entry.get("id"), entry.get("field")
    good = isinstance(slide, str | None) and isinstance(identifier, str) and isinstance(field, str | None)
    if not good:
        raise InvalidInput("A choice names its conflict by the texts or nulls 'slide', 'id' and 'field'.")
    return slide, str(identifier), field


def _choice(value: Any) -> str:
    if not isinstance(value, str) or value not in SIDES:
        raise InvalidInput("A choice is 'ours' or 'theirs'.")
    return value
