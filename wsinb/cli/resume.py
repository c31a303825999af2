"""`wsinb resume`."""

from __future__ import annotations

import click

from wsinb.cli.output import output_option, project_option
from wsinb.cli.results import echo_result

__all__ = ["command"]


@click.command("resume")
@click.argument("run")
@project_option
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
@output_option
def command(run: str, project: str, quiet: bool, output: str) -> None:
    """Go on with RUN (an id, or its beginning or end): only what is not done is done."""
    from wsinb.cli.projects import open_nearest

    echo_result(open_nearest(project).resume(run, progress=not quiet), output)
