"""Helpers for tests of code that works on slides: synthetic slides with known regions."""

from __future__ import annotations

from wsinb.testing.slides import synthetic_image, synthetic_regions, synthetic_slide

__all__ = ["synthetic_image", "synthetic_regions", "synthetic_slide"]
