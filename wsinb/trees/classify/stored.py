"""Classifiers as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np

from wsinb.errors import InvalidInput
from wsinb.trees.forest.file import write_forest
from wsinb.trees.models import reading_model

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
    with reading_model(source, kind.kind, name) as (forest, header, arrays):
        classifier = kind(**_parameters(header["parameters"]))
        classifier._check_parameters()
        _check_forest(classifier, forest, header["labels"])
        classifier.forest_ = forest
        classifier.classes_ = np.array(header["labels"])
        classifier.header_ = dict(header)
        classifier._restore(arrays)
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
