"""Whether what others committed meanwhile meets the edits of a session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from wsinb.errors import Conflict
from wsinb.versions.graph.refs import Head
from wsinb.versions.tables.ids import id_texts, isin
from wsinb.versions.tables.staging import Staged

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["check_moved"]


def check_moved(
    repository: Repository, branch: str, base: str, head: Head, staged: Mapping[str, Staged]
) -> None:
    """Raise `Conflict` if commits since `base` touch an annotation or remove a slide of `staged`."""
    records = repository.ancestry.since(base, head.record.id)
    for record in records:
        removed = record.data["edits"].get("slides", {}).get("removed", ())
        for slide in sorted(staged.keys() & set(removed)):
            raise Conflict(
                f"Slide {slide!r} was removed from {branch!r} meanwhile (by {record.data['author']}); "
                f"nothing was written: your edits are in session[{slide!r}].edits(); "
                f"add the slide again and open a new session."
            )
    clashes: dict[str, list[str]] = {}
    authors: set[str] = set()
    for slide, edits in staged.items():
        for record in records:
            files = record.data["changes"].get(slide)
            if files is None:
                continue
            theirs = repository.tables.changed_ids(files["sets"], files["parts"])
            both = edits.ids.take(isin(edits.ids, theirs))
            if len(both):
                clashes.setdefault(slide, []).extend(id_texts(both))
                authors.add(record.data["author"])
    if clashes:
        raise _conflict(branch, {slide: sorted(set(ids)) for slide, ids in clashes.items()}, sorted(authors))


def _conflict(branch: str, clashes: dict[str, list[str]], authors: list[str]) -> Conflict:
    slide, ids = next(iter(clashes.items()))
    total = sum(len(each) for each in clashes.values())
    which = f"Annotation {ids[0]}" if total == 1 else f"{total} annotations, such as {ids[0]},"
    error = Conflict(
        f"{which} of slide {slide!r} changed on {branch!r} meanwhile (by {', '.join(authors)}); "
        f"nothing was written, and your edits are kept in session[{slide!r}].edits(): look at "
        f"project.read({slide!r}, {branch!r}), call session.discard() and make the edits again."
    )
    error.ids = clashes
    return error
