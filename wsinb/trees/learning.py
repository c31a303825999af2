"""What is asked of labels, resolution and annotations before a model learns from slides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput, UnknownLabel

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.tiles import Slide

__all__ = ["check_names", "check_places", "check_present", "check_resolution", "places_of"]

Pairs = Sequence[tuple["Slide", "gpd.GeoDataFrame"]]
ALIKE = 1.05


def check_names(labels: Sequence[str], others: Mapping[str, str | None]) -> None:
    """Raise `InvalidInput` unless there are labels, and all names differ.

    Parameters
    ----------
    labels : sequence of str
        What is to be found.
    others : mapping of str to str or None
        By the name of the argument, labels with another role; those that are None were not given.
    """
    given = [*labels, *(name for name in others.values() if name is not None)]
    if not labels or len(set(given)) != len(given):
        names = ["labels", *others]
        listed = f"{', '.join(names[:-1])} and {names[-1]}"
        raise InvalidInput(f"{listed} must be different and at least one: {given}")


def check_resolution(pairs: Pairs, um_per_px: float | None, downsample: float | None) -> None:
    """Raise `InvalidInput` unless there is one resolution that all slides can be seen at."""
    if um_per_px is not None and downsample is not None:
        raise InvalidInput("give either um_per_px or downsample, not both")
    for name, value in (("um_per_px", um_per_px), ("downsample", downsample)):
        if value is not None and not 0 < value < np.inf:
            raise InvalidInput(f"{name} must be a positive number, not {value}")
    if um_per_px is None:
        known = sorted(
            ((float(slide.mpp), slide.name) for slide, _ in pairs if slide.mpp), key=lambda pair: pair[0]
        )
        if known and known[-1][0] > ALIKE * known[0][0]:
            (finer, first), (coarser, last) = known[0], known[-1]
            raise InvalidInput(
                f"slides {first} ({finer:g} um per pixel) and {last} ({coarser:g}) are of different "
                "resolutions: give um_per_px, at which all are seen alike"
            )


def check_present(pairs: Pairs, labels: Sequence[str]) -> None:
    """Raise `UnknownLabel` unless annotations carry each of the labels."""
    present = sorted({str(name) for _, table in pairs for name in table["label"].dropna().unique()})
    for name in labels:
        if name not in present:
            known = ", ".join(present) or "none"
            raise UnknownLabel(
                f"no annotation carries the label {name!r}: annotate some, or use one of: {known}"
            )


def places_of(table: gpd.GeoDataFrame, label: str) -> NDArray[np.object_]:
    """Return the geometries of a label; those of the whole image have none."""
    import shapely

    geometries = np.asarray(table.geometry[table["label"] == label].array, object)
    there = ~np.asarray(shapely.is_missing(geometries) | shapely.is_empty(geometries), bool)
    found: NDArray[np.object_] = geometries[there]
    return found


def check_places(pairs: Pairs, labels: Sequence[str]) -> None:
    """Raise `InvalidInput` if an annotation of the labels lies outside its slide or nowhere."""
    import shapely

    for slide, table in pairs:
        for label in labels:
            geometries = places_of(table, label)
            bounds = shapely.bounds(geometries)
            if not np.isfinite(shapely.get_coordinates(geometries)).all():
                raise InvalidInput(
                    f"an annotation of {label!r} on slide {slide.name} has coordinates that are no numbers: "
                    "take it out, or draw it again"
                )
            width, height = slide.size
            outside = (bounds[:, :2] > (width, height)).any(axis=1) | (bounds[:, 2:] < 0).any(axis=1)
            if outside.any():
                x, y = bounds[np.argmax(outside)][:2]
                raise InvalidInput(
                    f"an annotation of {label!r} at ({x:g}, {y:g}) lies outside of slide {slide.name} "
                    f"({width} x {height} px): give each slide its own annotations, or take it out"
                )
