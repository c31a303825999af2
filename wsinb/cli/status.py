"""`wsinb status`."""

from __future__ import annotations

from dataclasses import asdict

import click

from wsinb.cli.describe import json_value
from wsinb.cli.output import branch_option, echo_json, output_option, project_option

__all__ = ["command"]

ROOT = "wsinb.status/1"


@click.command("status")
@project_option
@branch_option("The branch to describe.")
@output_option
def command(project: str, branch: str, output: str) -> None:
    """Tell how large the tables of a branch are and what is not committed yet."""
    from wsinb.cli.projects import open_nearest

    status = open_nearest(project).status(branch)
    if output == "json":
        echo_json(ROOT, json_value(asdict(status)))
    else:
        click.echo(str(status))
