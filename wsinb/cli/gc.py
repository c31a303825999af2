"""`wsinb gc`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import click

from wsinb.cli.output import echo_json, output_option, project_option

__all__ = ["command"]

ROOT = "wsinb.gc/1"


@click.command("gc")
@project_option
@click.option(
    "--grace-days",
    type=click.FloatRange(min=0),
    default=7.0,
    show_default=True,
    help="Spare files newer than this.",
)
@click.option("--dry-run", "-n", is_flag=True, help="Only tell what would be removed.")
@output_option
def command(project: str, grace_days: float, dry_run: bool, output: str) -> None:
    """Remove files that no version needs."""
    from wsinb.cli.projects import open_nearest

    try:
        grace = timedelta(days=grace_days)
    except (OverflowError, ValueError) as error:  # infinite, or not a number
        raise click.BadParameter(f"{grace_days} is no number of days.", param_hint="--grace-days") from error
    progress = None if output == "json" else True
    report = open_nearest(project).gc(grace, dry_run=dry_run, progress=progress)
    if output == "json":
        echo_json(ROOT, asdict(report))
    else:
        click.echo(str(report))
