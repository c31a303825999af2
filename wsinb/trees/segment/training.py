"""`train_segmentation`: from the annotations of slides to a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.progress import Progress
from wsinb.trees.learning import check_names, check_present, check_resolution
from wsinb.trees.outlines.raster import rasterise
from wsinb.trees.scale import downsample_on
from wsinb.trees.segment.model import SegmentationForest
from wsinb.trees.segment.sampling import TrainingRegion
from wsinb.trees.windows.places import window_places

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.tiles import Slide

__all__ = ["train_segmentation"]

CHUNK = 512


def train_segmentation(
    slides_and_annotations: Iterable[tuple[Slide, gpd.GeoDataFrame]],
    labels: str | Sequence[str],
    um_per_px: float | None,
    *,
    downsample: float | None = None,
    roi_label: str | None = None,
    background_label: str | None = None,
    margin: float = 0.5,
    version: str | None = None,
    progress: Progress = None,
    **parameters: Any,
) -> SegmentationForest:
    """Train a model to find labels, from annotated slides.

    Polygons are learned from; points and lines are not. What is known, and is learned from:

    - with `roi_label`, the regions of that label: in them, what carries none of `labels` is background;
    - without, the neighbourhood of each annotation of `labels`: its box and a margin, where the rest is
      background;
    - with `background_label` and no `roi_label`, only what is annotated: nothing is taken for background by
      itself.

    Only these parts of the slides are read.

    Parameters
    ----------
    slides_and_annotations : iterable of (Slide, GeoDataFrame)
        Annotation tables in level-0 pixels, of any version.
    labels : str or sequence of str
        What to find; where annotations overlap, the label named first holds.
    um_per_px : float or None
        Resolution to train and later to apply at; None for slides of unknown pixel size, then give
        `downsample`.
    downsample : float, optional
        Level-0 pixels per pixel, only with ``um_per_px=None``.
    roi_label, background_label : str, optional
        See above.
    margin : float
        Width of the neighbourhood, as a part of the longer side of the annotation's box; at least one window.
    version : str, optional
        Version of the annotations, kept in the model's header.
    progress : bool or callable, optional
        See `wsinb.progress`; counts trees.
    **parameters
        Of `SegmentationForest`.

    Returns
    -------
    SegmentationForest

    Raises
    ------
    UnknownLabel
        If no annotation carries one of the labels.
    InvalidInput
        If a label has no pixels, no window fits into the regions, or a parameter is out of range.
    UnknownMpp
        If `um_per_px` is given and a slide does not know its pixel size.
    """
    pairs = list(slides_and_annotations)
    wanted = [labels] if isinstance(labels, str) else list(labels)
    model = SegmentationForest(**parameters)
    _check_arguments(wanted, roi_label, background_label, margin)
    check_resolution(pairs, um_per_px, downsample)
    _check_labels(pairs, [name for name in (*wanted, roi_label, background_label) if name is not None])
    regions: list[TrainingRegion] = []
    for slide, table in pairs:
        scale = downsample_on(slide, um_per_px, downsample)
        plan = _SlidePlan(slide, table, scale, wanted, roi_label, background_label, margin, model.window)
        regions += plan.regions()
    if not regions:
        raise InvalidInput(
            f"no window of {model.window} px fits inside the annotated regions: "
            "enlarge them or train at fewer um_per_px"
        )
    model.fit(regions, [background_label or "background", *wanted], progress=progress)
    model.header.update(
        um_per_px=None if um_per_px is None else float(um_per_px),
        downsample=float(downsample or 1.0) if um_per_px is None else None,
        version=version,
        slides=sorted({slide.name for slide, _ in pairs}),
        roi_label=roi_label,
    )
    return model


def _check_arguments(
    labels: list[str], roi_label: str | None, background_label: str | None, margin: float
) -> None:
    check_names(labels, {"roi_label": roi_label, "background_label": background_label})
    if "background" in labels:
        raise InvalidInput("'background' names the rest: pass it as background_label, not among the labels")
    if not 0 <= margin < np.inf:
        raise InvalidInput(f"margin must be 0 or more, not {margin}")


def _check_labels(pairs: list[tuple[Slide, gpd.GeoDataFrame]], labels: list[str]) -> None:
    check_present(pairs, labels)
    for name in labels:
        if not any(len(_areas(table, name)) for _, table in pairs):
            raise InvalidInput(
                f"the annotations of {name!r} have no area: draw polygons, rectangles or circles"
            )


def _areas(table: gpd.GeoDataFrame, label: str) -> NDArray[np.object_]:
    """Return the geometries of a label that have an area."""
    import shapely

    geometries = np.asarray(table.geometry[table["label"] == label].array, object)
    return geometries[np.nan_to_num(shapely.area(geometries)) > 0]


class _SlidePlan:
    """The training regions of one slide: chunks of the places for windows, each read when it is needed."""

    def __init__(
        self,
        slide: Slide,
        table: gpd.GeoDataFrame,
        downsample: float,
        labels: list[str],
        roi_label: str | None,
        background_label: str | None,
        margin: float,
        window: int,
    ) -> None:
        self.slide = slide
        self.downsample = downsample
        self.window = window
        self.layers = [_Layer(_areas(table, name)) for name in labels]
        self.background = None if background_label is None else _Layer(_areas(table, background_label))
        self.rest_is_known = background_label is None or roi_label is not None
        if roi_label is not None:
            self.roi = _Layer(_areas(table, roi_label))
        else:
            layers = self.layers if self.background is None else [*self.layers, self.background]
            annotated = np.concatenate([layer.geometries for layer in layers])
            self.roi = _Layer(self._neighbourhoods(annotated, margin))

    def regions(self) -> list[TrainingRegion]:
        """Return the chunks that hold at least one place for a window; their cores share no place."""
        width, height = (int(length / self.downsample + 1e-6) for length in self.slide.size)
        found = []
        for y in range(0, height - self.window + 1, CHUNK):
            for x in range(0, width - self.window + 1, CHUNK):
                shape = (min(CHUNK + self.window - 1, height - y), min(CHUNK + self.window - 1, width - x))
                roi = self.roi.mask(shape, x, y, self.downsample)
                if not roi.any():
                    continue
                region = TrainingRegion(partial(self._read, x, y, shape), self._classes(shape, x, y), roi)
                if window_places(region.allowed(), self.window).any():
                    found.append(region)
        return found

    def _classes(self, shape: tuple[int, int], x: int, y: int) -> NDArray[np.int16]:
        classes = np.full(shape, 0 if self.rest_is_known else -1, np.int16)
        if self.background is not None:
            classes[self.background.mask(shape, x, y, self.downsample)] = 0
        for number in range(len(self.layers), 0, -1):
            classes[self.layers[number - 1].mask(shape, x, y, self.downsample)] = number
        return classes

    def _read(self, x: int, y: int, shape: tuple[int, int]) -> NDArray[np.uint8]:
        return self.slide.read(
            x * self.downsample, y * self.downsample, shape[1], shape[0], downsample=self.downsample
        )

    def _neighbourhoods(self, geometries: NDArray[np.object_], margin: float) -> NDArray[np.object_]:
        import shapely

        if not len(geometries):
            return geometries
        bounds = shapely.bounds(geometries)
        longer = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
        around = np.maximum(longer * margin, self.window * self.downsample)[:, None]
        return np.asarray(shapely.box(*(bounds + around * (-1, -1, 1, 1)).T), object)


class _Layer:
    """Polygons that can be asked for their mask anywhere."""

    def __init__(self, geometries: NDArray[np.object_]) -> None:
        import shapely

        self.geometries = geometries
        self._tree = shapely.STRtree(geometries)

    def mask(self, shape: tuple[int, int], x: int, y: int, downsample: float) -> NDArray[np.bool_]:
        """Return the mask of a box of pixels, (h, w) bool."""
        import shapely

        l0_bounds = np.array([x, y, x + shape[1], y + shape[0]]) * downsample
        chosen = self._tree.query(shapely.box(*l0_bounds))
        return rasterise(self.geometries[np.sort(chosen)], shape, x=x, y=y, downsample=downsample)
