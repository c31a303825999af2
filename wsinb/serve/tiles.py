"""Image tiles, thumbnails and associated images, as JPEG."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from wsinb.serve.messages import IMMUTABLE, REVALIDATE, NotServed, Request, Response, not_modified
from wsinb.serve.pictures import asked_picture
from wsinb.serve.slide_cache import FileIdentity, check_present, identify
from wsinb.serve.sources import slide_source

if TYPE_CHECKING:
    import numpy as np

    from wsinb.serve.core import Core
    from wsinb.tiles import Slide

__all__ = ["TileLayout", "get_associated", "get_thumbnail", "get_tile"]

JPEG_QUALITY = 85
GRAY_QUALITY = 95
MIN_TILE_SIZE = 512
MAX_TILE_SIZE = 1024
TILE_STEP = 256
MAX_THUMBNAIL = 4096
MAX_STORED_BYTES = 0.75
"""Most bytes per pixel of a stored tile that is sent as it is; encoding anew makes what is larger smaller."""


class TileLayout(NamedTuple):
    """How a slide is cut into tiles.

    Zoom 0 is level 0; each zoom below halves the size. At `min_zoom` one tile holds the whole slide.
    """

    width: int
    height: int
    tile_size: int
    min_zoom: int

    @classmethod
    def of(cls, slide: Slide) -> TileLayout:
        """Return the layout of `slide`: tiles of 512 px, or of the file's own size where that is larger."""
        width, height = slide.size
        own = max(slide.levels[0].tile_size)
        # a picture without tiles counts as one tile of any size
        tiled = MIN_TILE_SIZE < own <= MAX_TILE_SIZE and own % TILE_STEP == 0
        tile_size = own if tiled else MIN_TILE_SIZE
        return cls(width, height, tile_size, min_zoom(width, height, tile_size))

    def holds(self, z: int, x: int, y: int) -> bool:
        """Tell whether the tile at `z`, `x`, `y` exists."""
        if not self.min_zoom <= z <= 0:
            return False
        l0_step = self.tile_size << -z
        return 0 <= x * l0_step < self.width and 0 <= y * l0_step < self.height


def min_zoom(width: int, height: int, tile_size: int) -> int:
    """Return the highest zoom (<= 0) at which one tile holds `width` x `height` level-0 pixels."""
    return -max(0, math.ceil(math.log2(max(width, height, 1) / tile_size)))


def get_tile(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with one tile; past the slide's edge it is of the slide's background.

    With ``gray=1`` its brightness is what counts: a JPEG of one channel, close to what is stored.
    """
    z, x, y = (int(arguments[name]) for name in "zxy")
    picture = asked_picture(request)
    gray = request.integer("gray", 0, 0, 1) == 1
    identity = _asked_file(core, request)
    etag, cache_control = _validators(identity, request, f"{z}.{x}.{y}{picture.tag}{'.gray' if gray else ''}")
    if request.holds(etag):
        return not_modified(etag, cache_control)
    with _reading(core, identity) as slide:
        layout = TileLayout.of(slide)
        if not layout.holds(z, x, y):
            raise NotServed(f"{slide.name} has no tile {z}/{x}/{y}: zooms go from {layout.min_zoom} to 0.")
        size = layout.tile_size
        l0_step = size << -z
        l0_x, l0_y, downsample = x * l0_step, y * l0_step, float(1 << -z)
        stored = slide.stored_jpeg(l0_x, l0_y, size, downsample) if picture.plain else None
        if stored is not None and len(stored) <= MAX_STORED_BYTES * size * size:
            return _answer(stored, etag, cache_control)
        image = slide.read(l0_x, l0_y, size, size, downsample=downsample, **picture.options)
    return (_gray_jpeg if gray else _jpeg)(image, etag, cache_control)


def get_thumbnail(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with the whole slide, its longer side at most ``size`` px."""
    size = request.integer("size", 512, 1, MAX_THUMBNAIL)
    picture = asked_picture(request)
    identity = _asked_file(core, request)
    etag, cache_control = _validators(identity, request, f"thumbnail.{size}{picture.tag}")
    if request.holds(etag):
        return not_modified(etag, cache_control)
    with _reading(core, identity) as slide:
        image = slide.thumbnail(size, **picture.options)
    return _jpeg(image, etag, cache_control)


def get_associated(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with an associated image, such as the label on the glass."""
    name = arguments["name"]
    name_hash = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    identity = _asked_file(core, request)
    etag, cache_control = _validators(identity, request, f"associated.{name_hash}")
    if request.holds(etag):
        return not_modified(etag, cache_control)
    with _reading(core, identity) as slide:
        names = list(slide.associated_images)
        if name not in names:
            known = ", ".join(names) or "none"
            raise NotServed(f"{slide.name} has no associated image {name!r}: it has {known}.")
        image = slide.associated_images[name]
    return _jpeg(image, etag, cache_control)


def _asked_file(core: Core, request: Request) -> FileIdentity:
    """Return the present identity of the slide's file.

    An address that names another fingerprint belongs to a file that is gone: pixels of the present one would
    be mixed with those that the asker has.
    """
    identity = identify(slide_source(core, request).path)
    fingerprint = request.query.get("v")
    if fingerprint is not None:
        check_present(identity, fingerprint)
    return identity


@contextmanager
def _reading(core: Core, identity: FileIdentity) -> Iterator[Slide]:
    """Give the open slide; whatever was read of a file that is another one by the end is refused."""
    try:
        with core.slides.lease(identity) as slide:
            yield slide
    finally:
        check_present(identity)


def _validators(identity: FileIdentity, request: Request, what: str) -> tuple[str, str]:
    """Return the ETag and the Cache-Control of a part of a slide.

    Only an address that names the file's fingerprint can be kept for ever.
    """
    etag = f'"{identity.fingerprint}-{what}-q{JPEG_QUALITY}"'
    return etag, IMMUTABLE if "v" in request.query else REVALIDATE


def _jpeg(image: np.ndarray, etag: str, cache_control: str) -> Response:
    import numpy as np
    import simplejpeg

    pixels = np.ascontiguousarray(image)
    body = simplejpeg.encode_jpeg(pixels, quality=JPEG_QUALITY, colorspace="RGB", colorsubsampling="420")
    return _answer(body, etag, cache_control)


def _gray_jpeg(image: np.ndarray, etag: str, cache_control: str) -> Response:
    import cv2
    import simplejpeg

    pixels = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None]
    return _answer(
        simplejpeg.encode_jpeg(pixels, quality=GRAY_QUALITY, colorspace="GRAY"), etag, cache_control
    )


def _answer(body: bytes, etag: str, cache_control: str) -> Response:
    return Response(200, {"Content-Type": "image/jpeg", "ETag": etag, "Cache-Control": cache_control}, body)
