"""The jupyter_server extension."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_server.extension.application import ExtensionApp
from traitlets import Int, List, Unicode

from wsinb.serve.core import Core, Settings
from wsinb.serve.handlers import CoreHandler, Workers
from wsinb.serve.overview import ready_projects

__all__ = ["WsinbExtension"]


class WsinbExtension(ExtensionApp):
    """Serves slides, annotations and versions to the browser.

    Loading it imports no array, table or image library: these come with the first request, or in the
    background where the server's root folder has projects.
    """

    name = "wsinb"

    roots = List(
        Unicode(),
        help="Folders beside the server's root folder whose slides and projects may be opened.",
    ).tag(config=True)
    open_slides = Int(16, min=1, help="How many slide files stay open.").tag(config=True)
    index_megabytes = Int(1024, min=1, help="Memory for spatial indexes of annotations.").tag(config=True)
    tile_megabytes = Int(128, min=1, help="Memory for encoded vector tiles.").tag(config=True)
    threads = Int(
        min(8, (os.cpu_count() or 2) + 2),
        min=1,
        help="Threads for image tiles, as many for drawing annotations, and as many for all else.",
    ).tag(config=True)

    def initialize_handlers(self) -> None:
        """Register the one handler of everything below ``wsinb/api/``."""
        assert self.serverapp is not None
        settings = Settings(
            root=Path(self.serverapp.root_dir),
            roots=tuple(self.roots),
            open_slides=self.open_slides,
            index_bytes=self.index_megabytes << 20,
            tile_bytes=self.tile_megabytes << 20,
        )
        self.workers = Workers(Core(settings), self.threads)
        self.workers.load(ready_projects)
        self.handlers.append((r"wsinb/api/(.*)", CoreHandler, {"workers": self.workers}))

    async def stop_extension(self) -> None:
        """Let running requests finish and close the slides."""
        self.workers.close()
