"""What `wsinb branch` and `wsinb tag` have in common: names for versions."""

from __future__ import annotations

from typing import Literal

import click

from wsinb.cli.output import echo_json, output_option, project_option

__all__ = ["ref_command"]

PLURAL = {"branch": "branches", "tag": "tags"}


def ref_command(word: Literal["branch", "tag"]) -> click.Command:
    """Return the command that lists, makes and deletes names of one kind."""
    text = f"List the {PLURAL[word]}, or make the {word} NAME at a version (AT; main, if not given)."

    @click.command(word, help=text)
    @click.argument("name", required=False)
    @click.argument("at", default="main")
    @project_option
    @click.option("--delete", "-d", is_flag=True, help=f"Delete the {word} NAME; its versions stay.")
    @output_option
    def command(name: str | None, at: str, project: str, delete: bool, output: str) -> None:
        from wsinb.cli.projects import open_nearest

        if delete and name is None:
            raise click.UsageError(f"Name the {word} to delete.")
        opened = open_nearest(project)
        is_branch = word == "branch"
        if name is not None and delete:
            (opened.delete_branch if is_branch else opened.delete_tag)(name)
        elif name is not None:
            (opened.branch if is_branch else opened.tag)(name, at)
        listed = dict(opened.branches if is_branch else opened.tags)
        if output == "json":
            echo_json(f"wsinb.{word}/1", listed)
        elif name is None:
            for known, commit in listed.items():
                click.echo(f"{commit[:12]}  {known}")
        elif delete:
            click.echo(f"Deleted {word} {name}.")
        else:
            click.echo(f"{word.capitalize()} {name} is at {listed[name][:12]}.")

    return command
