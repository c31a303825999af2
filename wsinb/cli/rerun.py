"""`wsinb rerun`."""

from __future__ import annotations

import json

import click

from wsinb.cli.output import echo_json, output_option, project_option

__all__ = ["DIFFERENT", "command"]

ROOT = "wsinb.rerun/1"
DIFFERENT = 1


@click.command("rerun")
@click.argument("run")
@project_option
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
@output_option
def command(run: str, project: str, quiet: bool, output: str) -> int:
    """Repeat RUN (an id, or its beginning or end) without committing; exit 1 if its result differs."""
    from wsinb.cli.projects import open_nearest

    compared = open_nearest(project).rerun(run, progress=not quiet)
    if output == "json":
        facts = {
            "first": compared.first,
            "second": compared.second,
            "identical": compared.identical,
            "tables": json.loads(compared.tables.to_json(orient="records")),
            "files": json.loads(compared.files.to_json(orient="records")),
            "metrics": compared.metrics,
            "packages": compared.packages,
        }
        echo_json(ROOT, facts)
    else:
        click.echo(repr(compared)[1:-1])
        differing = compared.tables[compared.tables[["only first", "only second"]].any(axis=1)]
        if len(differing):
            click.echo(differing.to_string(index=False))
    return 0 if compared.identical else DIFFERENT
