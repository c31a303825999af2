"""The header of a model: what it is, what it was trained on and with, and its checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wsinb.errors import InvalidInput
from wsinb.numbers import real

__all__ = [
    "CHANNELS",
    "FORMAT",
    "KINDS",
    "check_header",
    "check_kind",
    "kind_of",
    "library_versions",
    "new_header",
]

FORMAT = 1
CHANNELS = 3
KINDS = {
    "segmentation": "wsinb.trees.segment:SegmentationForest",
    "direct": "wsinb.trees.classify:DirectClassifier",
    "leaves": "wsinb.trees.classify:LeafClassifier",
    "pixels": "wsinb.trees.pixels:PixelForest",
}
"""Where the class of a kind lives: rooms above this one, which is why they are named, not imported."""


def new_header(
    kind: str,
    labels: Sequence[str | int] = (),
    *,
    parameters: Mapping[str, Any] | None = None,
    random_state: int | None = None,
    um_per_px: float | None = None,
    downsample: float | None = None,
    version: str | None = None,
    scores: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a header that `check_header` accepts; fits JSON.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    labels : sequence of str or int
        By class.
    um_per_px, downsample : float, optional
        Resolution that the model sees: micrometres per pixel, or level-0 pixels per pixel.
    version : str, optional
        Id of the commit that it was trained on.
    """
    return {
        "format": FORMAT,
        "kind": kind,
        "channels": CHANNELS,
        "labels": list(labels),
        "um_per_px": um_per_px,
        "downsample": downsample,
        "version": version,
        "versions": library_versions(),
        "parameters": dict(parameters or {}),
        "random_state": random_state,
        "scores": dict(scores or {}),
    }


def kind_of(header: Mapping[str, Any], name: str) -> str:
    """Return the kind of a model; one without `format` is a segmentation model of the first form.

    Raises
    ------
    InvalidInput
        If its format, kind or number of channels is not one that this version reads; `name` is what the
        sentence calls it.
    """
    if "format" not in header:
        return "segmentation"
    made_by = header.get("versions")
    library = made_by.get("wsinb") if isinstance(made_by, Mapping) else None
    wanted = f"wsinb {library}" if isinstance(library, str) else "a newer wsinb"
    if header["format"] != FORMAT or type(header["format"]) is not int:
        raise InvalidInput(
            f"{name} is a model of format {header['format']!r}, this wsinb reads {FORMAT}: install {wanted}"
        )
    kind = header.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise InvalidInput(
            f"{name} is a model of kind {kind!r}, this wsinb knows {', '.join(KINDS)}: install {wanted}"
        )
    # pixel models learn from any number of channels; they check it themselves
    if kind != "pixels" and header.get("channels") != CHANNELS:
        raise InvalidInput(
            f"{name} expects images of {header.get('channels')!r} channels, slides are read with {CHANNELS}: "
            "train it on RGB"
        )
    return kind


def check_kind(header: Mapping[str, Any], kind: str, name: str) -> None:
    """Raise `InvalidInput`, a sentence about `name`, unless a header is of a kind; see also `kind_of`."""
    found = kind_of(header, name)
    if found != kind:
        raise InvalidInput(
            f"{name} is a model of kind {found!r}, not {kind!r}: load it with wsinb.trees.load_model"
        )


def check_header(header: Mapping[str, Any]) -> None:
    """Raise `InvalidInput` or `KeyError`, a reason, unless what all kinds have in their headers is in order.

    What a kind has for itself, such as classes that fit its labels, is checked where the kind is at home.
    """
    labels = header["labels"]
    if not isinstance(labels, list) or any(type(label) not in (str, int) or label == "" for label in labels):
        raise InvalidInput("its labels are not names")
    if not labels or len(set(map(repr, labels))) != len(labels):
        raise InvalidInput("its labels are missing or repeated")
    for key in ("um_per_px", "downsample"):
        value = header[key]
        if value is not None and not 0 < (real(value) or 0) < 1e6:
            raise InvalidInput(f"{key} is {value!r}")


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that a model depends on."""
    from importlib.metadata import version

    from wsinb import __version__

    return {**{name: version(name) for name in ("numba", "numpy", "scikit-learn")}, "wsinb": __version__}
