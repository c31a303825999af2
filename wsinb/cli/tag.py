"""`wsinb tag`."""

from __future__ import annotations

from wsinb.cli.refs import ref_command

__all__ = ["command"]

command = ref_command("tag")
