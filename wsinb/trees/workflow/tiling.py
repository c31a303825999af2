"""The tiles of all regions of a run: looked at, or taken from a checkpoint."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from wsinb.errors import InvalidInput
from wsinb.frames import Box
from wsinb.progress import Cancelled, Progress, Tracker
from wsinb.trees.workflow.checkpoint import Checkpoint
from wsinb.trees.workflow.found import Failure
from wsinb.trees.workflow.look import Look, Seen, Task
from wsinb.trees.workflow.runners import Outcome, Runner, attempted
from wsinb.trees.workflow.topology import Tile, lay_tiles

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["Region", "Tiles", "lay_regions", "look_at_tiles", "open_checkpoint"]

EARLY = 16


class Region(NamedTuple):
    """Part of a slide with a topology of its own.

    Parameters
    ----------
    box : (int, int, int, int)
        x0, y0, x1, y1 in pixels of the whole slide at the workflow's resolution; the maxima lie outside.
    within : shapely geometry or None
        In level-0 pixels: nothing else is looked at.
    parent : str or None
        Id of the object that the region lies around.
    """

    box: tuple[int, int, int, int]
    within: BaseGeometry | None = None
    parent: str | None = None


@dataclass
class Tiles:
    """What was found on tiles, by place: ``seen[i]`` belongs to ``tasks[i]``, None where it failed."""

    tasks: list[Task]
    seen: list[Seen | None]
    failures: list[Failure] = field(default_factory=list)
    resumed: int = 0


def lay_regions(
    regions: Sequence[Region], tile_size: int, overlap: int, border: str, downsample: float
) -> list[Task]:
    """Return the tiles of all regions, those that share area with what is to be looked at."""
    tasks = []
    for number, region in enumerate(regions):
        tiles = lay_tiles(number, region.box, tile_size, overlap, border)
        if region.within is not None and tiles:
            shapely.prepare(region.within)
            corners = np.array([(t.x.start, t.y.start, t.x.end, t.y.end) for t in tiles]) * downsample
            meets = np.asarray(shapely.intersects(region.within, shapely.box(*corners.T)))
            tiles = [tile for tile, chosen in zip(tiles, meets, strict=True) if chosen]
        tasks += [Task(tile, region.within) for tile in tiles]
    return tasks


def open_checkpoint(
    folder: str | os.PathLike[str], look: Look, regions: Sequence[Region], about: dict[str, Any]
) -> Checkpoint:
    """Return the checkpoint of a run; `about` is what else decides what is found on a tile."""
    digest = hashlib.sha256()
    for region in regions:
        within = b"" if region.within is None else shapely.to_wkb(region.within)
        digest.update(repr(region.box).encode() + b"\0" + within)
    whole = {
        "format": 1,
        "slide": look.slide.checksum,
        "downsample": look.downsample,
        "size": list(look.size),
        "regions": digest.hexdigest(),
        **about,
    }
    return Checkpoint(folder, whole)


def look_at_tiles(
    look: Look,
    tasks: list[Task],
    runner: Runner,
    checkpoint: Checkpoint | None,
    retries: int,
    progress: Progress,
    batch_size: int = 1,
) -> Tiles:
    """Look at all tiles that are not finished, some of one shape at a time.

    A tile that fails is named, and the others are there.

    Raises
    ------
    InvalidInput
        If all tiles fail, or the first 16 for the same reason.
    """
    result = Tiles(tasks, [None] * len(tasks))
    if checkpoint is not None:
        result.seen = [checkpoint.load(task.tile) for task in tasks]
    left = [at for at, seen in enumerate(result.seen) if seen is None]
    result.resumed = len(tasks) - len(left)
    batches = _batches(tasks, left, batch_size)
    outcomes = runner.run(
        InBatches(look, retries), [[tasks[at] for at in batch] for batch in batches], retries
    )
    name = look.slide.name
    failed: dict[int, Failure] = {}
    # closing stops the runner at once when progress cancels
    with closing(outcomes), Tracker(len(tasks), f"looking at tiles of {name}", progress) as tracker:
        if result.resumed:
            tracker.update(result.resumed)
        for batch, outcome in zip(batches, outcomes, strict=True):
            # without a result, it was not the tiles that failed but the worker
            each = outcome.result or [outcome] * len(batch)
            for at, (seen, reason, attempts) in zip(batch, each, strict=True):
                if reason is not None:
                    failed[at] = Failure("tile", _l0_box(tasks[at].tile, look.downsample), reason, attempts)
                    result.failures = [failed[place] for place in sorted(failed)]
                    _check_failures(result, name)
                else:
                    result.seen[at] = seen
                    if checkpoint is not None:
                        checkpoint.save(tasks[at].tile, seen)
                tracker.update()
    return result


@dataclass(frozen=True)
class InBatches:
    """Looks at some tiles of one shape at once, or at each by itself if that fails."""

    look: Look
    retries: int

    def __call__(self, tasks: Sequence[Task]) -> list[Outcome]:
        """Return an outcome for each tile."""
        if len(tasks) > 1:
            try:
                return [Outcome(seen, None, 1) for seen in self.look.all(tasks)]
            except (InvalidInput, Cancelled):
                raise
            except Exception:  # noqa: BLE001, S110  one tile may be at fault, or they are too many for the memory
                pass
        return [attempted(self.look, self.retries, task) for task in tasks]


def _batches(tasks: Sequence[Task], left: Sequence[int], size: int) -> list[list[int]]:
    """Put tiles of one shape together, at most so many, nearly in order."""
    batches: list[list[int]] = []
    filling: dict[tuple[int, int], list[int]] = {}
    for at in left:
        batch = filling.setdefault(tasks[at].tile.shape, [])
        if not batch:
            batches.append(batch)
        batch.append(at)
        if len(batch) == size:
            del filling[tasks[at].tile.shape]
    return batches


def _check_failures(result: Tiles, name: str) -> None:
    """Raise if all tiles failed, or the first of them all alike: then it is no matter of single tiles."""
    n, reasons = len(result.failures), {failure.reason for failure in result.failures}
    everything = n == len(result.tasks)
    if everything or (n == EARLY and len(reasons) == 1 and all(seen is None for seen in result.seen)):
        which = "all" if everything else "the first"
        raise InvalidInput(f"{which} {n} tiles of {name} failed, with {result.failures[0].reason}")


def _l0_box(tile: Tile, downsample: float) -> Box:
    return Box(*(value * downsample for value in (tile.x.start, tile.y.start, tile.x.end, tile.y.end)))
