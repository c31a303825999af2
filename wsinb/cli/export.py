"""`wsinb export`."""

from __future__ import annotations

from pathlib import Path

import click

from wsinb.cli.output import echo_json, output_option, project_option, slides_option

__all__ = ["command"]

ROOT = "wsinb.export/1"


@click.command("export")
@click.argument("version")
@click.argument("folder", type=click.Path(path_type=Path))
@project_option
@click.option(
    "--format", "-f", "form", default="geoparquet", show_default=True, help="geoparquet or geojson."
)
@slides_option
@output_option
def command(
    version: str, folder: Path, project: str, form: str, slides: tuple[str, ...], output: str
) -> None:
    """Write the annotations of a version to a folder, one file a slide."""
    from wsinb.cli.projects import open_nearest

    opened = open_nearest(project)
    files = opened.export(
        version, folder, form, slides=slides or None, progress=None if output == "json" else True
    )
    if output == "json":
        echo_json(ROOT, {"commit": opened.resolve(version), "files": [str(file) for file in files]})
    else:
        click.echo(f"Wrote {len(files) - 1} tables and {files[-1].name} to {folder}.")
