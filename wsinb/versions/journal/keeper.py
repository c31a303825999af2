"""What a session tells its journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wsinb.versions.journal.drafts import landed
from wsinb.versions.journal.edits import edit_of
from wsinb.versions.journal.files import Journal
from wsinb.versions.journal.lines import Header
from wsinb.versions.tables.staging import Staged

if TYPE_CHECKING:
    import pyarrow as pa

    from wsinb.versions.graph.records import Record
    from wsinb.versions.repository import Repository
    from wsinb.versions.tables.ids import Ids

__all__ = ["Keeper"]


class Keeper:
    """Keeps the edits of one session in a journal, from the first one on.

    Parameters
    ----------
    repository
        Where the session commits.
    branch, author
        Those of the session.
    wanted
        Whether there shall be a journal at all.
    """

    def __init__(self, repository: Repository, branch: str, author: str, *, wanted: bool) -> None:
        self._repository = repository
        self._branch = branch
        self._author = author
        self._wanted = wanted
        self._journal: Journal | None = None
        self._tried: str | None = None

    @property
    def id(self) -> str | None:
        """Id of the journal; None while there is none."""
        return None if self._journal is None else self._journal.id

    def keep(self, base: str, before: Mapping[str, Staged], slide: str, after: Staged, ids: Ids) -> None:
        """Write an edit to the journal.

        Parameters
        ----------
        base
            The commit that the session reads.
        before
            The edits of all slides so far.
        slide, after, ids
            The slide, its edits from now on, and the ids of which the edit speaks.

        Raises
        ------
        StorageError
            If it cannot be written; then the journal is as before.
        """
        if not self._wanted:
            return
        edit = edit_of(slide, before.get(slide) or Staged.empty(), after, ids)
        if edit is None:
            return
        if self._journal is None or not self._journal.is_open:
            self._journal = self._begin(base, before)
        self._append(self._journal, edit)

    def _append(self, journal: Journal, edit: tuple[dict[str, Any], pa.Table | None]) -> None:
        if "parts" in edit[0]:
            self._repository.store.sync()  # what the line names
        journal.append(*edit)

    def go_on(self, base: str, staged: Mapping[str, Staged], journal: Journal | None) -> None:
        """Go on with a journal that holds these edits, or with a new one."""
        self._journal = journal or self._begin(base, staged)

    def _begin(self, base: str, staged: Mapping[str, Staged]) -> Journal:
        """Return a new journal that holds the edits so far: a fork, for one, has no journal but edits."""
        header = Header.new("session", self._branch, base, self._author)
        journal = Journal.create(self._repository.journals, header)
        try:
            for slide, edits in staged.items():
                edit = edit_of(slide, Staged.empty(), edits, edits.ids)  # those in parts, too
                if edit is not None:
                    self._append(journal, edit)
        except BaseException:
            journal.remove()
            raise
        return journal

    def commit_begins(self, draft: str | None) -> str | None:
        """Return the id that a commit shall name: of the journal, or of a viewer's draft."""
        self._tried = draft or self.id
        return self._tried

    def landed(self, base: str) -> Record | None:
        """Return the commit of these edits that was made although its session was interrupted, or None."""
        tried, self._tried = self._tried, None
        return None if tried is None else landed(self._repository, self._branch, base, tried)

    def done(self) -> None:
        """Remove the journal: its edits are committed or discarded."""
        journal, self._journal, self._tried = self._journal, None, None
        if journal is not None and journal.is_open:
            journal.remove()
