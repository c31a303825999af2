"""Reading slides: open a file, read any region at any resolution, cut it into tiles, write pyramids."""

from __future__ import annotations

from wsinb.tiles.channels import Channel, ChannelStyle
from wsinb.tiles.grid import Tile, TileGrid
from wsinb.tiles.model import Frames, Level, Planes
from wsinb.tiles.pyramid import write_pyramid
from wsinb.tiles.slide import Slide, open_slide
from wsinb.tiles.suffixes import SLIDE_SUFFIXES

__all__ = [
    "SLIDE_SUFFIXES",
    "Channel",
    "ChannelStyle",
    "Frames",
    "Level",
    "Planes",
    "Slide",
    "Tile",
    "TileGrid",
    "open_slide",
    "write_pyramid",
]
