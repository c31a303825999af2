"""`wsinb diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from wsinb.cli.describe import counts_text, json_value
from wsinb.cli.output import changes_option, echo_json, output_option, project_option, slides_option

if TYPE_CHECKING:
    from wsinb.versions import Diff

__all__ = ["command", "diff_json", "echo_changes"]

ROOT = "wsinb.diff/1"


@click.command("diff")
@click.argument("a")
@click.argument("b", default="main")
@project_option
@slides_option
@changes_option
@output_option
def command(a: str, b: str, project: str, slides: tuple[str, ...], changes: bool, output: str) -> None:
    """Tell what changed from version A to version B (main, if not given)."""
    from wsinb.cli.projects import open_nearest

    diff = open_nearest(project).diff(a, b, slides=slides or None)
    if output == "json":
        echo_json(ROOT, diff_json(diff, changes))
    elif not diff and not diff.edits:
        click.echo(f"{a} and {b} are equal.")
    else:
        echo_changes(diff, changes)


def echo_changes(diff: Diff, changes: bool) -> None:
    """Print what a difference holds, as text."""
    for kind, edits in diff.edits.items():
        for word, names in edits.items():
            if names:
                click.echo(f"{kind} {word}: {', '.join(names)}")
    for slide, counts in diff.counts.items():
        click.echo(f"{slide}: {counts_text(counts)}")
        for change in diff[slide].changes() if changes else ():
            fields = f" ({', '.join(change.fields)})" if change.kind == "updated" else ""
            click.echo(f"    {change.kind} {change.id}{fields}")


def diff_json(diff: Diff, changes: bool) -> dict[str, Any]:
    """Return a difference as a JSON object; each change with both rows, if asked for."""
    value: dict[str, Any] = {"a": diff.a, "b": diff.b, "counts": diff.counts, "edits": diff.edits}
    if changes:
        value["changes"] = [
            {
                "slide": slide,
                "id": change.id,
                "kind": change.kind,
                "fields": list(change.fields),
                "old": json_value(change.old),
                "new": json_value(change.new),
            }
            for slide in diff.slides
            for change in diff[slide].changes()
        ]
    return value
