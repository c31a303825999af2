"""`wsinb verify-run`."""

from __future__ import annotations

from dataclasses import asdict

import click

from wsinb.cli.output import echo_json, output_option, project_option

__all__ = ["command"]

ROOT = "wsinb.verify-run/1"


@click.command("verify-run")
@click.argument("run")
@project_option
@output_option
def command(run: str, project: str, output: str) -> int:
    """Check that all that RUN (an id, or its beginning or end) was made of is still there; exit 1 if not."""
    from wsinb.cli.projects import open_nearest

    found = open_nearest(project).verify_run(run)
    if output == "json":
        echo_json(ROOT, {**asdict(found), "ok": found.ok})
    else:
        click.echo(repr(found)[1:-1])
        for what, how in found.problems:
            click.echo(f"  {what} {how}")
    return 0 if found.ok else 1
