"""Paint the demo slide, block by block, and write it as a pyramid.

Each lobule of the tissue samples the mirrored source texture through its own rotation and a smooth
displacement, so that no two places look alike. Only a strip of the slide is in memory at any time.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from wsinb.demo.layout import CELL, Layout
from wsinb.demo.noise import Field
from wsinb.demo.texture import NORMAL_STAINS, TUMOUR_STAINS, source_image, texture
from wsinb.progress import Progress, track

__all__ = ["MAGNIFICATION", "MPP", "Painter", "write_slide"]

MPP = 0.25
MAGNIFICATION = 40
BLOCK = 1024
GLASS = (243, 242, 244)
NORMAL_SCALE, TUMOUR_SCALE = 0.95, 1.3  # source pixels per level-0 pixel
SOFT_EDGE_PX = 14.0
QUALITY = 80
Image = NDArray[np.uint8]


class Painter:
    """Paints any block of a slide from its layout.

    Parameters
    ----------
    layout : Layout
    seed : int
        Seed of what each lobule looks like.
    """

    def __init__(self, layout: Layout, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        source = source_image()
        self.layout = layout
        self._normal = [texture(source, stain) for stain in NORMAL_STAINS]
        self._tumour = [texture(source, stain, seed) for stain in TUMOUR_STAINS]
        lobules = int(layout.lobule.max()) + 1
        kind = rng.integers(len(NORMAL_STAINS), size=lobules).astype(np.uint8)
        angle = rng.uniform(0, 2 * np.pi, lobules).astype(np.float32)
        offset = rng.uniform(-256, 256, (lobules, 2)).astype(np.float32)
        self._kind = kind[layout.lobule]
        self._places = _places(layout, angle, offset)
        self._tumour_kind = (kind % len(TUMOUR_STAINS)).astype(np.uint8)[layout.lobule]

    def block(self, l0_x: int, l0_y: int, width: int, height: int) -> Image:
        """Return a block whose corner is a multiple of `CELL`, (height, width, 3) uint8 RGB."""
        cut = partial(
            _cut, col=l0_x // CELL, row=l0_y // CELL, cols=-(-width // CELL), rows=-(-height // CELL)
        )
        layout = self.layout
        tissue = cut(layout.tissue)
        glass = np.full((*tissue.shape, 3), GLASS, np.uint8)
        if not tissue.any():
            return glass[:height, :width]
        places = cut(self._places)
        image = _sampled(self._normal, cut(self._kind, smooth=False), places, NORMAL_SCALE)
        share = np.clip(cut(layout.tumour) / SOFT_EDGE_PX + 0.5, 0, 1)
        if share.any():
            nests = _sampled(self._tumour, cut(self._tumour_kind, smooth=False), places, TUMOUR_SCALE)
            image = cast("Image", cv2.blendLinear(nests, image, share, 1 - share))
        weight = tissue * cut(layout.strength)
        painted = cast("Image", cv2.blendLinear(image, glass, weight, 1 - weight))
        return painted[:height, :width]

    def strips(self, progress: Progress = None, threads: int = 2) -> Iterator[Image]:
        """Yield the slide from top to bottom in strips of `BLOCK` rows, (rows, size, 3) uint8 RGB."""
        size = self.layout.size
        starts = range(0, size, BLOCK)
        with ThreadPoolExecutor(threads) as pool:
            for l0_y in track(starts, "painting the slide", progress):
                rows = min(BLOCK, size - l0_y)
                blocks = pool.map(lambda x, y=l0_y, r=rows: self.block(x, y, min(BLOCK, size - x), r), starts)
                yield np.concatenate(list(blocks), axis=1)


def write_slide(layout: Layout, path: Path, seed: int = 0, progress: Progress = None) -> None:
    """Write the slide of a layout as a JPEG pyramid that knows its mpp and magnification.

    The pixels pass through a raw file beside `path`, so that memory does not grow with the slide.
    """
    import pyvips

    from wsinb.tiles import write_pyramid

    raw = path.with_name(f".{path.name}.raw")
    try:
        with raw.open("wb") as file:
            for strip in Painter(layout, seed).strips(progress):
                file.write(strip.data)
        image = pyvips.Image.rawload(str(raw), layout.size, layout.size, 3, access="sequential")
        write_pyramid(image, path, mpp=MPP, magnification=MAGNIFICATION, quality=QUALITY)
    finally:
        raw.unlink(missing_ok=True)


def _places(layout: Layout, angle: Field, offset: Field) -> Field:
    """Return where in the texture each cell is taken from, relative to the texture's middle, (n, n, 2) px."""
    n = layout.lobule.shape[0]
    l0_y, l0_x = (np.mgrid[:n, :n].astype(np.float32) + 0.5) * CELL
    count = np.maximum(np.bincount(layout.lobule.ravel(), minlength=len(angle)), 1)
    middle_x = np.bincount(layout.lobule.ravel(), l0_x.ravel(), len(angle)) / count
    middle_y = np.bincount(layout.lobule.ravel(), l0_y.ravel(), len(angle)) / count
    u = l0_x - middle_x[layout.lobule] + layout.warp[..., 0]
    v = l0_y - middle_y[layout.lobule] + layout.warp[..., 1]
    cos, sin = np.cos(angle)[layout.lobule], np.sin(angle)[layout.lobule]
    places = np.stack([u * cos - v * sin, u * sin + v * cos], axis=-1) + offset[layout.lobule]
    return places.astype(np.float32)


def _cut(field: NDArray[Any], col: int, row: int, cols: int, rows: int, smooth: bool = True) -> NDArray[Any]:
    """Return a part of a coarse field at full resolution; one value lies in the middle of its cell."""
    ys = np.clip(np.arange(row - 1, row + rows + 1), 0, field.shape[0] - 1)
    xs = np.clip(np.arange(col - 1, col + cols + 1), 0, field.shape[1] - 1)
    part = np.ascontiguousarray(field[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1][ys - ys[0]][:, xs - xs[0]])
    size = ((cols + 2) * CELL, (rows + 2) * CELL)
    fine = cv2.resize(part, size, interpolation=cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST)
    inner: NDArray[Any] = np.ascontiguousarray(fine[CELL:-CELL, CELL:-CELL])
    return inner


def _sampled(textures: list[Image], kind: Image, places: Field, scale: float) -> Image:
    """Return each pixel from the texture of its kind, (h, w, 3) uint8 RGB."""
    image = np.empty((*kind.shape, 3), np.uint8)
    for number, source in enumerate(textures):
        here = kind == number
        if not here.any():
            continue
        middle = np.float32(source.shape[1] / 2), np.float32(source.shape[0] / 2)
        where: Any = places * scale + middle
        no_second_map: Any = None
        fine = cast(
            "Image",
            cv2.remap(source, where, no_second_map, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT),
        )
        if here.all():
            return fine
        np.copyto(image, fine, where=here[..., None])
    return image
