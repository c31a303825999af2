"""`wsinb jobs`."""

from __future__ import annotations

import click

from wsinb.cli.output import echo_json, output_option, project_option

__all__ = ["command"]

ROOT = "wsinb.jobs/1"


@click.command("jobs")
@project_option
@output_option
def command(project: str, output: str) -> None:
    """List the jobs that can be run: shipped ones, those of the project, those of other packages."""
    from wsinb.cli.projects import open_nearest
    from wsinb.errors import UnknownProject
    from wsinb.jobs import all_jobs
    from wsinb.listing import text_table

    try:
        opened = open_nearest(project)
    except UnknownProject:
        opened = None
    found = all_jobs(opened)
    if output == "json":
        facts = [
            {
                "name": job.name,
                "title": job.title,
                "help": job.help,
                "from": job.origin,
                "per_slide": job.per_slide,
            }
            for job in found
        ]
        echo_json(ROOT, facts)
        return
    click.echo(text_table(None, [(job.name, job.title, job.origin) for job in found]))
