"""The versioned store of a project: annotations, slide list, labels and metadata over time."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from wsinb.annotate import Label, LabelSet
from wsinb.errors import (
    InvalidInput,
    ProjectExists,
    StorageError,
    UnknownProject,
    UnknownVersion,
)
from wsinb.names import unknown
from wsinb.versions.artifacts import Artifacts
from wsinb.versions.author import check_author
from wsinb.versions.graph.ancestry import Ancestry
from wsinb.versions.graph.commits import Committer, Draft
from wsinb.versions.graph.maps import read_map
from wsinb.versions.graph.naming import MAIN, Naming
from wsinb.versions.graph.records import Artifact, Commit, Log, Record
from wsinb.versions.graph.refs import Head, Refs, check_ref_name
from wsinb.versions.session import Session
from wsinb.versions.slideentry import check_slide
from wsinb.versions.storage.layout import (
    COMMIT_SUFFIX,
    FORMAT,
    FORMAT_KEY,
    canonical,
    commit_key,
    parse,
    seal_holds,
    sealed,
)
from wsinb.versions.storage.objects import Objects
from wsinb.versions.storage.store import Store
from wsinb.versions.tables.columns import Column
from wsinb.versions.tables.files import check_box
from wsinb.versions.tables.history import Histories
from wsinb.versions.tables.reading import Tables
from wsinb.versions.tables.values import to_frame
from wsinb.versions.upkeep.tend import tend

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["MAIN", "Repository"]

MIN_PREFIX = 6
_HEX = re.compile(r"[0-9a-f]+")
_COMMIT = re.compile(r"[0-9a-f]{64}")
_LABEL = tuple(field.name for field in fields(Label))


class Repository:
    """Reads and writes the versions in a store; it keeps no state but caches.

    `upkeep` says whether commits merge and fold files in their wake; whoever makes many commits in one
    go may switch it off and compact at the end.
    """

    def __init__(self, store: Store, format_version: int) -> None:
        self.store = store
        self.format = format_version
        self.objects = Objects(store)
        self.refs = Refs(store)
        self.ancestry = Ancestry(store)
        self.tables = Tables(store, self.objects)
        self.histories = Histories(store)
        self.artifacts = Artifacts(store)
        self.naming = Naming(self.refs)
        self.committer = Committer(store, self.objects, self.refs, self.ancestry, self._tend)
        self.upkeep = True

    @classmethod
    def create(cls, store: Store, name: str, author: str | None = None) -> Repository:
        """Make a new, empty repository in a store.

        Raises
        ------
        ProjectExists
            If there is one already.
        """
        if store.exists(FORMAT_KEY):
            raise ProjectExists(f"There is a project in {store.url} already: open it with open_project().")
        repository = cls(store, FORMAT)
        labels = repository.objects.put({"sets": {"default": []}})
        project = repository.objects.put({"columns": [], "id": str(uuid4()), "name": name})
        repository.committer.root(MAIN, check_author(author), "Project created", labels, project)
        # the last file written: without it there is no project
        if not store.put_if_absent(FORMAT_KEY, canonical(sealed({"format": FORMAT}))):
            raise ProjectExists(f"There is a project in {store.url} already: open it with open_project().")
        store.sync()
        return repository

    @classmethod
    def open(cls, store: Store) -> Repository:
        """Open the repository in a store.

        Raises
        ------
        UnknownProject
            If there is none.
        StorageError
            If its format is newer than this version of wsinb reads, or damaged.
        """
        try:
            raw = store.get(FORMAT_KEY)
            data = parse(raw, f"{store.url}/{FORMAT_KEY}")
        except FileNotFoundError:
            raise UnknownProject(
                f"There is no project in {store.url}: make one with create_project()."
            ) from None
        version = data.get("format") if isinstance(data, dict) else None
        if not isinstance(version, int) or version < 1 or ("check" in data and not seal_holds(raw)):
            raise StorageError(
                f"The file {FORMAT_KEY} in {store.url} is damaged: "
                f"it must hold {canonical(sealed({'format': FORMAT})).decode()}."
            )
        if version > FORMAT:
            raise StorageError(
                f"The project in {store.url} has format {version}, and this wsinb reads up to {FORMAT}: "
                f"update it with pip install --upgrade wsinb."
            )
        return cls(store, version)

    def branch_head(self, branch: str) -> Head:
        """Return the newest entry of a branch."""
        return self.committer.head(branch)

    def version(self, version: str) -> Head:
        """Return what a branch, tag, commit id or unique start of one (6 digits or more) names.

        Raises
        ------
        UnknownVersion
            If it names nothing, or the start of several commits.
        """
        if not isinstance(version, str) or not version:
            raise UnknownVersion(f"A version is the name of a branch, a tag or a commit, not {version!r}.")
        if _COMMIT.fullmatch(version) and self.store.exists(commit_key(version)):
            return Head(-1, self.ancestry.record(version))
        with contextlib.suppress(InvalidInput):
            name = check_ref_name(version)
            for kind in ("heads", "tags"):
                head = self.refs.head(kind, name)
                if head is not None:
                    return head
        return Head(-1, self.ancestry.record(self._commit_id(version)))

    def _commit_id(self, version: str) -> str:
        prefix = version.lower()
        if len(prefix) >= MIN_PREFIX and _HEX.fullmatch(prefix):
            names = self.store.list("objects/")
            found = [
                name.removesuffix(COMMIT_SUFFIX)
                for name in names
                if name.startswith(prefix) and name.endswith(COMMIT_SUFFIX)
            ]
            if len(found) == 1:
                return found[0]
            if found:
                raise UnknownVersion(f"{version!r} is the start of {len(found)} commits: give more digits.")
        raise UnknownVersion(unknown("branch, tag or commit", version, self.refs.known()))

    def record(self, version: str) -> Record:
        """Return the stored commit of a version."""
        return self.version(version).record

    @property
    def journals(self) -> Path:
        """The folder of the journals, which hold edits that are not committed yet."""
        project = self.metadata_of(self.branch_head(MAIN).record)["id"]
        return self.store.journal_folder(str(project))

    def session(
        self,
        branch: str = MAIN,
        author: str | None = None,
        base: str | None = None,
        *,
        journal: bool = True,
    ) -> Session:
        """Open a session on the present head of a branch, or on an earlier commit of it.

        Raises
        ------
        UnknownVersion
            If there is no such branch or commit.
        """
        return Session(self, branch, check_author(author), base, journal=journal)

    def read(self, slide: str, version: str = MAIN, bbox: Iterable[float] | None = None) -> gpd.GeoDataFrame:
        """Return the annotations of a slide at a version; see `SlideSession.read`."""
        head = self.version(version)
        check_slide(slide, self.slides_of(head.record), f"in version {version!r}")
        table = self.tables.read(self.committer.state(head, slide), check_box(bbox))
        return to_frame(table, self.columns_of(head.record))

    def count(self, slide: str, version: str = MAIN) -> int:
        """Return the number of annotations of a slide at a version, without reading them."""
        return self.committer.state(self.version(version), slide).rows

    def counts(self, version: str = MAIN) -> dict[str, int]:
        """Return the number of annotations of every slide of a version, without reading them."""
        head = self.version(version)
        return {name: self.committer.state(head, name).rows for name in self.slides_of(head.record)}

    def log(self, version: str = MAIN, limit: int | None = None) -> Log:
        """Return the commits up to a version, newest first."""
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
            raise InvalidInput(f"The limit of the log is a number of commits, not {limit!r}.")
        records = islice(self.ancestry.walk(self.version(version).record.id), limit)
        return Log([record.public() for record in records])

    def commit(self, version: str) -> Commit:
        """Return the commit of a version."""
        return self.record(version).public()

    def slides_of(self, record: Record) -> dict[str, Any]:
        """Return the slide list of a commit: JSON objects by name."""
        return read_map(self.objects, record.data["slides"])

    def labels_of(self, record: Record) -> LabelSet:
        """Return the labels of a commit."""
        stored = self.objects.get(record.data["labels"])["sets"]["default"]
        known = [{name: label[name] for name in _LABEL if name in label} for label in stored]
        return LabelSet.from_json(known)

    def metadata_of(self, record: Record) -> Mapping[str, Any]:
        """Return the project metadata of a commit: "id", "name", "columns"."""
        metadata: Mapping[str, Any] = self.objects.get(record.data["project"])
        return metadata

    def columns_of(self, record: Record) -> tuple[Column, ...]:
        """Return the own columns of a commit, those that were removed too."""
        return tuple(Column.from_json(entry) for entry in self.metadata_of(record)["columns"])

    def sets_of(self, record: Record) -> Mapping[str, Any]:
        """Return the virtual sets of a commit: JSON objects by name."""
        sha = record.data["sets"]
        sets: Mapping[str, Any] = {} if sha is None else self.objects.get(sha)["sets"]
        return sets

    def put_metadata(self, record: Record, **members: Any) -> str:
        """Store the project metadata of a commit with other members and return the hash for a draft."""
        return self.objects.put({**self.metadata_of(record), **members})

    def put_labels(self, record: Record, labels: LabelSet) -> str:
        """Store labels in place of those of a commit and return the hash to name in a draft."""
        before = self.objects.get(record.data["labels"])
        stored = {label["name"]: label for label in before["sets"]["default"]}
        # members that a later version gave to a label stay
        new = [{**stored.get(label["name"], {}), **label} for label in labels.to_json()]
        return self.objects.put({**before, "sets": {**before["sets"], "default": new}})

    def edit(self, prepare: Callable[[Record], Draft], branch: str = MAIN) -> Commit:
        """Append a commit that does not touch annotations.

        `prepare` drafts it for the present head, and is asked again when another writer was
        faster; so edits of different things never meet.
        """
        return self.committer.append(branch, lambda head: prepare(head.record)).record.public()

    def _tend(self, branch: str, head: Head) -> Head:
        return tend(self, branch, head) if self.upkeep else head

    def attach(self, version: str, name: str, data: bytes | Path, author: str | None = None) -> Artifact:
        """Attach an artifact to an existing commit."""
        return self.artifacts.attach(self.record(version), name, data, check_author(author))

    def link(self, version: str, artifact: Artifact, author: str | None = None) -> Artifact:
        """Attach an artifact that is stored already to an existing commit."""
        return self.artifacts.link(self.record(version), artifact, check_author(author))
