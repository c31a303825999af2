"""Classifiers as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np

from wsinb.errors import InvalidInput
from wsinb.trees.forest.file import read_stored, write_forest
from wsinb.trees.models import check_header, check_kind

if TYPE_CHECKING:
    from wsinb.trees.classify.base import SubwindowClassifier

__all__ = ["read_classifier", "write_classifier"]

C = TypeVar("C", bound="SubwindowClassifier")


def write_classifier(target: str | Path | BinaryIO, classifier: SubwindowClassifier) -> None:
    """Write a trained classifier, see `wsinb.trees.forest.file.write_forest`."""
    write_forest(target, classifier.forest_, classifier.header_, classifier._arrays())


def read_classifier(kind: type[C], source: str | Path | BinaryIO, name: str | None) -> C:
    """Read a classifier; every array is checked.

    Raises
    ------
    InvalidInput
        If the file is no such classifier, or is damaged.
    """
    name = name or (str(source) if isinstance(source, str | Path) else "the model")
    stored = read_stored(source, name)
    header = stored.header
    check_kind(header, kind.kind, name)
    try:
        check_header(header)
        classifier = kind(**_parameters(header["parameters"]))
        classifier._check_parameters()
        _check_forest(classifier, stored.forest, header["labels"])
        classifier.forest_ = stored.forest
        classifier.classes_ = np.array(header["labels"])
        classifier.header_ = dict(header)
        classifier._restore(stored.arrays)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            f"{name} is not a classifier, or is damaged ({error}): train it again, or take another copy"
        ) from error
    return classifier


def _parameters(stored: dict[str, Any]) -> dict[str, Any]:
    weights = stored["class_weight"]
    if isinstance(weights, list):
        return {**stored, "class_weight": {name: float(value) for name, value in weights}}
    return dict(stored)


def _check_forest(classifier: SubwindowClassifier, forest: Any, labels: list[Any]) -> None:
    if forest.classes != tuple(range(len(labels))) or len(labels) < 2:
        raise InvalidInput("its labels do not match its classes")
    if len({type(label) for label in labels}) != 1 or labels != sorted(labels):
        raise InvalidInput("its labels are not in order")
    n_features = int(np.prod(classifier._draws().shape))
    if forest.n_outputs != 1 or forest.n_features != n_features:
        raise InvalidInput(f"its forest does not see windows of {classifier.window} px")
