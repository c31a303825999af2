"""`wsinb log`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from wsinb.cli.output import echo_json, output_option, project_option

if TYPE_CHECKING:
    from wsinb.versions import Commit

__all__ = ["command"]

ROOT = "wsinb.log/1"


@click.command("log")
@project_option
@click.option("--branch", default="main", show_default=True, help="The branch whose versions are listed.")
@click.option("-n", "--limit", type=click.IntRange(min=1), help="At most so many, the newest first.")
@output_option
def command(project: str, branch: str, limit: int | None, output: str) -> None:
    """List the versions of a project, the newest first."""
    from wsinb.cli.projects import open_nearest

    commits = open_nearest(project).log(branch, limit=limit)
    if output == "json":
        echo_json(ROOT, [_plain(commit) for commit in commits])
        return
    for commit in commits:
        click.echo(f"{commit.id[:12]}  {commit.time:%Y-%m-%d %H:%M}  {commit.author}  {commit.message}")
        for slide, change in sorted(commit.changes.items()):
            counts = ", ".join(f"{n} {verb}" for verb, n in change.items() if n)
            if counts:
                click.echo(f"    {slide}: {counts}")


def _plain(commit: Commit) -> dict[str, Any]:
    return {
        "id": commit.id,
        "parents": list(commit.parents),
        "author": commit.author,
        "time": commit.time.isoformat(),
        "message": commit.message,
        "changes": {slide: dict(change) for slide, change in commit.changes.items()},
    }
