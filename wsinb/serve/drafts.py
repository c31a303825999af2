"""What a person has drawn and not saved, kept on the disk, so that a closed browser loses nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput, StorageError
from wsinb.serve.bodies import MAX_WORD, author_of, check_id, ids_of, items, member
from wsinb.serve.messages import Request, Response, TooLarge, json_response
from wsinb.serve.sources import open_allowed_project

if TYPE_CHECKING:
    from wsinb.project import Project
    from wsinb.serve.core import Core
    from wsinb.versions.journal.files import Journal
    from wsinb.versions.journal.lines import Header

__all__ = ["UnknownDraft", "get_drafts", "own_draft", "post_discard", "post_draft"]

MAX_OFFERED = 100
MAX_JOURNALS = 10_000
PATIENCE_S = 2.0
PAUSE_S = 0.01


class UnknownDraft(InvalidInput):
    """Whoever asks has no such draft of the slide."""


def post_draft(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Keep edits of a viewer; the answer is sent when they are on the disk."""
    from wsinb.versions.journal.files import Journal
    from wsinb.versions.journal.lines import Header

    body = request.json()
    change = _change(body)
    slide, branch = member(body, "slide", MAX_WORD), member(body, "branch", MAX_WORD, default="main")
    base, draft = member(body, "base", MAX_WORD), body.get("draft")
    project = open_allowed_project(core, body.get("project"))
    folder = _folder(core, project)
    person = _person(request)
    if draft is None:
        _check_ground(project, slide, branch, base)
        _check_room(folder)
        journal = Journal.create(folder, Header.new("viewer", branch, base, person, slide))
    else:
        path, header = _own(folder, draft, person)
        if (header.slide, header.branch, header.base) != (slide, branch, base):
            raise UnknownDraft(f"The draft {header.id[:10]} belongs to another slide, branch or version.")
        journal = _reopen(path)
    try:
        journal.append(change)
    except BaseException:
        if draft is None:
            journal.remove()
        raise
    finally:
        journal.close()
    return json_response({"draft": journal.id})


def get_drafts(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with what this person has drawn on a slide and not saved, the newest first."""
    from wsinb.versions.journal.drafts import is_committed
    from wsinb.versions.journal.reading import journals_in, read_header, read_journal
    from wsinb.versions.journal.viewer import ViewerEdits

    project = open_allowed_project(core, request.text("project"))
    wanted = ("viewer", request.text("slide"), request.optional_text("branch") or "main", _person(request))
    found = []
    for path in journals_in(_folder(core, project)):
        try:
            header = read_header(path)
            if (header.kind, header.slide, header.branch, header.author) != wanted:
                continue
            written = read_journal(path)
        except (StorageError, FileNotFoundError):
            continue  # of somebody else, damaged, or discarded just now
        edits = ViewerEdits.replay(written.entries)
        if edits and not is_committed(project.repository, header):
            found.append((written.modified, header, edits))
    found.sort(key=lambda item: item[0], reverse=True)
    return json_response(
        {
            "drafts": [
                {
                    "id": header.id,
                    "base": header.base,
                    "time": modified.isoformat(),
                    "author": header.author,
                    "features": list(edits.features.values()),
                    "deleted": list(edits.deleted),
                }
                for modified, header, edits in found[:MAX_OFFERED]
            ]
        }
    )


def post_discard(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Delete a draft for good."""
    body = request.json()
    draft = member(body, "draft", MAX_WORD)
    project = open_allowed_project(core, body.get("project"))
    path, _ = _own(_folder(core, project), draft, _person(request))
    _reopen(path).remove()
    return json_response({})


def own_draft(core: Core, request: Request, project: Project, draft: Any) -> Journal | None:
    """Return the journal of a draft of this person that is about to be committed, if it is there."""
    if draft is None:
        return None
    try:
        return _reopen(_own(_folder(core, project), draft, _person(request))[0])
    except UnknownDraft:
        return None  # a save must not fail for it


def _change(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the line of a journal that a body asks for."""
    from wsinb.versions.journal.viewer import name_of
    from wsinb.versions.storage.layout import canonical

    change: dict[str, Any] = {"set": items(body, "set")}
    change |= {name: ids_of(body, name) for name in ("unset", "delete", "undelete")}
    if not any(change.values()):
        raise InvalidInput("There is nothing to keep: give 'set', 'unset', 'delete' or 'undelete'.")
    for feature in change["set"]:
        if name_of(feature) is None:
            raise InvalidInput("A feature of a draft has the members of a feature, and an 'id' or a 'key'.")
    try:
        canonical(change)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("The features hold numbers or texts that JSON cannot hold.") from error
    return {name: found for name, found in change.items() if found}


def _folder(core: Core, project: Project) -> Path:
    folder = project.repository.journals
    core.paths.check(folder)  # which may be a link to somewhere else
    return folder


def _person(request: Request) -> str:
    from wsinb.versions.author import check_author

    return check_author(author_of(request))


def _check_ground(project: Project, slide: str, branch: str, base: str) -> None:
    from wsinb.versions.slideentry import check_slide

    project.head(branch)
    if project.resolve(base) != base:
        raise InvalidInput("A draft names its base by a whole commit id: GET vector/meta tells it.")
    check_slide(slide, project.slides_at(base), f"in version {base[:10]}")


def _check_room(folder: Path) -> None:
    from wsinb.versions.journal.reading import journals_in

    if sum(1 for _ in journals_in(folder)) >= MAX_JOURNALS:
        raise TooLarge(f"The project has {MAX_JOURNALS} drafts: discard some with project.recover().")


def _own(folder: Path, draft: Any, person: str) -> tuple[Path, Header]:
    """Return a viewer's draft of a person; whether another has one of that id is not told."""
    from wsinb.versions.journal.reading import journal_path, read_header

    check_id(draft)
    path = journal_path(folder, draft)
    try:
        header = None if path is None else read_header(path)
    except (StorageError, FileNotFoundError):
        header = None
    if path is None or header is None or (header.kind, header.author) != ("viewer", person):
        raise UnknownDraft(f"You have no draft {draft[:40]!r}: it was saved or discarded.")
    return path, header


def _reopen(path: Path) -> Journal:
    """Take a draft; another request may hold it for a moment, and a session in Python for good."""
    from wsinb.versions.journal.files import InUse, Journal

    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return Journal.reopen(path)
        except FileNotFoundError:
            raise UnknownDraft("The draft was saved or discarded just now.") from None
        except InUse as error:
            if time.monotonic() > end:
                raise UnknownDraft("The draft is open in a session in Python.") from error
        time.sleep(PAUSE_S)
