"""`wsinb verify`."""

from __future__ import annotations

from dataclasses import asdict

import click

from wsinb.cli.output import echo_json, output_option, project_option
from wsinb.errors import StorageError

__all__ = ["command"]

ROOT = "wsinb.verify/1"


@click.command("verify")
@project_option
@output_option
def command(project: str, output: str) -> int:
    """Read every file of a project again and name those that are damaged or missing."""
    from wsinb.cli.projects import open_nearest

    report = open_nearest(project).verify(progress=None if output == "json" else True)
    if output == "json":
        echo_json(ROOT, asdict(report))
    else:
        click.echo(str(report))
    return 0 if report.ok else StorageError.exit_code
