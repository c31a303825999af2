"""`Crops`: pictures of annotations, read when they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.frames import Box
from wsinb.trees.cropping.frame import Frame, View, batches
from wsinb.trees.cropping.slides import OpenSlides
from wsinb.trees.tiling.inorder import in_order, usable_cores

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Crops", "Rows"]

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Rows:
    """What is known of each picture; all arrays have the shape (n,), `l0_bounds` (n, 4), `planes` (n, 3).

    `planes` are z, t and c of each annotation, c -1 for the colour picture.
    """

    ids: NDArray[np.object_]
    slides: NDArray[np.object_]
    labels: NDArray[np.object_]
    layers: NDArray[np.object_]
    groups: NDArray[np.object_]
    geometries: NDArray[np.object_]
    l0_bounds: NDArray[np.float64]
    planes: NDArray[np.int64]
    frames: NDArray[np.object_]

    def take(self, chosen: NDArray[np.intp]) -> Rows:
        """Return some of the rows."""
        return Rows(**{name: values[chosen] for name, values in self.__dict__.items()})


class Crops(Sequence[Image]):
    """Pictures of annotations: a sequence of (h, w, 3) uint8 arrays, RGB, each read when it is asked for.

    Made by `crops`. ``crops[3]`` is a picture, ``crops[mask]``, ``crops[2:9]`` and ``crops[[4, 2]]`` are
    `Crops`. Iterating reads on threads, ahead by at most 64 pictures or 16 million pixels. Several threads
    may read at once, and it can be pickled.

    Attributes
    ----------
    version : str
        Id of the commit that the annotations were read from.
    view : View
        How annotations are seen.
    skipped : dict
        How many annotations have no picture, by reason.
    """

    def __init__(
        self, rows: Rows, slides: OpenSlides, view: View, version: str, skipped: Mapping[str, int]
    ) -> None:
        self._rows = rows
        self._slides = slides
        self.view = view
        self.version = version
        self.skipped = dict(skipped)

    @property
    def um_per_px(self) -> float | None:
        """Micrometres per pixel of the pictures; None if they are in level-0 pixels or resized one by one."""
        return self.view.um_per_px

    @property
    def labels(self) -> NDArray[np.object_]:
        """The label of each picture: (n,) str."""
        return self._rows.labels.copy()

    @property
    def groups(self) -> NDArray[np.object_]:
        """What must not be split between training and testing: (n,) str."""
        return self._rows.groups.copy()

    @property
    def table(self) -> pd.DataFrame:
        """One row a picture: id, slide, label, layer, group, and bounds, a `Box` in level-0 pixels."""
        import pandas as pd

        rows = self._rows
        columns: dict[str, Any] = {
            "id": rows.ids,
            "slide": rows.slides,
            "label": rows.labels,
            "layer": rows.layers,
            "group": rows.groups,
        }
        bounds = [Box(*values) for values in rows.l0_bounds.tolist()]
        return pd.DataFrame({**columns, "bounds": pd.Series(bounds, dtype=object)})

    def counts(self) -> dict[str, int]:
        """Return the number of pictures of each label, the largest first."""
        names, counts = np.unique(self._rows.labels.astype(str), return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return {str(names[at]): int(counts[at]) for at in order}

    def __len__(self) -> int:
        return len(self._rows.ids)

    @overload
    def __getitem__(self, index: int) -> Image: ...
    @overload
    def __getitem__(self, index: Any) -> Crops: ...
    def __getitem__(self, index: Any) -> Image | Crops:
        if isinstance(index, int | np.integer) and not isinstance(index, bool):
            if not -len(self) <= index < len(self):
                raise IndexError(f"there are {len(self)} pictures, and none of number {index}")
            return self.read(int(index) % len(self))
        rows = self._rows.take(self._chosen(index))
        return Crops(rows, self._slides, self.view, self.version, {})

    def _chosen(self, index: Any) -> NDArray[np.intp]:
        if isinstance(index, slice):
            return np.arange(len(self))[index]
        chosen = np.asarray(index)
        if chosen.ndim == 1 and chosen.dtype == bool and len(chosen) == len(self):
            return np.flatnonzero(chosen)
        if chosen.ndim == 1 and (chosen.size == 0 or np.issubdtype(chosen.dtype, np.integer)):
            if chosen.size and not (-len(self) <= chosen.min() and chosen.max() < len(self)):
                raise IndexError(f"there are {len(self)} pictures: choose from 0 to {len(self) - 1}")
            return np.asarray(chosen % max(1, len(self)), np.intp)
        raise InvalidInput(
            f"crops are chosen by a mask of {len(self)} values, by numbers or by a slice, "
            f"not by an array {chosen.shape} of {chosen.dtype}"
        )

    def read(self, number: int, max_side: int | None = None) -> Image:
        """Read picture `number`, coarser if one of its sides is longer than `max_side`: (h, w, 3) uint8."""
        rows = self._rows
        frame: Frame = rows.frames[number]
        if max_side is not None:
            frame = frame.at_most(max_side)
        z, t, c = rows.planes[number].tolist()
        with self._slides.use(rows.slides[number]) as slide:
            return self.view.read(slide, frame, rows.geometries[number], z, t, None if c < 0 else c)

    def __iter__(self) -> Iterator[Image]:
        return self.images()

    def images(self, threads: int | None = None) -> Generator[Image]:
        """Yield all pictures in order, read ahead on threads, each batch slide by slide."""
        n_threads = usable_cores(threads)
        for batch in batches(self._rows.frames):
            order = sorted(batch, key=self._place)
            found: dict[int, Image] = {}
            with closing(in_order(self._reader(), order, n_threads, "wsinb-crops")) as images:
                found.update(zip(order, images, strict=True))
            yield from (found.pop(number) for number in batch)

    def stack(self, threads: int | None = None) -> Image:
        """Return all pictures as one array: (n, size, size, 3) uint8.

        Raises
        ------
        InvalidInput
            If they are not of one size: give ``size`` to `crops`.
        """
        shapes = {(frame.height, frame.width) for frame in self._rows.frames}
        if len(shapes) > 1:
            raise InvalidInput(
                "the pictures have different sizes: give size to crops(...), or use them as a list"
            )
        height, width = next(iter(shapes), (0, 0))
        stacked = np.empty((len(self), height, width, 3), np.uint8)
        for number, image in enumerate(self.images(threads)):
            stacked[number] = image
        return stacked

    def relabelled(self, labels: Sequence[str] | NDArray[Any]) -> Crops:
        """Return the same pictures with other labels, one for each."""
        given = np.asarray(labels, object)
        if given.shape != (len(self),):
            raise InvalidInput(f"{len(self)} pictures need as many labels, not an array of {given.shape}")
        rows = replace(self._rows, labels=given)
        return Crops(rows, self._slides, self.view, self.version, self.skipped)

    def _reader(self) -> Callable[[int], Image]:
        return lambda number: self.read(number)

    def _place(self, number: int) -> tuple[str, float, float]:
        frame: Frame = self._rows.frames[number]
        return str(self._rows.slides[number]), frame.l0_y, frame.l0_x

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {label}" for label, n in self.counts().items())
        left_out = ", ".join(f"{n} {reason}" for reason, n in self.skipped.items())
        n_slides = len(set(self._rows.slides.tolist()))
        tail = f"; left out: {left_out}" if left_out else ""
        return f"<Crops: {len(self)} pictures from {n_slides} slides ({counts or 'none'}){tail}>"

    def _repr_html_(self) -> str:
        from wsinb.trees.cropping.sheet import contact_sheet

        return contact_sheet(self)
