"""Helpers for tests of code that works on slides: synthetic slides, a model of the version store.

Hypothesis strategies for annotations are in `wsinb.testing.annotations`.
"""

from __future__ import annotations

from wsinb.testing.cells import CELL_KINDS, synthetic_cell_image, synthetic_cell_slide, synthetic_cells
from wsinb.testing.model_store import ModelStore
from wsinb.testing.slides import synthetic_image, synthetic_regions, synthetic_slide
from wsinb.testing.study import cell_study

__all__ = [
    "CELL_KINDS",
    "ModelStore",
    "cell_study",
    "synthetic_cell_image",
    "synthetic_cell_slide",
    "synthetic_cells",
    "synthetic_image",
    "synthetic_regions",
    "synthetic_slide",
]
