"""Exact annotations, by id or by the row number that a vector tile tells."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput, UnknownAnnotation
from wsinb.serve.messages import Request, Response, json_response
from wsinb.serve.sources import AnnotationTable, annotation_table

if TYPE_CHECKING:
    from wsinb.serve.core import Core
    from wsinb.serve.vector_index import VectorIndex

__all__ = ["get_annotations"]

MAX_FEATURES = 1000
MAX_LIST_TEXT = 64_000


def get_annotations(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with features in the order in which they were asked for; an unknown id or row is an error."""
    version = request.optional_text("version") or "main"
    ids, rows = _listed(request, "ids"), _listed(request, "rows")
    if bool(ids) == bool(rows):
        raise InvalidInput("Ask for annotations by either 'ids' or 'rows', as a list with commas.")
    table = annotation_table(core, request, version)
    index = core.vectors.index(table)
    places = _places_of_ids(index, ids) if ids else _places_of_rows(index, rows)
    return json_response({"version": table.commit, "features": _features(table, index, places)})


def _listed(request: Request, name: str) -> list[str]:
    text = request.query.get(name, "")
    if len(text) > MAX_LIST_TEXT:
        raise InvalidInput(f"The list of {name} is too long: ask for at most {MAX_FEATURES} at once.")
    items = [item for item in text.split(",") if item]
    if len(items) > MAX_FEATURES:
        raise InvalidInput(f"{len(items)} {name} are too many: ask for at most {MAX_FEATURES} at once.")
    return list(dict.fromkeys(items))


def _places_of_ids(index: VectorIndex, ids: list[str]) -> list[int]:
    places = {identifier: bisect_left(index.ids, identifier) for identifier in ids}
    for identifier, place in places.items():
        if place >= len(index.ids) or index.ids[place] != identifier:
            raise UnknownAnnotation(f"This version has no annotation {identifier!r}: was it deleted?")
    return list(places.values())


def _places_of_rows(index: VectorIndex, rows: list[str]) -> list[int]:
    for row in rows:
        if not (row.isascii() and row.isdigit() and len(row) < 11 and int(row) < len(index.ids)):
            raise UnknownAnnotation(
                f"This version has no row {row[:20]!r}: rows go from 0 to {len(index.ids) - 1}."
            )
    return [int(row) for row in rows]


def _features(table: AnnotationTable, index: VectorIndex, places: list[int]) -> list[dict[str, Any]]:
    import numpy as np

    from wsinb.annotate import to_features
    from wsinb.frames import Box

    boxes = index.id_boxes[places]
    bbox = None  # what has no geometry is found only by reading everything; it is rare
    if np.isfinite(boxes).all():
        # the maxima of a box lie outside: a point at the very edge must lie inside
        bbox = Box(*boxes[:, :2].min(axis=0), *np.nextafter(boxes[:, 2:].max(axis=0), np.inf))
    found = table.read(bbox)
    order = {index.ids[place]: number for number, place in enumerate(places)}
    found = found[found["id"].isin(list(order))]
    features = sorted(to_features(found), key=lambda feature: order[feature["id"]])
    return [{**feature, "row": place} for feature, place in zip(features, places, strict=True)]
