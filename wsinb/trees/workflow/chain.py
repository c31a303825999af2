"""`chain`: a workflow inside what another one found."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from wsinb.errors import InvalidInput
from wsinb.numbers import real
from wsinb.progress import Progress
from wsinb.trees.workflow.found import Failure, Found
from wsinb.trees.workflow.rules import Rule
from wsinb.trees.workflow.tiling import Region
from wsinb.trees.workflow.workflow import Workflow

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.tiles import Slide

__all__ = ["Chain", "ChainFound", "chain"]

INSIDE = ("object", "box")


@dataclass(frozen=True)
class ChainFound:
    """What two chained workflows found.

    Attributes
    ----------
    first, second : Found or ChainFound
        `properties` of what the second found name the object that it lies in: ``{"parent": id}``.
    """

    first: Found | ChainFound
    second: Found

    @property
    def table(self) -> gpd.GeoDataFrame:
        """What both found: an annotation table."""
        import pandas as pd

        from wsinb.annotate import validate

        tables = [found.table for found in (self.first, self.second) if len(found.table)]
        return validate(pd.concat(tables, ignore_index=True)) if tables else self.second.table

    @property
    def timings(self) -> dict[str, float]:
        """Seconds by phase, of both together."""
        first, second = self.first.timings, self.second.timings
        return {name: first.get(name, 0.0) + second.get(name, 0.0) for name in {**first, **second}}

    @property
    def failures(self) -> tuple[Failure, ...]:
        """What was not looked at."""
        return (*self.first.failures, *self.second.failures)

    @property
    def complete(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def __repr__(self) -> str:
        return f"first {self.first!r}\nsecond {self.second!r}"

    def _repr_html_(self) -> str:
        return f"{self.first._repr_html_()}{self.second._repr_html_()}"


class Chain:
    """Two workflows, of which the second runs inside what the first finds; made by `chain`."""

    def __init__(
        self,
        first: Workflow | Chain | Callable[[Slide], gpd.GeoDataFrame],
        second: Workflow,
        select: Rule,
        inside: str,
        margin: float,
    ) -> None:
        self.first, self.second = first, second
        self.select, self.inside, self.margin = select, inside, margin

    def run(
        self,
        slide: Slide,
        *,
        runner: Any = "threads",
        progress: Progress = None,
        checkpoint: str | os.PathLike[str] | None = None,
        threads: int | None = None,
    ) -> ChainFound:
        """Run both on a slide; parameters and errors are those of `Workflow.run`."""
        options = {"runner": runner, "progress": progress, "checkpoint": checkpoint, "threads": threads}
        first = self._first(slide, options)
        chosen = first.table[self.select.takes(first.table, "select")] if len(first.table) else first.table
        return ChainFound(first, self.second.run_regions(slide, self._regions(slide, chosen), **options))

    def _first(self, slide: Slide, options: dict[str, Any]) -> Found | ChainFound:
        if isinstance(self.first, Workflow | Chain):
            return self.first.run(slide, **options)
        from wsinb.annotate import validate

        start = time.perf_counter()
        table = validate(self.first(slide))
        return Found(table, {"total": time.perf_counter() - start})

    def _regions(self, slide: Slide, objects: gpd.GeoDataFrame) -> list[Region]:
        """Return a region around each object, in pixels of the second workflow."""
        downsample, size = self.second.downsample(slide), self.second.size(slide)
        geometries = np.asarray(objects.geometry.array, object)
        bounds = shapely.bounds(geometries)
        around = (bounds[:, 2:] - bounds[:, :2]) * self.margin
        low = np.floor((bounds[:, :2] - around) / downsample + 1e-6)
        high = np.ceil((bounds[:, 2:] + around) / downsample - 1e-6)
        low, high = np.maximum(low, 0), np.minimum(high, size)
        regions = []
        for number, parent in enumerate(objects["id"].tolist()):
            (x0, y0), (x1, y1) = low[number], high[number]
            if x1 > x0 and y1 > y0:  # not so where there is no geometry
                # of the window itself, too: a tile that is extended may reach over it
                window = shapely.box(*(value * downsample for value in (x0, y0, x1, y1)))
                within = geometries[number] if self.inside == "object" else window
                regions.append(Region((int(x0), int(y0), int(x1), int(y1)), within, parent))
        return regions

    def __repr__(self) -> str:
        return f"Chain({self.first!r}, {self.second!r}, inside={self.inside!r})"


def chain(
    first: Workflow | Chain | Callable[[Slide], gpd.GeoDataFrame],
    second: Workflow,
    select: Callable[[gpd.GeoDataFrame], Any] | str | Sequence[str] | None = None,
    *,
    inside: str = "object",
    margin: float = 0.0,
) -> Chain:
    """Return a workflow that looks inside what another one finds.

    Parameters
    ----------
    first : Workflow, Chain or callable
        Finds the places; a callable returns an annotation table of a slide, as `find_tissue` does.
    second : Workflow
        Runs in a window around each object, with tiles of its own that begin at the window's corner. What it
        finds is in level-0 pixels of the slide.
    select : callable, str, sequence of str, optional
        Which objects: a function from an annotation table to a mask, or labels; None is all.
    inside : {"object", "box"}
        Whether the second sees only the object, or all of its window.
    margin : float
        Share of the box's sides that is added to the window on each side; for ``inside="box"``.

    Raises
    ------
    InvalidInput
        If a parameter cannot be used.
    """
    if not isinstance(second, Workflow) or not (isinstance(first, Workflow | Chain) or callable(first)):
        raise InvalidInput("a chain is made of a workflow (or a function of slides) and a workflow")
    if inside not in INSIDE:
        raise InvalidInput(f"inside must be 'object' or 'box', not {inside!r}")
    share = real(margin)
    if share is None or not 0 <= share <= 100:
        raise InvalidInput(f"margin must be a share of the box's sides, from 0 to 100, not {margin!r}")
    if share and inside == "object":
        raise InvalidInput("margin adds to the window, and inside='object' hides it: give inside='box'")
    return Chain(first, second, Rule(select), inside, share)
