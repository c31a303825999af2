"""`wsinb restore`."""

from __future__ import annotations

import click

from wsinb.cli.output import (
    author_option,
    branch_option,
    echo_json,
    message_option,
    output_option,
    project_option,
)

__all__ = ["command"]

ROOT = "wsinb.restore/1"


@click.command("restore")
@click.argument("slide")
@click.argument("ids", nargs=-1, required=True)
@click.option("--at", required=True, help="The version to take them from.")
@project_option
@branch_option()
@message_option
@author_option
@output_option
def command(
    slide: str,
    ids: tuple[str, ...],
    at: str,
    project: str,
    branch: str,
    message: str | None,
    author: str | None,
    output: str,
) -> None:
    """Set annotations of a slide back to what they were at a version, as a new commit."""
    from wsinb.cli.projects import open_nearest

    opened = open_nearest(project)
    commit = opened.restore(slide, list(ids), at, branch, author=author, message=message)
    if output == "json":
        echo_json(ROOT, commit.to_json())
    else:
        click.echo(f"Restored from {at}: {commit.id[:12]}  {commit.summary()}")
