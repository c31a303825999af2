"""Annotations as tiles, and what a viewer must know to draw them."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput
from wsinb.serve.messages import IMMUTABLE, NotServed, Request, Response, json_response, not_modified
from wsinb.serve.sources import AnnotationTable, annotation_table, draft_table
from wsinb.serve.tiles import min_zoom
from wsinb.serve.vectors.cache import TableKey
from wsinb.serve.vectors.format import TILE_PX

if TYPE_CHECKING:
    from wsinb.serve.core import Core
    from wsinb.serve.vectors.index import VectorIndex
    from wsinb.serve.vectors.tile import Tile

__all__ = ["get_column", "get_meta", "get_tile", "get_within", "post_within"]

ENCODING = 2  # raise it when the same annotations are drawn in another way, so that browsers ask again
LOWEST_ZOOM = -31
MAX_IMAGES = 1_000  # whole-image annotations that a viewer lists
MAX_SELECTED = 100_000
PASSING = "no-store"


def get_meta(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with the version that a name stands for, and the lists that its tiles refer to."""
    from wsinb.serve.vectors.colouring import colourings

    core.vectors.warm_up()
    draft = request.optional_text("draft")
    if draft is not None:
        table = draft_table(core, request, draft)
    else:
        table = annotation_table(core, request, request.optional_text("version") or "main")
    index = core.vectors.index(table)
    width, height = table.entry.size
    lowest = min_zoom(width, height, TILE_PX)
    highest = index.density_max_zoom
    return json_response(
        {
            "version": table.version,
            "n": index.n,
            "bounds": index.bounds,
            "labels": index.labels,
            "layers": index.layer_names,
            "counts": index.counts,
            "layer_counts": index.layer_counts,
            "columns": [column.to_json() for column in colourings(table.columns).values()],
            "images": _images(table, index),
            # one below the lowest zoom: nothing is drawn as density
            "density_max_zoom": lowest - 1 if highest is None else max(highest, lowest - 1),
            "min_zoom": lowest,
        }
    )


def _images(table: AnnotationTable, index: VectorIndex) -> list[dict[str, Any]]:
    """Return the annotations of the whole image as features, with their ``row``: they are in no tile."""
    from wsinb.serve.features import features_of_rows

    rows = index.whole_rows[:MAX_IMAGES]
    return features_of_rows(table, index, rows) if len(rows) else []


class _Address:
    """What the address of an immutable answer names: a version of a slide."""

    def __init__(self, core: Core, request: Request, version: str) -> None:
        core.vectors.warm_up()
        self._core = core
        self._request = request
        self.version = version
        self.key = TableKey(core.paths.resolve(request.text("project")), version, request.text("slide"))

    def table(self) -> AnnotationTable:
        """Return the annotations."""
        return self._core.vectors.table(self.key, self._find)

    def _find(self) -> AnnotationTable:
        table = annotation_table(self._core, self._request, self.version)
        if table.version != self.version:
            raise InvalidInput(
                "A version is named by a whole commit id, or that of a draft and its revision: "
                "GET vector/meta tells it."
            )
        return table

    def etag(self, place: str) -> str:
        """Return the tag of what is at a place of this version."""
        words = f"{self.key.project}\0{self.key.slide}\0{self.version}\0{place}"
        digest = hashlib.sha256(words.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        return f'"{digest}-e{ENCODING}"'


def get_tile(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with one vector tile of a version, which never changes."""
    z, x, y = (int(arguments[name]) for name in "zxy")
    if not LOWEST_ZOOM <= z <= 0:
        raise NotServed(f"There is no vector tile at zoom {z}: zooms go from {LOWEST_ZOOM} to 0.")
    by = request.optional_text("by")
    by = None if by == "label" else by
    since = _since(request, by)
    address = _Address(core, request, arguments["version"])
    etag = address.etag(f"{z}.{x}.{y}.{by or ''}.{since or ''}")
    if request.holds(etag):
        return not_modified(etag, IMMUTABLE)
    tile = core.vectors.tile(
        (address.key, z, x, y, by, since), lambda: _tile(core, address.table(), z, x, y, by, since)
    )
    if tile.preliminary:
        return _binary(request, tile.body, {"Cache-Control": PASSING})
    return _binary(request, tile.body, {"Cache-Control": IMMUTABLE, "ETag": etag})


def _since(request: Request, column: str | None) -> str | None:
    """Return the commit that a column of changes compares with; None where that is not asked for."""
    from wsinb.serve.vectors.changes import check_since
    from wsinb.serve.vectors.colouring import CHANGE

    return check_since(request.optional_text("since")) if column == CHANGE else None


def _tile(
    core: Core, table: AnnotationTable, z: int, x: int, y: int, by: str | None, since: str | None
) -> Tile:
    from wsinb.serve.vectors.colouring import find_colouring
    from wsinb.serve.vectors.columns import categories_of, columns_of
    from wsinb.serve.vectors.tile import encode_tile

    index = core.vectors.index(table)
    if by is None:
        return encode_tile(index, z, x, y)
    colouring = find_colouring(by, table.columns)
    columns = columns_of(core.vectors, index, table, colouring, since)
    return encode_tile(index, z, x, y, categories_of(index, colouring, columns))


def get_column(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with the values of a column at a version, which never change."""
    from wsinb.serve.vectors.colouring import find_colouring
    from wsinb.serve.vectors.columns import columns_of, encode_column

    name = arguments["name"]
    since = _since(request, name)
    address = _Address(core, request, arguments["version"])
    etag = address.etag(f"column {name} {since or ''}")
    if request.holds(etag):
        return not_modified(etag, IMMUTABLE)

    def make() -> bytes:
        table = address.table()
        by = find_colouring(name, table.columns)
        index = core.vectors.index(table)
        return encode_column(index, by, columns_of(core.vectors, index, table, by, since))

    body = core.vectors.bytes_of((address.key, "column", name, since), make)
    return _binary(request, body, {"Cache-Control": IMMUTABLE, "ETag": etag})


def get_within(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with the annotations that have the centre of their box in a polygon of the query."""
    numbers: list[object] = []
    for word in request.text("polygon").split(","):
        try:
            numbers.append(float(word))
        except ValueError:
            numbers.append(None)
    return _within(core, request, arguments["version"], numbers)


def post_within(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with the annotations that have the centre of their box in a polygon of the body."""
    return _within(core, request, arguments["version"], request.json().get("polygon"))


def _within(core: Core, request: Request, version: str, polygon: object) -> Response:
    from wsinb.serve.vectors.within import corners_of, rows_within
    from wsinb.versions.tables.ids import id_texts

    corners = corners_of(polygon)
    table = _Address(core, request, version).table()
    index = core.vectors.index(table)
    rows = rows_within(index, corners)
    some = rows[:MAX_SELECTED]
    ids = id_texts(index.ids_of(some))
    return json_response({"version": table.version, "rows": some.tolist(), "ids": ids, "n": len(rows)})


def _binary(request: Request, body: bytes, headers: Mapping[str, str]) -> Response:
    """Answer with bytes that are compressed by gzip."""
    headers = {"Content-Type": "application/octet-stream", "Vary": "Accept-Encoding", **headers}
    if request.accepts_gzip:
        return Response(200, {**headers, "Content-Encoding": "gzip"}, body)
    return Response(200, headers, gzip.decompress(body))
