"""`wsinb compact`."""

from __future__ import annotations

from dataclasses import asdict

import click

from wsinb.cli.output import branch_option, echo_json, output_option, project_option, slides_option

__all__ = ["command"]

ROOT = "wsinb.compact/1"


@click.command("compact")
@project_option
@branch_option("The branch whose tables are compacted.")
@slides_option
@output_option
def command(project: str, branch: str, slides: tuple[str, ...], output: str) -> None:
    """Put the tables of a branch in as few files as they need; no version changes, and reading is fast."""
    from wsinb.cli.projects import open_nearest

    progress = None if output == "json" else True
    report = open_nearest(project).compact(slides or None, branch, progress=progress)
    if output == "json":
        echo_json(ROOT, asdict(report))
    else:
        click.echo(str(report))
