"""`wsinb revert`."""

from __future__ import annotations

from typing import Literal

import click

from wsinb.cli.output import (
    author_option,
    branch_option,
    echo_json,
    message_option,
    output_option,
    project_option,
)
from wsinb.cli.refusal import conflicts_named

__all__ = ["command"]

ROOT = "wsinb.revert/1"


@click.command("revert")
@click.argument("version")
@project_option
@branch_option()
@click.option(
    "--resolve", type=click.Choice(["ours", "theirs"]), help="Keep later edits (ours), or undo them too."
)
@message_option
@author_option
@output_option
def command(
    version: str,
    project: str,
    branch: str,
    resolve: Literal["ours", "theirs"] | None,
    message: str | None,
    author: str | None,
    output: str,
) -> None:
    """Undo what one version did, as a new commit."""
    from wsinb.cli.projects import open_nearest

    with conflicts_named(ROOT, output):
        commit = open_nearest(project).revert(
            version, branch, resolve=resolve, message=message, author=author
        )
    if output == "json":
        echo_json(ROOT, commit.to_json())
    else:
        click.echo(f"Reverted {version}: {commit.id[:12]}  {commit.summary()}")
