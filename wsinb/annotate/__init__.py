"""The annotation table: schema, validation, labels, shapes and their forms elsewhere."""

from __future__ import annotations

from wsinb.annotate.arrow import from_arrow, to_arrow
from wsinb.annotate.checks import validate
from wsinb.annotate.features import from_features, to_features
from wsinb.annotate.labels import Label, LabelSet
from wsinb.annotate.precision import snap
from wsinb.annotate.shapes import SHAPES, rectangle_params, shape_geometry
from wsinb.annotate.table import COLUMNS, SCHEMA, empty_annotations, new_annotations

__all__ = [
    "COLUMNS",
    "SCHEMA",
    "SHAPES",
    "Label",
    "LabelSet",
    "empty_annotations",
    "from_arrow",
    "from_features",
    "new_annotations",
    "rectangle_params",
    "shape_geometry",
    "snap",
    "to_arrow",
    "to_features",
    "validate",
]
