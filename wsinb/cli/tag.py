"""`wsinb tag`."""

from __future__ import annotations

import click

from wsinb.cli.output import echo_json, output_option, project_option

__all__ = ["command"]

ROOT = "wsinb.tag/1"


@click.command("tag")
@click.argument("name", required=False)
@click.argument("at", default="main")
@project_option
@click.option("--delete", "-d", is_flag=True, help="Delete the tag NAME; its versions stay.")
@output_option
def command(name: str | None, at: str, project: str, delete: bool, output: str) -> None:
    """List the tags, or make the tag NAME at a version (AT; main, if not given)."""
    from wsinb.cli.projects import open_nearest

    opened = open_nearest(project)
    if delete and name is None:
        raise click.UsageError("Name the tag to delete.")
    if name is not None and delete:
        opened.delete_tag(name)
    elif name is not None:
        opened.tag(name, at)
    listed = dict(opened.tags)
    if output == "json":
        echo_json(ROOT, listed)
    elif name is None:
        for known, commit in listed.items():
            click.echo(f"{commit[:12]}  {known}")
    elif delete:
        click.echo(f"Deleted tag {name}.")
    else:
        click.echo(f"Tag {name} is at {listed[name][:12]}.")
