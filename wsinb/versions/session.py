"""Sessions: read a pinned version, edit, commit."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from wsinb.annotate.checks import to_rows
from wsinb.annotate.schema import FRAME_COLUMNS
from wsinb.errors import (
    InvalidInput,
    StorageError,
    UnknownAnnotation,
    UnknownLabel,
    UnknownSlide,
)
from wsinb.names import unknown
from wsinb.versions.changes.conflicts import Resolver
from wsinb.versions.changes.rebase import rebase
from wsinb.versions.changes.slidedelta import SlideDiff
from wsinb.versions.changes.writing import write_changes, write_diff
from wsinb.versions.graph.commits import Draft as CommitDraft
from wsinb.versions.graph.commits import SlideChange
from wsinb.versions.graph.records import Commit
from wsinb.versions.graph.refs import Head
from wsinb.versions.journal.keeper import Keeper
from wsinb.versions.tables.columns import Column, concat
from wsinb.versions.tables.files import check_box
from wsinb.versions.tables.ids import Ids, id_texts, isin, parse_ids
from wsinb.versions.tables.signing import sign
from wsinb.versions.tables.staging import Staged, stage
from wsinb.versions.tables.values import split_own, to_frame

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.versions.journal.files import Journal
    from wsinb.versions.repository import Repository

__all__ = ["Session", "SlideSession"]


class Session:
    """Edits of one author on one branch, on top of the commit that was its head.

    What the session reads does not change when others commit. `session[slide]` reads and
    edits the annotations of a slide; nobody else sees that before `commit`.

    Every edit is in a journal on the disk before the method that makes it returns, unless `journal` is
    False: what a crash leaves behind is offered by `project.recover`. An edit that cannot be written there
    is refused with `StorageError`, and the session stays as it was.
    """

    def __init__(
        self,
        repository: Repository,
        branch: str,
        author: str,
        base: str | None = None,
        *,
        journal: bool = True,
    ) -> None:
        self._repository = repository
        self.branch = branch
        self.author = author
        self._base = repository.branch_head(branch)
        if base is not None and base != self._base.record.id:
            self._base = repository.version(base)
        self._columns = repository.columns_of(self._base.record)
        self._staged: dict[str, Staged] = {}
        self._keeper = Keeper(repository, branch, author, wanted=journal)

    @property
    def base(self) -> str:
        """Id of the commit that this session reads."""
        return self._base.record.id

    @property
    def journal(self) -> str | None:
        """Id of the journal that holds the edits; None before the first one, or if there is to be none."""
        return self._keeper.id

    def __getitem__(self, slide: str) -> SlideSession:
        slides = self._repository.slides_of(self._base.record)
        if slide not in slides:
            message = unknown("slide", slide, slides, "add one with project.slides.add(path).")
            if slide in self._repository.slides_of(self._repository.branch_head(self.branch).record):
                message = f"Slide {slide!r} was added after this session was opened: open a new session."
            raise UnknownSlide(message)
        return SlideSession(self, slide)

    def __iter__(self) -> Iterator[str]:
        return iter(self._repository.slides_of(self._base.record))

    @property
    def changes(self) -> dict[str, dict[str, int]]:
        """Numbers of edits that are not committed, per slide: added, updated, deleted."""
        return {slide: staged.counts for slide, staged in self._staged.items() if len(staged)}

    def discard(self) -> None:
        """Forget all edits and read the present head of the branch."""
        self._begin_at(self._repository.branch_head(self.branch))
        self._keeper.done()

    def commit(
        self,
        message: str,
        artifacts: Mapping[str, bytes | Path] | None = None,
        *,
        resolve: Resolver | None = None,
        draft: str | None = None,
    ) -> Commit:
        """Store the edits as one commit on the branch.

        If others have committed meanwhile and changed other annotations, the edits are set on
        top of theirs. Afterwards the session reads the new commit. After an interrupt, when nobody knows
        whether the commit was made, committing again returns it if it was.

        Parameters
        ----------
        message
            What was done, in a few words.
        artifacts
            Files that belong to the commit, by name: their bytes, or paths to copy from.
        resolve
            What to do with annotations that somebody else changed meanwhile, too: they are merged by field,
            and where both changed one field, "ours" takes what this session did, "theirs" what the other
            did; or a function from a `ConflictItem` to "ours", "theirs", "base" or ``Value(anything)``.
        draft
            Id of a viewer's draft that holds these edits: it offers nothing any more.

        Raises
        ------
        InvalidInput
            If the message is empty, or there is neither an edit nor an artifact.
        Conflict
            If somebody else changed an annotation that this session changed, and nothing resolves it;
            or removed a slide of this session. Nothing is written, and the edits stay in the session.
        StorageError
            If the store cannot be written. Nothing is committed, the edits stay.
        """
        if not isinstance(message, str) or not message.strip():
            raise InvalidInput("A commit needs a message: say in a few words what was changed.")
        made = self._settle()
        if made is not None:
            return made
        staged = {slide: edits for slide, edits in self._staged.items() if len(edits)}
        if not staged and not artifacts:
            raise InvalidInput(
                "There is nothing to commit: edit with session[slide].upsert or .delete first."
            )
        repository = self._repository
        stored = [repository.artifacts.put(name, data) for name, data in (artifacts or {}).items()]
        changes: dict[str, SlideChange] = {}
        common = CommitDraft(
            message.strip(),
            self.author,
            journal=self._keeper.commit_begins(draft),
            artifacts={item.name: {"sha256": item.sha256, "size": item.size} for item in stored},
        )

        def prepare(head: Head) -> CommitDraft:
            merged: dict[str, SlideDiff] = {}
            if head.record.id != self.base:
                merged = rebase(repository, self.branch, self._base, head, staged, resolve)
            rest = {slide: staged[slide] for slide in staged.keys() - changes.keys() - merged.keys()}
            changes.update(write_changes(repository, self._base, rest))
            there = {
                slide: write_diff(repository, repository.committer.state(head, slide), diff)
                for slide, diff in merged.items()
                if len(diff)
            }
            plain = {slide: change for slide, change in changes.items() if slide not in merged}
            return replace(common, changes=plain | there)

        self._begin_at(repository.committer.append(self.branch, prepare))
        with contextlib.suppress(StorageError):  # the commit names it: it offers nothing
            self._keeper.done()
        return self._base.record.public()

    def _begin_at(self, head: Head) -> None:
        """Read another commit, without edits."""
        self._columns = self._repository.columns_of(head.record)
        self._base = head
        self._staged.clear()

    def _stage(self, slide: str, staged: Staged, ids: Ids) -> None:
        """Take on the edits of a slide, of which those of some ids are new, once they are in the journal."""
        self._keeper.keep(self.base, self._staged, slide, staged, ids)
        self._staged[slide] = staged

    def _go_on(self, staged: Mapping[str, Staged], journal: Journal | None = None) -> None:
        """Take on edits that a journal holds, which this session goes on with; a new one if None."""
        self._keeper.go_on(self.base, staged, journal)
        self._staged = dict(staged)

    def _settle(self) -> Commit | None:
        """After an interrupted commit: return it if it was made all the same, and read it."""
        made = self._keeper.landed(self.base)
        if made is None:
            return None
        self._begin_at(self._repository.version(made.id))
        with contextlib.suppress(StorageError):
            self._keeper.done()
        return made.public()

    def __repr__(self) -> str:
        edits = sum(sum(counts.values()) for counts in self.changes.values())
        return f"<Session on {self.branch} at {self.base[:10]} by {self.author}, {edits} uncommitted edits>"


class SlideSession:
    """The annotations of one slide within a session."""

    def __init__(self, session: Session, slide: str) -> None:
        self._session = session
        self._repository = session._repository
        self.slide = slide

    def read(self, bbox: Iterable[float] | None = None, version: str | None = None) -> gpd.GeoDataFrame:
        """Return the annotations, with the session's own edits unless `version` is given.

        Parameters
        ----------
        bbox
            ``(xmin, ymin, xmax, ymax)`` in level-0 pixels; the maxima lie outside. Only
            annotations whose bounding box meets it, so none of the whole image.
        version
            A branch, tag or commit to read as it is stored.
        """
        if version is not None:
            return self._repository.read(self.slide, version, bbox)
        staged = self._staged
        table = self._repository.tables.read(self._state, check_box(bbox), staged.overlay, staged.parts)
        return to_frame(table, self._session._columns)

    def upsert(self, gdf: gpd.GeoDataFrame, *, repair: bool = False) -> list[str]:
        """Add annotations, or change those whose id exists; return the ids in the order of rows.

        Rows without id get one. Columns that `gdf` lacks keep their stored values. It may have the
        project's own columns (`project.columns`), by name.
        Existing rows keep `created_by` and `created_at` and get `updated_by` and
        `updated_at`; rows that change nothing are not touched. Coordinates are rounded to 1/64 pixel, and
        it is the rounded polygons that must be valid.

        More than 20 000 new rows are stored at once, so that millions can be added piece by piece in flat
        memory; nobody sees them before `commit`. Best each piece is a region of the slide.

        Parameters
        ----------
        gdf
            Annotations, see `wsinb.annotate.validate`.
        repair
            Mend invalid polygons instead of refusing them.

        Raises
        ------
        InvalidAnnotation
            If a row does not fit the table, or a column neither the table nor the project has; then
            nothing is changed.
        UnknownLabel
            If a row has a label that the project lacks.
        """
        gdf, own, self._session._columns = split_own(gdf, self._session._columns, self._newest_columns)
        rows = to_rows(self._with_stored_columns(gdf), repair=repair)
        for key, values in own.items():
            rows = rows.append_column(key, values)
        ids = parse_ids(rows.column("id"))
        stored = self._lookup(ids)
        changed, changed_ids = sign(rows, ids, stored, self._session.author)
        if changed.num_rows:
            self._check_labels(changed, stored)
            store, tables = self._repository.store, self._repository.tables
            staged = stage(store, tables, self._state, self._staged, changed, changed_ids, stored)
            self._set(staged, changed_ids)
        texts: list[str] = rows.column("id").to_pylist()
        return texts

    def delete(self, ids: str | Iterable[str]) -> None:
        """Delete annotations.

        Raises
        ------
        UnknownAnnotation
            If the slide has no annotation of an id; then nothing is deleted.
        """
        texts = [ids] if isinstance(ids, str) else list(ids)
        wanted = parse_ids(texts)
        stored = self._lookup(wanted)
        there = isin(wanted, parse_ids(stored.column("id")))
        if not there.all():
            missing = [text for text, exists in zip(texts, there, strict=True) if not exists]
            more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            raise UnknownAnnotation(
                f"Slide {self.slide!r} has no annotation {missing[0]}{more}: "
                f"take ids from the column 'id' of session[{self.slide!r}].read()."
            )
        first = np.unique(np.stack([wanted.high, wanted.low], axis=1), axis=0, return_index=True)[1]
        self._set(self._staged.delete(wanted.take(first), stored), wanted)

    def restore(self, ids: str | Iterable[str], at: str) -> None:
        """Set annotations to what they were at a version; deleted ones come back.

        Raises
        ------
        UnknownAnnotation
            If the slide had no annotation of an id at that version; then nothing is changed.
        UnknownSlide, UnknownVersion
            If there is no such version, or it lacks the slide.
        """
        texts = [ids] if isinstance(ids, str) else list(ids)
        wanted = parse_ids(texts)
        head = self._repository.version(at)
        slides = self._repository.slides_of(head.record)
        if self.slide not in slides:
            raise UnknownSlide(unknown(f"slide in version {at!r} named", self.slide, slides))
        rows = self._repository.tables.lookup(self._repository.committer.state(head, self.slide), wanted)
        known = parse_ids(rows.column("id"))
        missing = [text for text, there in zip(texts, isin(wanted, known), strict=True) if not there]
        if missing:
            more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            raise UnknownAnnotation(
                f"Slide {self.slide!r} had no annotation {missing[0]}{more} at {at!r}: "
                f"take ids from project.read({self.slide!r}, {at!r})."
            )
        stored = self._lookup(known)
        rows = concat([rows, stored.slice(0, 0)])  # own columns that it lacked then are null again
        changed, changed_ids = sign(rows, known, stored, self._session.author)
        if changed.num_rows:
            self._set(self._staged.upsert(changed, changed_ids, stored), changed_ids)

    def edits(self) -> gpd.GeoDataFrame:
        """Return the rows that this session has added or changed and not committed."""
        return to_frame(self._staged.rows(), self._session._columns)

    def deleted(self) -> list[str]:
        """Return the ids that this session has deleted and not committed."""
        return id_texts(self._staged.deleted_ids())

    @property
    def _state(self) -> Any:
        return self._repository.committer.state(self._session._base, self.slide)

    @property
    def _staged(self) -> Staged:
        return self._session._staged.get(self.slide) or Staged.empty()

    def _set(self, staged: Staged, ids: Ids) -> None:
        self._session._stage(self.slide, staged, ids)

    def _lookup(self, ids: Ids) -> pa.Table:
        """Return the present rows, as every edit does first; an interrupted commit may have changed them."""
        self._session._settle()
        return self._staged.lookup(self._repository.tables, self._state, ids)

    def _newest_columns(self) -> tuple[Column, ...]:
        head = self._repository.branch_head(self._session.branch).record
        return self._repository.columns_of(head)

    def _with_stored_columns(self, gdf: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Fill in the columns that the table lacks from the rows that are stored."""
        columns = getattr(gdf, "columns", ())
        missing = [name for name in FRAME_COLUMNS if name not in columns]
        if "id" not in columns or "geometry" not in columns or not missing:
            return gdf
        texts = [text.lower() if isinstance(text, str) else None for text in gdf["id"]]
        try:
            known = parse_ids([text for text in texts if text is not None])
        except InvalidInput:
            return gdf  # validation says which row is wrong
        stored = self._lookup(known)
        if not stored.num_rows:
            return gdf
        frame = to_frame(stored).set_index("id")
        order = pd.Index(texts, dtype=object)
        filled = gdf.copy()
        for name in missing:
            filled[name] = frame[name].reindex(order).array
        return filled

    def _check_labels(self, rows: pa.Table, stored: pa.Table) -> None:
        """Refuse labels that neither the project nor the stored rows know."""
        used = set(pc.unique(rows.column("label").combine_chunks().drop_null()).to_pylist())
        used -= set(stored.column("label").to_pylist())
        unknown_labels = sorted(used - set(self._repository.labels_of(self._session._base.record)))
        if unknown_labels:
            # a label may have been added since the session was opened
            head = self._repository.branch_head(self._session.branch).record
            labels = self._repository.labels_of(head)
            unknown_labels = [name for name in unknown_labels if name not in labels]
            if unknown_labels:
                name = unknown_labels[0]
                hint = f"add it with project.labels.add(wsinb.Label({name!r}))."
                message = unknown("label", name, labels, hint)
                raise UnknownLabel(message if not labels else f"{message[:-1]}; or {hint}")

    def __repr__(self) -> str:
        return f"<annotations of {self.slide!r} in {self._session!r}>"
