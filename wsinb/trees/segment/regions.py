"""Where models are tested: regions of slides, what is known in them, and what learns while they wait."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.learning import places_of
from wsinb.trees.segment.known import areas_of

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from wsinb.tiles import Slide

__all__ = ["Pairs", "Region", "check_folds", "clipped", "regions_of", "share_regions", "with_groups"]

Pairs = Sequence[tuple["Slide", "gpd.GeoDataFrame"]]
POLYGON = 3
REMEDIES = {
    "group": "give another grouping, or slides of more groups",
    "slide": "draw such regions on other slides, too",
    "region": "draw regions that do not overlap, in which everything is annotated, and give their label as "
    "within_label; or give more slides",
}


@dataclass(frozen=True, eq=False)
class Region:
    """A part of a slide that is tested as a whole.

    Attributes
    ----------
    pair : int
        Which slide.
    name : str
        Id of its annotation; "" for all that is known on the slide.
    area : shapely geometry or None
        In level-0 pixels; None is all that is known on the slide.
    group : hashable
        Regions of a group are tested together.
    """

    pair: int
    name: str
    area: BaseGeometry | None
    group: Hashable


def regions_of(pairs: Pairs, labels: Sequence[str], within_label: str | None) -> list[Region]:
    """Return the regions of a label, or one for each slide that has any of `labels`; groups are numbers.

    Raises
    ------
    InvalidInput
        If no annotation of the label has an area.
    """
    if within_label is None:
        return [
            Region(number, "", None, number)
            for number, (_, table) in enumerate(pairs)
            if any(len(places_of(table, label)) for label in labels)
        ]
    found = []
    for number, (_, table) in enumerate(pairs):
        own = table[table["label"] == within_label]
        areas = np.nan_to_num(shapely.area(np.asarray(own.geometry.array, object))) > 0
        rows = zip(own["id"][areas], own.geometry[areas], strict=True)
        found += [Region(number, str(name), area, number) for name, area in rows]
    if not found:
        raise InvalidInput(
            f"no annotation of {within_label!r} has an area: draw regions in which everything is annotated"
        )
    return found


def with_groups(
    regions: list[Region], pairs: Pairs, groups: Sequence[Hashable] | Mapping[str, Hashable] | None
) -> tuple[list[Region], list[Hashable] | None]:
    """Give regions their groups; return them, and the group of each slide, None if a slide has several.

    Raises
    ------
    InvalidInput
        If groups do not fit the slides, or there is only one group.
    """
    homes: list[Hashable] | None = None
    if groups is None and len(pairs) == 1:
        what = "region"
        numbers: list[Hashable] = [*_touching([one.area for one in regions if one.area is not None])]
    else:
        what = "slide" if groups is None else "group"
        homes = [*range(len(pairs))] if groups is None else _names(groups, pairs)
        numbers = [homes[one.pair] for one in regions]
    if len(set(numbers)) < 2:
        raise InvalidInput(
            f"all that could be tested is of one {what}, and nothing is left to learn from: {REMEDIES[what]}"
        )
    grouped = [replace(one, group=number) for one, number in zip(regions, numbers, strict=True)]
    return grouped, homes


def share_regions(regions: Sequence[Region], n_splits: int) -> list[list[Region]]:
    """Share out regions to folds, groups as wholes, the largest first to the fold that has least.

    There are as many folds as groups, if these are fewer.
    """
    size: dict[Hashable, float] = {}
    for one in regions:
        size[one.group] = size.get(one.group, 0.0) + (1.0 if one.area is None else one.area.area)
    folds: list[list[Hashable]] = [[] for _ in range(min(n_splits, len(size)))]
    load = np.zeros(len(folds))
    for group in sorted(size, key=lambda name: -size[name]):
        least = int(load.argmin())
        folds[least].append(group)
        load[least] += size[group]
    return [[one for one in regions if one.group in fold] for fold in folds]


def clipped(table: gpd.GeoDataFrame, areas: Sequence[BaseGeometry]) -> gpd.GeoDataFrame:
    """Return annotations cut to some areas; what lies outside is left out, and what only touches them."""
    inside = shapely.union_all(list(areas))
    geometries = np.asarray(table.geometry.array, object)
    dimension = shapely.get_dimensions(geometries)
    cut = shapely.intersection(geometries, inside)
    for at in np.flatnonzero(shapely.get_type_id(cut) > POLYGON):
        parts = shapely.get_parts(cut[at])
        cut[at] = shapely.union_all(parts[shapely.get_dimensions(parts) == dimension[at]])
    kept = ~shapely.is_missing(cut) & ~shapely.is_empty(cut) & (shapely.get_dimensions(cut) == dimension)
    return table[kept].set_geometry(cut[kept], crs=table.crs)


def check_folds(
    pairs: Pairs, training: Sequence[Sequence[tuple[int, gpd.GeoDataFrame]]], labels: Sequence[str], by: str
) -> None:
    """Raise `InvalidInput` if a fold has nothing of a label to learn from."""
    for fold, tables in enumerate(training):
        for label in labels:
            if not any(len(places_of(table, label)) for _, table in tables):
                homes = [pairs[at][0].name for at in range(len(pairs)) if len(areas_of(pairs[at][1], label))]
                there = f" (on {', '.join(homes[:3])})" if homes else ""
                raise InvalidInput(
                    f"in fold {fold} all annotations of {label!r}{there} are tested and none is left to "
                    f"learn from: annotate it in more than one {by}, or leave it out"
                )


def _names(groups: Any, pairs: Pairs) -> list[Hashable]:
    slides = [slide.name for slide, _ in pairs]
    if isinstance(groups, Mapping):
        lacking = [name for name in slides if name not in groups]
        if lacking:
            raise InvalidInput(f"groups name no group of slide {lacking[0]!r}: give one for each slide")
        return [groups[name] for name in slides]
    names = list(groups)
    if isinstance(groups, str) or len(names) != len(slides):
        raise InvalidInput(f"groups must be one for each of {len(slides)} slides, in order or by name")
    return names


def _touching(areas: Sequence[Any]) -> list[int]:
    """Return a number for each area; those that overlap, by chains of others, have the same."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if len(areas) < 2:
        return [0] * len(areas)
    polygons = np.array(areas, object)
    one, other = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    apart = shapely.area(shapely.intersection(polygons[one], polygons[other])) <= 0
    one, other = one[~apart], other[~apart]
    graph = coo_array((np.ones(len(one), bool), (one, other)), shape=(len(areas), len(areas)))
    numbers: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return [int(number) for number in numbers]
