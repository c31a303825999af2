"""`wsinb show`."""

from __future__ import annotations

import click

from wsinb.cli.diff import diff_json, echo_changes
from wsinb.cli.output import changes_option, echo_json, output_option, project_option

__all__ = ["command"]

ROOT = "wsinb.show/1"


@click.command("show")
@click.argument("version", default="main")
@project_option
@changes_option
@output_option
def command(version: str, project: str, changes: bool, output: str) -> None:
    """Show one version: who, when, what changed against the one before, and its artifacts."""
    from wsinb.cli.projects import open_nearest

    opened = open_nearest(project)
    shown = opened.show(version)
    commit, artifacts = shown.commit, opened.artifacts(shown.commit.id)
    if output == "json":
        files = [{"name": item.name, "sha256": item.sha256, "size": item.size} for item in artifacts]
        echo_json(ROOT, {**commit.to_json(), "diff": diff_json(shown.diff, changes), "artifacts": files})
        return
    click.echo(f"commit {commit.id}")
    if len(commit.parents) > 1:
        click.echo(f"merges {' '.join(parent[:12] for parent in commit.parents)}")
    click.echo(f"author {commit.author}")
    click.echo(f"time   {commit.time.isoformat(timespec='seconds')}")
    click.echo(f"\n    {commit.message}\n")
    echo_changes(shown.diff, changes)
    for item in artifacts:
        click.echo(f"artifact {item.name} ({item.size} bytes, sha256 {item.sha256[:12]})")
