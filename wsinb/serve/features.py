"""Exact annotations, by id or by the row number that a vector tile tells."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput, UnknownAnnotation
from wsinb.serve.messages import Request, Response, json_response
from wsinb.serve.sources import AnnotationTable, annotation_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wsinb.serve.core import Core
    from wsinb.serve.vectors.index import VectorIndex

__all__ = ["features_of_rows", "get_annotations"]

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
    numbers = _rows_of_ids(index, ids) if ids else _rows_of_texts(index, rows)
    features = features_of_rows(table, index, numbers)
    return json_response({"version": table.version, "features": features})


def _listed(request: Request, name: str) -> list[str]:
    text = request.query.get(name, "")
    if len(text) > MAX_LIST_TEXT:
        raise InvalidInput(f"The list of {name} is too long: ask for at most {MAX_FEATURES} at once.")
    items = [item for item in text.split(",") if item]
    if len(items) > MAX_FEATURES:
        raise InvalidInput(f"{len(items)} {name} are too many: ask for at most {MAX_FEATURES} at once.")
    return list(dict.fromkeys(items))


def _rows_of_ids(index: VectorIndex, ids: list[str]) -> NDArray[np.int64]:
    import numpy as np

    from wsinb.versions.tables.ids import parse_ids

    rows = np.full(len(ids), -1, np.int64)
    for number, identifier in enumerate(ids):
        with contextlib.suppress(InvalidInput):
            rows[number] = index.rows_of(parse_ids([identifier]))[0]
        if rows[number] < 0:
            raise UnknownAnnotation(f"This version has no annotation {identifier!r}: was it deleted?")
    return rows


def _rows_of_texts(index: VectorIndex, rows: list[str]) -> NDArray[np.int64]:
    import numpy as np

    n = index.n_rows
    for row in rows:
        if not (row.isascii() and row.isdigit() and len(row) < 11 and int(row) < n):
            raise UnknownAnnotation(f"This version has no row {row[:20]!r}: rows go from 0 to {n - 1}.")
    return np.array([int(row) for row in rows], np.int64)


def features_of_rows(
    table: AnnotationTable, index: VectorIndex, rows: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """Return the annotations of some rows as features, each with its ``row``, in their order."""
    from wsinb.annotate import from_arrow, to_features
    from wsinb.versions.tables.ids import id_texts

    ids = index.ids_of(rows)
    found = {feature["id"]: feature for feature in to_features(from_arrow(table.lookup(ids)))}
    return [{**found[id_], "row": row} for id_, row in zip(id_texts(ids), rows.tolist(), strict=True)]
