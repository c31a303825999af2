"""Changes and conflicts as the JSON that several verbs print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsinb.errors import Conflict

__all__ = ["conflict_json", "counts_text", "json_value"]


def counts_text(counts: Mapping[str, int]) -> str:
    """Return numbers of changes in words, those that are none left out."""
    return ", ".join(f"{n} {word}" for word, n in counts.items() if n)


def conflict_json(conflict: Conflict) -> list[dict[str, Any]]:
    """Return the single conflicts of an error as JSON objects."""
    return [
        {
            "slide": item.slide,
            "id": item.id,
            "field": item.field,
            "base": json_value(item.base),
            "ours": json_value(item.ours),
            "theirs": json_value(item.theirs),
        }
        for item in conflict.conflicts
    ]


def json_value(value: Any) -> Any:
    """Return a value of a table as JSON has it: geometry as WKT, times as ISO 8601."""
    if isinstance(value, Mapping):
        return {str(name): json_value(item) for name, item in value.items() if name != "bbox"}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, bytes):
        import shapely

        return shapely.to_wkt(shapely.from_wkb(value), rounding_precision=-1)
    if hasattr(value, "geom_type"):
        return value.wkt
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value
