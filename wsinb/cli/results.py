"""What verbs say about a run that is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wsinb.cli.output import echo_json

if TYPE_CHECKING:
    from wsinb.jobs import JobResult

__all__ = ["echo_result"]

ROOT = "wsinb.run/1"


def echo_result(result: JobResult, output: str) -> None:
    """Print the record of a run as JSON, or what a person wants to know."""
    if output == "json":
        echo_json(ROOT, result.record)
        return
    click.echo(f"{result.job} {result.id}: version {result.commit[:12]}")
    for key, value in result.metrics.items():
        click.echo(f"  {key}: {value}")
