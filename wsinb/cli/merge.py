"""`wsinb merge`."""

from __future__ import annotations

from typing import Literal

import click

from wsinb.cli.output import author_option, echo_json, message_option, output_option, project_option
from wsinb.cli.refusal import conflicts_named

__all__ = ["command"]

ROOT = "wsinb.merge/1"


@click.command("merge")
@click.argument("source")
@click.argument("into", default="main")
@project_option
@click.option(
    "--resolve", type=click.Choice(["ours", "theirs"]), help="Which side holds where both changed a field."
)
@message_option
@author_option
@output_option
def command(
    source: str,
    into: str,
    project: str,
    resolve: Literal["ours", "theirs"] | None,
    message: str | None,
    author: str | None,
    output: str,
) -> None:
    """Merge the version or branch SOURCE into a branch (INTO; main, if not given).

    What both sides changed differently is listed, and nothing is written, unless --resolve says which holds.
    """
    from wsinb.cli.projects import open_nearest

    with conflicts_named(ROOT, output):
        commit = open_nearest(project).merge(source, into, resolve=resolve, message=message, author=author)
    if output == "json":
        echo_json(ROOT, commit.to_json())
    else:
        click.echo(
            f"Merged {source} into {into}: {commit.id[:12]}  {commit.summary() or 'nothing but history'}"
        )
