"""Annotations as tiles, and what a viewer must know to draw them."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from wsinb.errors import InvalidInput
from wsinb.serve.messages import IMMUTABLE, NotServed, Request, Response, json_response, not_modified
from wsinb.serve.sources import AnnotationTable, annotation_table
from wsinb.serve.tiles import min_zoom
from wsinb.serve.vector_cache import TableKey
from wsinb.serve.vector_format import TILE_PX

if TYPE_CHECKING:
    from wsinb.serve.core import Core

__all__ = ["get_meta", "get_tile"]

ENCODING = 1  # raise it when the same annotations are drawn in another way, so that browsers ask again
LOWEST_ZOOM = -31


def get_meta(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with the commit that a version names, and the lists that its tiles refer to."""
    core.vectors.warm_up()
    version = request.optional_text("version") or "main"
    table = annotation_table(core, request, version)
    index = core.vectors.index(table)
    width, height = table.entry.size
    lowest = min_zoom(width, height, TILE_PX)
    highest = index.density_max_zoom
    return json_response(
        {
            "version": table.commit,
            "n": index.n,
            "bounds": index.bounds,
            "labels": index.labels,
            "layers": index.layer_names,
            "counts": index.counts,
            "images": index.images,
            # one below the lowest zoom: nothing is drawn as density
            "density_max_zoom": lowest - 1 if highest is None else max(highest, lowest - 1),
            "min_zoom": lowest,
        }
    )


def get_tile(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with one vector tile of a commit, which never changes."""
    core.vectors.warm_up()
    z, x, y = (int(arguments[name]) for name in "zxy")
    if not LOWEST_ZOOM <= z <= 0:
        raise NotServed(f"There is no vector tile at zoom {z}: zooms go from {LOWEST_ZOOM} to 0.")
    commit = arguments["commit"]
    key = TableKey(core.paths.resolve(request.text("project")), commit, request.text("slide"))

    def find() -> AnnotationTable:
        table = annotation_table(core, request, commit)
        if table.commit != commit:
            raise InvalidInput("A vector tile is asked for by a whole commit id: GET vector/meta tells it.")
        return table

    place = f"{key.project}\0{key.slide}".encode("utf-8", "surrogateescape")
    etag = f'"{commit}-{hashlib.sha256(place).hexdigest()[:12]}-{z}.{x}.{y}-e{ENCODING}"'
    if request.holds(etag):
        return not_modified(etag, IMMUTABLE)
    body = core.vectors.tile(key, z, x, y, find)
    headers = {
        "Content-Type": "application/octet-stream",
        "Cache-Control": IMMUTABLE,
        "ETag": etag,
        "Vary": "Accept-Encoding",
    }
    if request.accepts_gzip:
        return Response(200, {**headers, "Content-Encoding": "gzip"}, body)
    return Response(200, headers, gzip.decompress(body))
