"""`wsinb branch`."""

from __future__ import annotations

import click

from wsinb.cli.output import echo_json, output_option, project_option

__all__ = ["command"]

ROOT = "wsinb.branch/1"


@click.command("branch")
@click.argument("name", required=False)
@click.argument("at", default="main")
@project_option
@click.option("--delete", "-d", is_flag=True, help="Delete the branch NAME; its versions stay.")
@output_option
def command(name: str | None, at: str, project: str, delete: bool, output: str) -> None:
    """List the branches, or make the branch NAME at a version (AT; main, if not given)."""
    from wsinb.cli.projects import open_nearest

    opened = open_nearest(project)
    if delete and name is None:
        raise click.UsageError("Name the branch to delete.")
    if name is not None and delete:
        opened.delete_branch(name)
    elif name is not None:
        opened.branch(name, at)
    listed = dict(opened.branches)
    if output == "json":
        echo_json(ROOT, listed)
    elif name is None:
        for known, commit in listed.items():
            click.echo(f"{commit[:12]}  {known}")
    elif delete:
        click.echo(f"Deleted branch {name}.")
    else:
        click.echo(f"Branch {name} is at {listed[name][:12]}.")
