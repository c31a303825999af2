"""What differs between two versions of a slide, page by page, in an order that travels little."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wsinb.serve.messages import Request, Response, json_response
from wsinb.serve.sources import open_allowed_project

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from wsinb.serve.core import Core
    from wsinb.versions import SlideDiff

__all__ = ["get_diff"]

MAX_CHANGES = 1000
MAX_OFFSET = 10**8


def get_diff(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with the counts of a difference, and some of its changes along a curve through the slide."""
    offset = request.integer("offset", 0, 0, MAX_OFFSET)
    limit = request.integer("limit", 500, 1, MAX_CHANGES)
    slide = request.text("slide")
    project = open_allowed_project(core, request.text("project"))
    before, after = project.resolve(request.text("from")), project.resolve(request.text("to"))

    def find() -> SlideDiff:
        return project.diff(before, after, slides=slide)[slide]

    part = core.differences.get((project.path, slide, before, after), find)
    return json_response(
        {
            "from": before,
            "to": after,
            "counts": part.counts,
            "total": len(part),
            "changes": _changes(part, part.order[offset : offset + limit]),
        }
    )


def _changes(part: SlideDiff, numbers: npt.NDArray[np.integer]) -> list[dict[str, Any]]:
    from wsinb.versions.changes.fields import kind_for_people
    from wsinb.versions.tables.ids import id_texts

    sides = [_features(part.old, part.in_old, numbers), _features(part.new, part.in_new, numbers)]
    boxes = part.bounds[numbers].tolist()
    return [
        {
            "id": identifier,
            "kind": kind_for_people(str(part.kinds[number]), part.fields[number]),
            "fields": list(part.fields[number]),
            "box": None if box[0] != box[0] else box,
            "before": before,
            "after": after,
        }
        for number, identifier, box, before, after in zip(
            numbers.tolist(), id_texts(part.ids.take(numbers)), boxes, *sides, strict=True
        )
    ]


def _features(
    rows: pa.Table, present: npt.NDArray[np.bool_], numbers: npt.NDArray[np.integer]
) -> list[dict[str, Any] | None]:
    """Return the feature of each of some changes on one side; None where there is none."""
    import numpy as np
    import pyarrow as pa

    from wsinb.annotate import from_arrow, to_features

    there = present[numbers]
    places = (np.cumsum(present) - 1)[numbers[there]]
    found = iter(to_features(from_arrow(rows.take(pa.array(places)))))
    return [next(found) if exists else None for exists in there.tolist()]
