"""Conflicts, named one by one before the command leaves with their exit code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import click

from wsinb.cli.describe import conflict_json
from wsinb.cli.output import echo_json
from wsinb.errors import Conflict

__all__ = ["conflicts_named"]

SHOWN = 20


@contextlib.contextmanager
def conflicts_named(root: str, output: str) -> Iterator[None]:
    """Print the conflicts of a `Conflict` and let it pass on."""
    try:
        yield
    except Conflict as conflict:
        if output == "json":
            echo_json(root, {"conflicts": conflict_json(conflict)})
        else:
            for item in conflict.conflicts[:SHOWN]:
                where = f"{item.slide}: {item.id}" if item.slide else item.id
                click.echo(f"conflict {where} ({item.field or 'deleted on one side'})")
            if len(conflict.conflicts) > SHOWN:
                click.echo(f"... and {len(conflict.conflicts) - SHOWN} more")
        raise
