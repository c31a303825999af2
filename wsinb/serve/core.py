"""The request core: plain requests in, plain answers out, from any thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wsinb.serve.children import Children
from wsinb.serve.failures import failure_response
from wsinb.serve.lru import Lru
from wsinb.serve.messages import Request, Response
from wsinb.serve.paths import PathGuard
from wsinb.serve.project_cache import ProjectCache
from wsinb.serve.slide_cache import SlideCache
from wsinb.serve.vectors.cache import VectorCache

if TYPE_CHECKING:
    from wsinb.versions import SlideDiff

__all__ = ["Core", "Settings"]

MAX_CHANGES = 200_000
"""So many changes of differences between versions stay in memory, for the pages that follow."""


@dataclass(frozen=True)
class Settings:
    """What a face configures.

    Parameters
    ----------
    root
        Folder that relative paths are relative to, and that all paths are confined to.
    roots
        Further folders that may be opened.
    open_slides
        How many slide files stay open at once.
    index_bytes, tile_bytes
        Memory for the spatial indexes of annotations and for encoded vector tiles.
    """

    root: Path
    roots: Sequence[str] = ()
    open_slides: int = 16
    index_bytes: int = 1 << 30
    tile_bytes: int = 128 << 20


class Core:
    """Answers requests; holds the open slides and the indexes of annotations."""

    def __init__(self, settings: Settings) -> None:
        self.ready = threading.Event()
        self.ready.set()
        self.paths = PathGuard(settings.root, settings.roots)
        self.projects = ProjectCache(self.paths)
        self.children = Children()
        self.slides = SlideCache(settings.open_slides)
        self.vectors = VectorCache(settings.index_bytes, settings.tile_bytes)
        self.differences: Lru[tuple[Path, str, str, str], SlideDiff] = Lru(
            MAX_CHANGES, lambda part: 1 + len(part)
        )

    def handle(self, request: Request) -> Response:
        """Answer `request`; every error becomes an answer too. It waits until the core is `ready`."""
        from wsinb.serve.routes import find_route

        self.ready.wait()
        try:
            route, arguments = find_route(request.method, request.route)
            return route.endpoint(self, request, arguments)
        except Exception as error:  # noqa: BLE001 - a face must get an answer whatever happens
            return failure_response(error)

    def close(self) -> None:
        """Close the slides and forget what was cached."""
        self.slides.close()
        self.projects.clear()
        self.vectors.clear()
        self.differences.clear()
