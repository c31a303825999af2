"""`wsinb pipeline`."""

from __future__ import annotations

import json

import click

from wsinb.cli.output import echo_json, output_option, project_option

__all__ = ["command"]

ROOT = "wsinb.pipeline/1"


@click.command("pipeline")
@click.argument("file", type=click.Path(dir_okay=False))
@project_option
@click.option(
    "--slides", "-s", multiple=True, metavar="PATTERN", help="Slides of all steps, by name or pattern."
)
@click.option(
    "--reuse/--no-reuse", default=True, help="Whether steps whose causes did not change are left out."
)
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
@output_option
def command(file: str, project: str, slides: tuple[str, ...], reuse: bool, quiet: bool, output: str) -> None:
    """Run the jobs that FILE (TOML) names, one after another."""
    from wsinb.cli.projects import open_nearest

    options = {"slides": list(slides)} if slides else {}
    done = open_nearest(project).pipeline(file, reuse=reuse, progress=not quiet, **options)
    if output == "json":
        echo_json(ROOT, json.loads(done.table.reset_index().to_json(orient="records")))
        return
    for name, result in done.steps.items():
        state = "not run again" if result.reused else result.id
        click.echo(f"{name}: version {result.commit[:12]}, {state}")
