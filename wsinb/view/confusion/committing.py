"""From changes to a commit: rows of annotations with other labels and further verifications."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from wsinb.errors import Conflict, UnknownAnnotation
from wsinb.view.confusion.changes import Change

if TYPE_CHECKING:
    from wsinb.project import Project
    from wsinb.versions import Commit
    from wsinb.versions.checkout import SlideCheckout

__all__ = ["commit_changes", "labels_since"]


def commit_changes(
    project: Project,
    branch: str,
    base: str,
    changes: Mapping[str, Mapping[str, Change]],
    message: str,
    *,
    author: str | None,
    resolve: Any,
) -> Commit:
    """Commit changes of annotations, by slide and id, that were made while looking at the commit `base`.

    Raises
    ------
    UnknownAnnotation
        If one is not there at `base`.
    Conflict
        If somebody else changed the same annotations since, and nothing resolves it. Nothing is written.
    """
    session = project.session(branch, author, base, journal=False)
    read = project.checkout(base)
    for slide, own in changes.items():
        rows = read[slide].find(list(own))
        missing = own.keys() - set(rows["id"])
        if missing:
            raise UnknownAnnotation(
                f"Slide {slide!r} has no annotation {min(missing)!r} at {base[:10]}: undo its change."
            )
        wanted = [own[name] for name in rows["id"]]
        rows["label"] = [
            label if change.label is None else change.label
            for label, change in zip(rows["label"], wanted, strict=True)
        ]
        rows["verifications"] = [
            _confirmed(text, session.author) if change.ok else text
            for text, change in zip(rows["verifications"], wanted, strict=True)
        ]
        session[slide].upsert(rows)
    try:
        return session.commit(message, resolve=resolve)
    except Conflict as error:
        raise _told_here(error) from error


def _told_here(error: Conflict) -> Conflict:
    """Return a conflict with a remedy for somebody who has no session in hand."""
    what = str(error).partition(";")[0]
    remedy = "resolve it by 'ours' or 'theirs'" if error.ids else "discard the changes of this slide"
    told = Conflict(f"{what}; nothing was written, and your changes are kept here: {remedy}.")
    told.ids, told.conflicts = error.ids, error.conflicts
    return told


def _confirmed(text: Any, author: str) -> str:
    """Return verifications with one more: of each person the last one counts."""
    try:
        entries = json.loads(text) if isinstance(text, str) else []
    except ValueError:
        entries = []
    before: Iterable[Any] = entries if isinstance(entries, list) else []
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return json.dumps([*before, {"by": author, "ok": True, "at": now}])


def labels_since(
    project: Project, base: str, commit: Commit, ids: Mapping[str, Iterable[str]]
) -> dict[str, str]:
    """Return the labels that others gave annotations, by slide and id, between `base` and a commit."""
    if commit.parents == (base,):
        return {}
    changed: dict[str, str] = {}
    for slide, own in ids.items():
        before, after = (_labels(project.checkout(version)[slide], own) for version in (base, commit.id))
        changed.update({name: text for name, text in after.items() if before.get(name, text) != text})
    return changed


def _labels(stored: SlideCheckout, ids: Iterable[str]) -> dict[str, str]:
    rows = stored.find(list(ids)).dropna(subset="label")
    return dict(zip(rows["id"], rows["label"], strict=True))
