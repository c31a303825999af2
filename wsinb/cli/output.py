"""What several verbs print and take alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = [
    "author_option",
    "branch_option",
    "changes_option",
    "echo_json",
    "message_option",
    "output_option",
    "project_option",
    "slides_option",
]

F = TypeVar("F", bound=Callable[..., Any])


def output_option(function: F) -> F:
    """Add ``-o text|json``."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Form of the output.",
    )(function)


def project_option(function: F) -> F:
    """Add ``--project FOLDER``."""
    return click.option(
        "--project", "-P", default=".", show_default=True, help="Folder of the project, or one inside it."
    )(function)


def branch_option(text: str = "The branch to commit on.") -> Callable[[F], F]:
    """Return what adds ``--branch NAME`` with a help text."""
    return click.option("--branch", "-b", default="main", show_default=True, help=text)


def slides_option(function: F) -> F:
    """Add ``--slide NAME``, as often as wanted."""
    return click.option(
        "--slide", "-s", "slides", multiple=True, help="Only this slide; may be given several times."
    )(function)


def changes_option(function: F) -> F:
    """Add ``--changes`` and ``--counts``."""
    return click.option(
        "--changes/--counts", default=False, help="Name every change, or count them.  [default: counts]"
    )(function)


def author_option(function: F) -> F:
    """Add ``--author NAME``."""
    return click.option("--author", help="Signs the commit; you, if not given.")(function)


def message_option(function: F) -> F:
    """Add ``-m MESSAGE``."""
    return click.option("--message", "-m", help="What was done, in a few words.")(function)


def echo_json(root: str, value: Any) -> None:
    """Print one JSON object whose single key names the kind and version of what it holds."""
    click.echo(json.dumps({root: value}, indent=1, ensure_ascii=False))
