"""`wsinb blame`."""

from __future__ import annotations

import click

from wsinb.cli.output import echo_json, output_option, project_option

__all__ = ["command"]

ROOT = "wsinb.blame/1"


@click.command("blame")
@click.argument("slide")
@click.argument("id")
@click.option("--at", "version", default="main", show_default=True, help="The version to begin at.")
@project_option
@output_option
def command(slide: str, id: str, version: str, project: str, output: str) -> None:  # noqa: A002  the argument's name
    """Tell who changed an annotation, when and how, the newest change first."""
    from wsinb.cli.projects import open_nearest

    entries = open_nearest(project).blame(slide, id, version)
    if output == "json":
        plain = [
            {
                "commit": entry.commit,
                "author": entry.author,
                "time": entry.time.isoformat(),
                "message": entry.message,
                "kind": entry.kind,
                "fields": list(entry.fields),
            }
            for entry in entries
        ]
        echo_json(ROOT, plain)
        return
    for entry in entries:
        fields = f" ({', '.join(entry.fields)})" if entry.kind == "updated" else ""
        what = f"{entry.kind}{fields}"
        click.echo(
            f"{entry.commit[:12]}  {entry.time:%Y-%m-%d %H:%M}  {entry.author}  {what}  {entry.message}"
        )
