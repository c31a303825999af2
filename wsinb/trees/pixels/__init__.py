"""Pixels classified by trees on filter-bank features: strokes in, a picture out, at once."""

from __future__ import annotations

from wsinb.trees.pixels.field import PixelField
from wsinb.trees.pixels.filters import FILTERS, feature_names, filter_bank
from wsinb.trees.pixels.model import PixelForest
from wsinb.trees.pixels.training import train_pixels

__all__ = ["FILTERS", "PixelField", "PixelForest", "feature_names", "filter_bank", "train_pixels"]
