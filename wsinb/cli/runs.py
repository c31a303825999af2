"""`wsinb runs`."""

from __future__ import annotations

import json

import click

from wsinb.cli.output import echo_json, output_option, project_option

__all__ = ["command"]

ROOT = "wsinb.runs/1"


@click.command("runs")
@click.argument("job", required=False)
@project_option
@click.option("-n", "--limit", type=click.IntRange(min=1), help="At most so many, the newest first.")
@output_option
def command(job: str | None, project: str, limit: int | None, output: str) -> None:
    """List the runs of the project, or those of JOB, with their states and metrics."""
    from wsinb.cli.projects import open_nearest
    from wsinb.listing import text_table

    table = open_nearest(project).runs(job, limit)
    if output == "json":
        echo_json(ROOT, json.loads(table.reset_index().to_json(orient="records", date_format="iso")))
        return
    if not len(table):
        click.echo("Nothing was run yet.")
        return
    rows = [
        (
            str(run),
            str(facts["job"]),
            str(facts["state"]),
            f"{facts['started']:%Y-%m-%d %H:%M}",
            int(facts["slides"]),
            str(facts["message"] or ""),
        )
        for run, facts in table.iterrows()
    ]
    click.echo(text_table(("run", "job", "state", "started (UTC)", "slides", "message"), rows))
