"""`crops`: which annotations of a version have pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.annotate.verdicts import CONFIRMED, VERDICTS, verdict
from wsinb.errors import InvalidInput, UnknownLabel, UnknownSlide
from wsinb.names import listed, unknown
from wsinb.trees.cropping.crops import Crops, Rows
from wsinb.trees.cropping.frame import MAX_PIXELS, Frame, View, colour_of
from wsinb.trees.cropping.slides import OpenSlides, SlideSource

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.versions import Checkout, SlideEntry

__all__ = ["crops"]

SAME_MPP = 0.01


class _Project(SlideSource, Protocol):
    def checkout(self, version: str) -> Checkout: ...


def crops(
    project: _Project,
    version: str = "main",
    slides: str | Iterable[str] | None = None,
    *,
    labels: str | Iterable[str] | None = None,
    layers: str | Iterable[str] | None = None,
    verified: bool | str | Iterable[str] | None = None,
    um_per_px: float | None = None,
    context: float = 0.0,
    size: int | None = None,
    background: Any = None,
    group: str = "slide",
) -> Crops:
    """Return pictures of the annotations of a version, with labels and groups; each is read on demand.

    An annotation that reaches over the edge of the slide is seen with the slide's background there. Left out,
    and counted in `Crops.skipped`: annotations without label, wholly outside the slide, and without area
    (points, lines), but that a window of a fixed size (`size` with `um_per_px`) shows points, too. A label of
    the whole image has the whole image as its picture.

    Parameters
    ----------
    project : Project
    version : str
        A branch, a tag, a commit.
    slides : str or iterable of str, optional
        Names; all slides of the version if None.
    labels, layers : str or iterable of str, optional
        Only these; all if None.
    verified : bool, str or iterable of str, optional
        True: only what all who looked confirmed; False: only what they did not; or some of "unverified",
        "confirmed", "rejected" and "disputed".
    um_per_px : float, optional
        Resolution; None is level-0 pixels, for slides of one pixel size.
    context : float
        Share of the box's width and height that is added on each side.
    size : int, optional
        Side of square pictures: with `um_per_px` a window around the centre of each annotation, otherwise
        its box, widened to a square and resized.
    background : str or (int, int, int), optional
        Colour that takes the place of everything outside the annotation: ``"#ffffff"``.
    group : str
        "slide", or a member of the slides' metadata such as "patient": what is in one group is kept together
        in cross-validation.

    Returns
    -------
    Crops
        By slide, in the order of the project, and by place.

    Raises
    ------
    UnknownVersion, UnknownSlide
        If there is no such version, or it has no such slide.
    UnknownLabel
        If no annotation that was chosen carries one of the labels.
    UnknownMpp
        If `um_per_px` is given and a slide does not know its pixel size.
    InvalidInput
        If nothing is left, slides differ in pixel size and `um_per_px` is None, a slide lacks the member
        `group`, a picture would be too large, or a parameter is out of range.
    """
    view = View(um_per_px, context, size, colour_of(background))
    chosen = _Chosen(labels, layers, verified)
    checkout = project.checkout(version)
    entries = _entries(checkout, slides)
    groups = {name: _group(entry, group) for name, entry in entries.items()}
    skipped: dict[str, int] = {}
    parts = []
    for name, entry in entries.items():
        table = chosen.among(checkout[name].read(), skipped)
        if len(table):
            parts.append(_rows(entry, table, view, groups[name], skipped))
    chosen.check()
    parts = [part for part in parts if len(part.ids)]
    if not parts:
        told = ", ".join(f"{n} {reason}" for reason, n in skipped.items()) or "there is none"
        raise InvalidInput(f"no annotation of version {version!r} has a picture ({told}): choose others")
    names = {part.slides[0] for part in parts}
    _check_pixel_sizes(view, [entry for name, entry in entries.items() if name in names])
    rows = Rows(
        **{field: np.concatenate([getattr(part, field) for part in parts]) for field in parts[0].__dict__}
    )
    return Crops(rows, OpenSlides(project, entries), view, checkout.commit.id, skipped)


class _Chosen:
    """Which annotations are meant, and which of their labels were met."""

    def __init__(self, labels: Any, layers: Any, verified: Any) -> None:
        self.labels = None if labels is None else listed(labels, "Labels are given by name")
        self.layers = None if layers is None else listed(layers, "Layers are given by name")
        self.verdicts = _verdicts(verified)
        self.present: set[str] = set()

    def among(self, table: gpd.GeoDataFrame, skipped: dict[str, int]) -> gpd.GeoDataFrame:
        """Return those of a table that are meant; count those without label."""
        if self.layers is not None:
            table = table[table["layer"].isin(self.layers).to_numpy()]
        if self.verdicts is not None and len(table):
            texts = table["verifications"]
            known = {text: verdict(text) for text in texts.dropna().unique()}
            found = texts.map(lambda text: known.get(text, VERDICTS[0]), na_action=None)
            table = table[found.isin(self.verdicts).to_numpy()]
        self.present |= set(table["label"].dropna().unique())
        if self.labels is not None:
            return table[table["label"].isin(self.labels).to_numpy()]
        bare = table["label"].isna().to_numpy()
        _count(skipped, "without label", int(bare.sum()))
        return table[~bare]

    def check(self) -> None:
        """Raise `UnknownLabel` if no annotation carries a label that was asked for."""
        for name in self.labels or ():
            if name not in self.present:
                raise UnknownLabel(
                    unknown(
                        "annotation of label",
                        name,
                        sorted(self.present),
                        "no annotation that was chosen carries a label.",
                    )
                )


def _verdicts(verified: Any) -> list[str] | None:
    if verified is None:
        return None
    if isinstance(verified, bool):
        return [name for name in VERDICTS if (name == CONFIRMED) == verified]
    names = listed(verified, "Verdicts are given by name")
    for name in names:
        if name not in VERDICTS:
            raise InvalidInput(unknown("verdict", name, VERDICTS))
    return names


def _entries(checkout: Checkout, slides: str | Iterable[str] | None) -> dict[str, SlideEntry]:
    known = dict(checkout.slides)
    if slides is None:
        return known
    wanted = listed(slides, "Slides are given by name")
    for name in wanted:
        if name not in known:
            raise UnknownSlide(unknown(f"slide in version {checkout.version!r} named", name, known))
    return {name: entry for name, entry in known.items() if name in set(wanted)}


def _group(entry: SlideEntry, group: str) -> str:
    if group == "slide":
        return entry.name
    value = entry.metadata.get(group)
    if value is None or isinstance(value, dict | list):
        raise InvalidInput(
            f"slide {entry.name!r} has no {group!r} in its metadata to group by: set it with "
            f"project.slides.update_metadata({entry.name!r}, {{{group!r}: ...}}), or group by 'slide'"
        )
    return str(value)


def _rows(
    entry: SlideEntry, table: gpd.GeoDataFrame, view: View, group: str, skipped: dict[str, int]
) -> Rows:
    """Return the rows of one slide, by place; what has no picture is counted."""
    geometries = np.asarray(table.geometry.array, object)
    bounds = shapely.bounds(geometries)
    whole = (table["shape"] == "image").to_numpy(bool)
    bounds[whole] = (0, 0, *entry.size)
    empty = np.isnan(bounds).any(axis=1)
    if not view.takes_points:
        empty |= ~whole & ~(np.nan_to_num(shapely.area(geometries)) > 0)
    outside = ~empty & (
        (bounds[:, :2] >= entry.size).any(axis=1) | (bounds[:, 2:] < 0).any(axis=1)
        | ((bounds[:, 2:] <= 0) & (bounds[:, :2] < 0)).any(axis=1)
    )  # fmt: skip
    _count(skipped, "without area", int(empty.sum()))
    _count(skipped, "outside the slide", int(outside.sum()))
    kept = np.flatnonzero(~empty & ~outside)
    ids = np.asarray(table["id"], object)
    order = np.lexsort((ids[kept].astype(str), bounds[kept, 0], bounds[kept, 1]))
    kept = kept[order]
    mpp = None if entry.mpp is None else sum(entry.mpp) / 2
    frames = _framed(view.frame(bounds[kept], entry.name, mpp), ids[kept], entry.name)
    planes = np.stack([table["z"], table["t"], table["c"].fillna(-1)], axis=1).astype(np.int64)
    return Rows(
        ids[kept],
        _repeated(entry.name, len(kept)),
        np.asarray(table["label"], object)[kept],
        np.asarray(table["layer"], object)[kept],
        _repeated(group, len(kept)),
        geometries[kept],
        bounds[kept],
        planes[kept],
        frames,
    )


def _framed(frames: list[Frame], ids: NDArray[np.object_], slide: str) -> NDArray[np.object_]:
    for frame, name in zip(frames, ids, strict=True):
        if frame.width * frame.height > MAX_PIXELS:
            raise InvalidInput(
                f"the picture of annotation {name} of slide {slide!r} would have "
                f"{frame.width} x {frame.height} pixels: give a coarser um_per_px, a size, or other labels"
            )
    listed_frames = np.empty(len(frames), object)
    for number, frame in enumerate(frames):
        listed_frames[number] = frame
    return listed_frames


def _repeated(text: str, n: int) -> NDArray[np.object_]:
    return np.array([text] * n, object)


def _count(skipped: dict[str, int], reason: str, n: int) -> None:
    if n:
        skipped[reason] = skipped.get(reason, 0) + n


def _check_pixel_sizes(view: View, entries: list[SlideEntry]) -> None:
    """Refuse to mix level-0 pixels of different sizes."""
    if view.um_per_px is not None or view.size is not None:
        return
    known: Mapping[str, float] = {e.name: sum(e.mpp) / 2 for e in entries if e.mpp is not None}
    if not known:
        return
    finest, coarsest = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    if known[coarsest] > known[finest] * (1 + SAME_MPP):
        raise InvalidInput(
            f"slide {finest!r} has {known[finest]:g} um per pixel and slide {coarsest!r} "
            f"{known[coarsest]:g}: give um_per_px to see both alike, such as {known[coarsest]:g}"
        )
