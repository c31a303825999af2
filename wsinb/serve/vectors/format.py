"""The binary form of a vector tile; docs/design/0001-rooms.md describes every field."""

from __future__ import annotations

import struct

__all__ = [
    "CELL_PX",
    "HEADER",
    "KIND_DENSITY",
    "KIND_FEATURES",
    "LINE",
    "MAGIC",
    "MAX_SCORE_BINS",
    "NO_BIN",
    "NO_LABEL",
    "NO_LAYER",
    "NO_SCORE",
    "POINT",
    "POLYGON",
    "TILE_PX",
    "UNITS_PER_PX",
]

MAGIC = 0x31545657  # "WVT1"
HEADER = struct.Struct("<IBBHIIIIII")

KIND_FEATURES = 1
KIND_DENSITY = 2

POINT = 0
POLYGON = 1
LINE = 2

TILE_PX = 512  # side of a tile, in screen pixels
UNITS_PER_PX = 8  # coordinates are stored in eighths of a screen pixel
CELL_PX = 2  # side of a density cell, in screen pixels
MAX_SCORE_BINS = 16

NO_LABEL = 65535
NO_LAYER = 255
NO_SCORE = 255
NO_BIN = 255
