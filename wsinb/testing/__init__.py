"""Helpers for tests of code that works on slides: synthetic slides, a model of the version store.

Hypothesis strategies for annotations are in `wsinb.testing.annotations`.
"""

from __future__ import annotations

from wsinb.testing.model_store import ModelStore
from wsinb.testing.slides import synthetic_image, synthetic_regions, synthetic_slide

__all__ = ["ModelStore", "synthetic_image", "synthetic_regions", "synthetic_slide"]
