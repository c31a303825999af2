"""Masks to polygons against rasterio, and polygons of tiles joined over seams against shapely.

Two masks: the brown stain of real tissue, mirrored over the whole picture, and blobs of smoothed noise. Both
sides outline the same mask with four neighbours; ours returns shapely polygons, the peer stays with GeoJSON.
For seams, tiles of 512 px are outlined first, and joined by `SeamMerger` or by `shapely.union_all`, which
takes the same polygons. The area must be the number of pixels, exactly, in all cases.

rasterio is installed by hand (``pip install rasterio``): it is needed for nothing else. Without it the first
part is left out and says so.
"""

from __future__ import annotations

import importlib.util
import json
from time import process_time
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from benchmarks._report import report, time_interleaved
from wsinb.trees.outlines.polygons import mask_polygons
from wsinb.trees.outlines.seams import Found, Piece, SeamMerger

__all__ = ["polygons", "seams"]

SIDE, SMALL_SIDE = 4096, 1024
TILE = 512
RUNS, SEAM_RUNS = 9, 3
POLYGON_TARGET, SEAM_TARGET = 3.0, 10.0

Mask = NDArray[np.bool_]


def masks(side: int) -> dict[str, Mask]:
    """Return masks (side, side) by name."""
    import cv2
    from skimage import data

    read: Any = data.immunohistochemistry
    tissue = np.ascontiguousarray(read(), np.uint8)
    stain = cv2.GaussianBlur(tissue[..., 2], (0, 0), 1) < 120
    noise = np.random.default_rng(0).standard_normal((side, side)).astype(np.float32)
    smooth = np.asarray(cv2.GaussianBlur(noise, (0, 0), 8))
    beyond = side - stain.shape[0]
    return {
        "stained tissue": np.ascontiguousarray(np.pad(stain, ((0, beyond), (0, beyond)), mode="symmetric")),
        "blobs": np.ascontiguousarray(smooth > 0.8 * smooth.std()),
    }


def check_area(found: float, mask: Mask) -> None:
    """Raise unless polygons cover as many pixels as the mask has."""
    if found != np.count_nonzero(mask):
        raise AssertionError(f"polygons cover {found} of {np.count_nonzero(mask)} pixels")


def polygons(small: bool = False) -> bool:
    """Compare outlines; whether the target is met."""
    if importlib.util.find_spec("rasterio") is None:
        skipped = "left out: rasterio is not installed (pip install rasterio), to be compared with"
        print(json.dumps({"name": "polygons of a mask", "skipped": skipped}))
        return True
    met = []
    for name, mask in masks(SMALL_SIDE if small else SIDE).items():
        shapes = rasterio_shapes(mask)
        check_area(sum(shapely.from_geojson(json.dumps(shape)).area for shape in shapes), mask)
        found = mask_polygons(mask).polygons
        check_area(float(shapely.area(found).sum()), mask)
        if len(found) != len(shapes):
            raise AssertionError(f"{len(found)} polygons, rasterio has {len(shapes)}")
        n_found = len(found)
        del shapes, found  # hundreds of thousands of tuples, which Python's collector would go through
        calls = {"ours": lambda m=mask: mask_polygons(m), "peer": lambda m=mask: rasterio_shapes(m)}
        seconds = time_interleaved(calls, RUNS, process_time)
        amount = mask.size / 1e6
        reached = report(
            f"{n_found} polygons of {name}, {len(mask)} px",
            ours=amount / seconds["ours"],
            peer=amount / seconds["peer"],
            peer_name="rasterio.features.shapes",
            unit="Mpx/s of one core",
            target=POLYGON_TARGET,
        )
        met.append(reached)
    return all(met)


def rasterio_shapes(mask: Mask) -> list[Any]:
    """Return the outlines of a mask as GeoJSON by rasterio."""
    from rasterio.features import shapes  # type: ignore[import-not-found, import-untyped, unused-ignore]

    return [shape for shape, _ in shapes(mask.view(np.uint8), mask=mask, connectivity=4)]


def pieces_of(mask: Mask) -> list[Piece]:
    """Outline a mask tile by tile."""
    found = []
    for y in range(0, len(mask), TILE):
        for x in range(0, len(mask), TILE):
            outlines, component = mask_polygons(mask[y : y + TILE, x : x + TILE])
            moved = shapely.transform(outlines, np.array([x, y]).__add__)
            n_pixels = np.bincount(component.ravel())[1:].tolist()
            rows = [Found(polygon, 1, n, float(n)) for polygon, n in zip(moved, n_pixels, strict=True)]
            found.append(Piece(y // TILE, x // TILE, rows, component))
    return found


def joined(pieces: list[Piece]) -> list[Any]:
    """Join tiles as they come."""
    merger, done = SeamMerger(), []
    for piece in pieces:
        done += merger.add(piece)
    return [found.polygon for found in [*done, *merger.finish()]]


def seams(small: bool = False) -> bool:
    """Compare joining; whether the target is met."""
    met = []
    for name, mask in masks(SMALL_SIDE if small else SIDE).items():
        pieces = pieces_of(mask)
        every = [found.polygon for piece in pieces for found in piece.found]
        ours = joined(pieces)
        check_area(float(shapely.area(ours).sum()), mask)
        check_area(float(shapely.union_all(every).area), mask)
        calls = {"ours": lambda p=pieces: joined(p), "peer": lambda e=every: shapely.union_all(e)}
        seconds = time_interleaved(calls, SEAM_RUNS, process_time)
        reached = report(
            f"{len(every)} polygons of {len(pieces)} tiles joined, {name}",
            ours=len(every) / seconds["ours"],
            peer=len(every) / seconds["peer"],
            peer_name="shapely.union_all",
            unit="polygons/s of one core",
            target=SEAM_TARGET,
        )
        met.append(reached)
    return all(met)
