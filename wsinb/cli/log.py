"""`wsinb log`."""

from __future__ import annotations

import click

from wsinb.cli.describe import counts_text
from wsinb.cli.output import branch_option, echo_json, output_option, project_option

__all__ = ["command"]

ROOT = "wsinb.log/1"


@click.command("log")
@project_option
@branch_option("The branch whose versions are listed.")
@click.option("-n", "--limit", type=click.IntRange(min=1), help="At most so many, the newest first.")
@output_option
def command(project: str, branch: str, limit: int | None, output: str) -> None:
    """List the versions of a project, the newest first."""
    from wsinb.cli.projects import open_nearest

    commits = open_nearest(project).log(branch, limit=limit)
    if output == "json":
        echo_json(ROOT, [commit.to_json() for commit in commits])
        return
    for commit in commits:
        click.echo(f"{commit.id[:12]}  {commit.time:%Y-%m-%d %H:%M}  {commit.author}  {commit.message}")
        for slide, change in sorted(commit.changes.items()):
            if any(change.values()):
                click.echo(f"    {slide}: {counts_text(change)}")
