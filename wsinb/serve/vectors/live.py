"""Edits of an open session, or of a draft that was left behind, on top of the version they are made on.

They are read from the journal, which a session writes before an edit counts. A journal only grows, so what it
says up to a place never changes: that place, in bytes, is the revision.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wsinb.annotate import from_features, to_arrow
from wsinb.annotate.schema import SCHEMA
from wsinb.annotate.uuids import halves_of
from wsinb.errors import InvalidAnnotation, InvalidInput, StorageError, UnknownVersion
from wsinb.serve.drafts import UnknownDraft
from wsinb.versions.graph.records import PartInfo
from wsinb.versions.journal.edits import FORGET, Replay
from wsinb.versions.journal.lines import Header, decode_line
from wsinb.versions.journal.reading import MAX_FILE, explained, journal_path, read_header
from wsinb.versions.journal.viewer import ViewerEdits
from wsinb.versions.storage.layout import part_key
from wsinb.versions.tables.columns import concat, own_keys
from wsinb.versions.tables.files import NEW, OLD, OP
from wsinb.versions.tables.ids import Ids, concat_ids, isin, last_of_each, parse_ids
from wsinb.versions.tables.reading import Overlay, overlay_of

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["LiveEdits", "journal_of", "read_edits"]

_SHA = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class LiveEdits:
    """What a journal says about one slide, up to a place.

    Attributes
    ----------
    header
        Whose edits they are, and the commit that they are made on.
    slide
        The slide.
    end
        How much of the journal was read, in bytes.
    revision
        Where the last line ends that speaks of the slide; the first line, if none does.
    words
        The last word on each id: its row with ``_op``, which is "delete", "forget" or another for one set.
    parts
        Rows in bulk that are stored already, under the words.
    said
        Where readings ended, and of which ids each of them spoke.
    """

    header: Header
    slide: str
    end: int
    revision: int
    words: pa.Table
    parts: tuple[PartInfo, ...] = ()
    said: tuple[tuple[int, Ids], ...] = ()

    @property
    def overlay(self) -> Overlay:
        """The words as edits on top of the base and the parts; nothing is said of what is as in the base."""
        words = self.words.filter(pc.not_equal(self.words.column(OP), FORGET))
        none = pa.array(np.zeros(words.num_rows, np.uint64))
        return overlay_of(words.append_column(OLD, none).append_column(NEW, none))

    def since(self, revision: int | None) -> Ids | None:
        """Return the ids of which was spoken since a revision, or ever; None where that was not noted."""
        if revision is None or revision == self.revision:
            return concat_ids([ids for _, ids in self.said] if revision is None else [])
        places = [end for end, _ in self.said]
        if revision not in places:
            return None
        ids = concat_ids([ids for _, ids in self.said[places.index(revision) + 1 :]])
        return ids.take(last_of_each(ids))


def journal_of(folder: Path, draft: str, person: str) -> tuple[Path, Header]:
    """Return the journal of a draft: of any session, or of this person's viewer.

    Raises
    ------
    UnknownDraft
        If there is none.
    """
    path = journal_path(folder, draft)
    try:
        header = None if path is None else read_header(path)
    except (StorageError, FileNotFoundError):
        header = None
    if path is None or header is None or (header.kind == "viewer" and header.author != person):
        raise UnknownDraft(f"There is no draft {draft[:40]!r}: it was saved or discarded.")
    return path, header


def read_edits(
    project: Project, path: Path, header: Header, slide: str, revision: int | None, before: LiveEdits | None
) -> LiveEdits:
    """Return what a journal says about a slide, to its end or up to a revision.

    Parameters
    ----------
    project, path, header, slide
        The journal and the slide.
    revision
        Where to stop.
    before
        What was read already, of an earlier revision.

    Raises
    ------
    UnknownDraft
        If there is no such revision, or no journal any more.
    """
    if before is None or (revision is not None and before.revision > revision):
        schema = pa.schema([*SCHEMA, pa.field(OP, pa.string())])
        before = LiveEdits(header, slide, 0, 0, schema.empty_table())
    lines, end = _lines(path, before.end, revision)
    if before.end == 0:
        if not lines:
            raise UnknownDraft(f"The draft {header.id[:10]} is only being begun: try again.")
        first, lines = lines[0], lines[1:]
        before = replace(before, end=first[0], revision=first[0])
    if revision is not None and revision not in (before.revision, *(at for at, _ in lines)):
        raise UnknownDraft(
            f"The draft {header.id[:10]} has no revision {revision}: GET vector/meta tells it."
        )
    if header.kind == "viewer":
        return _viewer_edits(path, header, end, before, lines)
    return _session_edits(project, path, end, before, lines)


def _lines(path: Path, start: int, stop: int | None) -> tuple[list[tuple[int, dict[str, Any] | None]], int]:
    """Return the whole lines between two places, each with where it ends; None for a damaged one."""
    try:
        with explained(path, "read"), path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_FILE:
                raise StorageError(f"The journal {path} is larger than {MAX_FILE >> 20} MB: move it away.")
            file.seek(start)
            data = file.read(MAX_FILE if stop is None else max(0, stop - start))
    except FileNotFoundError:
        raise UnknownDraft("The draft was saved or discarded just now.") from None
    found: list[tuple[int, dict[str, Any] | None]] = []
    for line in data.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break  # torn, or only being written: nobody was told that this edit counts
        start += len(line)
        try:
            found.append((start, decode_line(line)))
        except ValueError:
            found.append((start, None))
    return found, start


def _session_edits(
    project: Project,
    path: Path,
    end: int,
    before: LiveEdits,
    lines: Sequence[tuple[int, dict[str, Any] | None]],
) -> LiveEdits:
    edits = before
    waiting: list[Mapping[str, Any]] = []
    for at, entry in lines:
        if entry is None or entry.get("slide") != edits.slide:
            continue
        parts = _new_parts(project, entry)
        if parts:
            edits = _with_words(project, path, edits, waiting)
            waiting = []
            edits = _with_parts(project, edits, parts)
        waiting.append({name: value for name, value in entry.items() if name != "parts"})
        edits = replace(edits, revision=at)
    edits = replace(_with_words(project, path, edits, waiting), end=end)
    if edits.revision == before.revision:
        return edits
    spoken = concat_ids([ids for at, ids in edits.said if at < 0])
    noted = tuple((at, ids) for at, ids in edits.said if at >= 0)
    return replace(edits, said=(*noted, (edits.revision, spoken)))


def _with_words(
    project: Project, path: Path, edits: LiveEdits, entries: Sequence[Mapping[str, Any]]
) -> LiveEdits:
    """Return edits with those of some lines, which name no parts."""
    if not entries:
        return edits
    repository = project.repository
    columns = {
        column.key: column for column in repository.columns_of(repository.version(edits.header.base).record)
    }
    try:
        head = repository.branch_head(edits.header.branch).record
        columns |= {column.key: column for column in repository.columns_of(head)}
    except UnknownVersion:
        pass  # the branch was deleted

    def refuse(sha: str) -> Any:
        raise ValueError(f"the part {sha[:10]} stands where none can")

    found = Replay(path, columns.values(), refuse).tables(entries).get(edits.slide)
    if found is None:
        return edits
    ids = parse_ids(found.column("id"))
    return replace(edits, words=_on_top(edits.words, found, ids), said=(*edits.said, (-1, ids)))


def _on_top(before: pa.Table, rows: pa.Table | None, ids: Ids) -> pa.Table:
    """Return words without those on some ids, and with others; all own columns that one has."""
    kept = before.filter(pa.array(~isin(parse_ids(before.column("id")), ids)))
    if rows is None:
        return kept
    own = [key for key in own_keys(rows) if rows.column(key).null_count < rows.num_rows]
    tables = [kept, rows.select([*SCHEMA.names, *own, OP])]
    return pa.concat_tables(tables, promote_options="default").combine_chunks()


def _with_parts(project: Project, edits: LiveEdits, parts: Sequence[PartInfo]) -> LiveEdits:
    ids = concat_ids([project.repository.tables.part_ids(part.sha256) for part in parts])
    words = _on_top(edits.words, None, ids)
    return replace(edits, parts=(*edits.parts, *parts), words=words, said=(*edits.said, (-1, ids)))


def _new_parts(project: Project, entry: Mapping[str, Any]) -> list[PartInfo]:
    """Return the parts that a line names and the store holds."""
    repository, named = project.repository, entry.get("parts")
    found = []
    for sha in named if isinstance(named, list) else ():
        if isinstance(sha, str) and _SHA.fullmatch(sha) and repository.store.exists(part_key(sha)):
            rows = len(repository.tables.part_ids(sha))
            found.append(PartInfo(sha, rows, None))
    return found


def _viewer_edits(
    path: Path,
    header: Header,
    end: int,
    before: LiveEdits,
    lines: Sequence[tuple[int, dict[str, Any] | None]],
) -> LiveEdits:
    """Return what a person drew; what was drawn is small enough to be read whole each time."""
    if not lines:
        return replace(before, end=end)
    every, _ = _lines(path, 0, end)
    entries = [(at, entry) for at, entry in every[1:] if entry is not None]
    if not entries:
        return replace(before, end=end)
    edits = ViewerEdits.replay([entry for _, entry in entries])
    features = [_named(header, name, feature) for name, feature in edits.features.items()]
    rows = _readable([feature for feature in features if feature is not None])
    gone = [id_ for id_ in edits.deleted if halves_of(pa.array([id_], pa.string())) is not None]
    rows = [table.append_column(OP, pa.array(["set"] * table.num_rows)) for table in rows]
    schema = pa.schema([*SCHEMA, pa.field(OP, pa.string())])
    deleted = pa.table({"id": pa.array(gone, pa.string()), OP: pa.array(["delete"] * len(gone), pa.string())})
    words = pa.concat_tables([schema.empty_table(), *rows, deleted], promote_options="default")
    words = words.combine_chunks()
    words = words.filter(pa.array(last_of_each(parse_ids(words.column("id")))))
    spoken = concat_ids([*(ids for _, ids in before.said), parse_ids(words.column("id"))])
    revision = entries[-1][0]
    return replace(before, end=end, revision=revision, words=words, said=((revision, spoken),))


def _named(header: Header, name: str, feature: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a feature with an id: what is not stored yet gets one that is always the same."""
    named = {member: value for member, value in feature.items() if member != "key"}
    if named.get("id") is None:
        named["id"] = str(uuid.uuid5(uuid.UUID(header.id), name))
    return named if halves_of(pa.array([named["id"]], pa.string())) is not None else None


def _readable(features: list[dict[str, Any]]) -> list[pa.Table]:
    """Return features as tables; those that cannot be drawn are searched by halves and left out."""
    if not features:
        return []
    try:
        return [concat([to_arrow(_whole(features))])]
    except (InvalidAnnotation, InvalidInput):
        if len(features) == 1:
            return []
        half = len(features) // 2
        return [*_readable(features[:half]), *_readable(features[half:])]


def _whole(features: list[dict[str, Any]]) -> Any:
    from wsinb.annotate import validate

    return validate(from_features(features))
