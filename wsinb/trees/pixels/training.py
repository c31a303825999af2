"""`train_pixels`: from strokes, points and regions on slides to a pixel forest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from wsinb.errors import InvalidInput
from wsinb.progress import Progress
from wsinb.trees.learning import check_names, check_places, check_present, check_resolution, places_of
from wsinb.trees.pixels.field import PixelField
from wsinb.trees.pixels.marks import STROKE_WIDTH, Marks, check_stroke_width, class_order
from wsinb.trees.pixels.model import PixelForest
from wsinb.trees.pixels.strokes import Source
from wsinb.trees.scale import downsample_on
from wsinb.trees.tiling import Core, Plan

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from wsinb.tiles import Slide

__all__ = ["check_classes", "note_training", "plan_of", "read_field", "train_pixels"]


def train_pixels(
    slides_and_annotations: Iterable[tuple[Slide, gpd.GeoDataFrame]],
    labels: Sequence[str],
    um_per_px: float | None,
    *,
    downsample: float | None = None,
    background_label: str | None = None,
    stroke_width: float = STROKE_WIDTH,
    version: str | None = None,
    progress: Progress = None,
    **parameters: Any,
) -> PixelForest:
    """Train a model that tells the pixels of labels apart, from annotations of slides.

    Lines are strokes of a width, points discs of that width, polygons regions. Nothing is known but what is
    annotated: nothing is background by itself. Only patches around the annotations are read.

    Parameters
    ----------
    slides_and_annotations : iterable of (Slide, GeoDataFrame)
        Annotation tables in level-0 pixels, of any version.
    labels : sequence of str
        What to tell apart; where annotations overlap, the label named first holds.
    um_per_px : float or None
        Resolution to train and later to apply at; None for slides of unknown pixel size, then give
        `downsample`.
    downsample : float, optional
        Level-0 pixels per pixel, only with ``um_per_px=None``.
    background_label : str, optional
        The label of what none of `labels` is. Without it the label named first is the background: what the
        others leave, and what `segment_slide` makes no polygons of.
    stroke_width : float
        In pixels of the model, 1.5 to 1000.
    version : str, optional
        Version of the annotations, kept in the model's header.
    progress : bool or callable, optional
        See `wsinb.progress`; counts trees.
    **parameters
        Of `PixelForest`.

    Returns
    -------
    PixelForest
        Ready for `segment_slide` and `write_probabilities`.

    Raises
    ------
    UnknownLabel
        If no annotation carries one of the labels.
    InvalidInput
        If there is only one class, a label marks no pixel, an annotation lies outside its slide, slides of
        different pixel sizes are given without `um_per_px`, or a parameter is out of range.
    UnknownMpp
        If `um_per_px` is given and a slide does not know its pixel size.
    """
    pairs = list(slides_and_annotations)
    classes, order = check_classes(labels, background_label)
    width = check_stroke_width(stroke_width)
    model = PixelForest(**parameters)
    check_resolution(pairs, um_per_px, downsample)
    check_present(pairs, classes)
    check_places(pairs, classes)
    sources: list[Source] = []
    strokes: list[NDArray[np.int16]] = []
    for slide, table in pairs:
        plan = plan_of(slide, um_per_px, downsample)
        drawn = [places_of(table, name) for name in classes]
        marks = Marks(drawn, order, (plan.width, plan.height), plan.downsample, width)
        for patch in marks.patches():
            sources.append(partial(read_field, model, plan, patch.core))
            strokes.append(patch.classes)
    if not sources:
        raise InvalidInput("the annotations cover no pixel: enlarge them, or train at fewer um_per_px")
    model.fit(sources, strokes, classes, progress=progress)
    note_training(model, um_per_px, downsample, version, [slide.name for slide, _ in pairs])
    return model


def check_classes(labels: Sequence[str], background_label: str | None) -> tuple[list[str], list[int]]:
    """Return what `class_order` does.

    Raises
    ------
    InvalidInput
        If names are repeated or there is only one.
    """
    wanted = [labels] if isinstance(labels, str) else list(labels)
    check_names(wanted, {"background_label": background_label})
    classes, order = class_order(wanted, background_label)
    if len(classes) < 2:
        raise InvalidInput(
            f"{classes[0]!r} alone can be told from nothing: name another label, or a background_label"
        )
    return classes, order


def plan_of(slide: Slide, um_per_px: float | None, downsample: float | None) -> Plan:
    """Return a slide seen at the resolution of a model, without cores; `UnknownMpp` if it has none."""
    scale = downsample_on(slide, um_per_px, downsample)
    width, height = (max(1, int(np.ceil(length / scale - 1e-6))) for length in slide.size)
    return Plan(slide, scale, width, height, None, [])


def read_field(model: PixelForest, plan: Plan, core: Core) -> PixelField:
    """Read a piece of a slide with what lies around it, and return its features."""
    return model.field(plan.read(core, model.margin), surrounded=True)


def note_training(
    model: PixelForest,
    um_per_px: float | None,
    downsample: float | None,
    version: str | None,
    slides: Iterable[str],
) -> None:
    """Write into the header of a model what it was trained on."""
    model.header.update(
        um_per_px=None if um_per_px is None else float(um_per_px),
        downsample=float(downsample or 1.0) if um_per_px is None else None,
        version=version,
        slides=sorted(set(slides)),
    )
