"""The command line: one verb, one module, imported when it is called."""

from __future__ import annotations

from wsinb.cli.main import cli, main

__all__ = ["cli", "main"]
