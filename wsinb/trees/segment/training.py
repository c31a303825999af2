"""`train_segmentation`: from the annotations of slides to a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.progress import Progress
from wsinb.trees.learning import check_names, check_places, check_present, check_resolution
from wsinb.trees.scale import downsample_on
from wsinb.trees.segment.known import Known, Layer, areas_of, neighbourhoods
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
        If a label has no pixels, an annotation lies outside its slide, no window fits into the regions,
        slides of different pixel sizes are given without `um_per_px`, or a parameter is out of range.
    UnknownMpp
        If `um_per_px` is given and a slide does not know its pixel size.
    """
    pairs = list(slides_and_annotations)
    wanted = [labels] if isinstance(labels, str) else list(labels)
    model = SegmentationForest(**parameters)
    _check_arguments(wanted, roi_label, background_label, margin)
    check_resolution(pairs, um_per_px, downsample)
    names = [name for name in (*wanted, roi_label, background_label) if name is not None]
    _check_labels(pairs, names)
    check_places(pairs, names)
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
        if not any(len(areas_of(table, name)) for _, table in pairs):
            raise InvalidInput(
                f"the annotations of {name!r} have no area: draw polygons, rectangles or circles"
            )


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
        drawn = [(number, areas_of(table, name)) for number, name in enumerate(labels, 1)]
        if background_label is not None:
            drawn.append((0, areas_of(table, background_label)))
        rest_is_known = background_label is None or roi_label is not None
        self.known = Known(drawn, 0 if rest_is_known else -1, downsample)
        if roi_label is None:
            annotated = np.concatenate([geometries for _, geometries in drawn])
            self.roi = Layer(neighbourhoods(annotated, margin, window * downsample))
        else:
            self.roi = Layer(areas_of(table, roi_label))

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
                region = TrainingRegion(
                    partial(self._read, x, y, shape), self.known.classes(shape, x, y), roi
                )
                if window_places(region.allowed(), self.window).any():
                    found.append(region)
        return found

    def _read(self, x: int, y: int, shape: tuple[int, int]) -> NDArray[np.uint8]:
        return self.slide.read(
            x * self.downsample, y * self.downsample, shape[1], shape[0], downsample=self.downsample
        )
