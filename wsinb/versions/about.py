"""What a project says of itself: its name and metadata; every change of them is a commit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput
from wsinb.names import is_name
from wsinb.versions.author import check_author
from wsinb.versions.graph.commits import Draft
from wsinb.versions.storage.layout import canonical

if TYPE_CHECKING:
    from wsinb.versions.graph.records import Record
    from wsinb.versions.repository import Repository

__all__ = ["check_metadata", "check_title", "rename", "set_metadata"]


def check_title(title: Any) -> str:
    """Return the name of a project, or raise `InvalidInput`."""
    if not is_name(title):
        raise InvalidInput(f"A project needs a printable name, not {title!r}.")
    return title.strip()


def check_metadata(metadata: Mapping[str, Any] | None, whose: str) -> dict[str, Any]:
    """Return metadata as they will be read back, or raise `InvalidInput`."""
    if not isinstance(metadata, Mapping | None):
        raise InvalidInput(
            f"The metadata of a {whose} is a dict of JSON values, not {type(metadata).__name__}."
        )
    try:
        back: dict[str, Any] = json.loads(canonical(dict(metadata or {})))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"The metadata of a {whose} must be JSON values: {error}.") from error
    return back


def rename(repository: Repository, name: str, author: str | None = None) -> None:
    """Give a project another name, as a commit on main."""
    title = check_title(name)
    _edit(repository, f"Rename project to {title}", "name", title, author)


def set_metadata(repository: Repository, metadata: Mapping[str, Any], author: str | None = None) -> None:
    """Set what is kept with a project, as a commit on main."""
    checked = check_metadata(metadata, "project")
    _edit(repository, "Set metadata of the project", "metadata", checked, author)


def _edit(repository: Repository, message: str, member: str, value: Any, author: str | None) -> None:
    signed = check_author(author)

    def prepare(record: Record) -> Draft:
        project = repository.put_metadata(record, **{member: value})
        return Draft(message, signed, project=project, edits={"project": {"updated": [member]}})

    repository.edit(prepare)
