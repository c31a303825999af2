"""Trained models that belong to the versions of a project."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput
from wsinb.listing import Cell, code, html_table, text_table
from wsinb.names import unknown
from wsinb.versions import MAIN, Artifact, Commit, Repository

if TYPE_CHECKING:
    from wsinb.trees.models import Model

__all__ = ["ModelEntry", "Models"]

SUFFIX = ".npz"
HEAD = ("model", "kind", "labels", "µm per px", "trained on", "kept with", "time (UTC)")


@dataclass(frozen=True)
class ModelEntry:
    """A model that was kept with a commit.

    Attributes
    ----------
    name
        What it is called.
    commit
        The commit that has it.
    time
        Of the commit.
    size
        Of its file, in bytes.
    sha256
        Of its file.
    """

    name: str
    commit: str
    time: datetime
    size: int
    sha256: str
    _repository: Repository = field(repr=False, compare=False)

    def read(self) -> bytes:
        """Return its file, after checking the hash."""
        repository = self._repository
        return repository.artifacts.read(repository.record(self.commit), self.name + SUFFIX)

    def load(self, *kinds: str) -> Any:
        """Return the model; see `wsinb.trees.load_model`.

        Parameters
        ----------
        *kinds : str
            Those that will do, such as "direct" and "leaves" for classifiers; all if none is given.

        Raises
        ------
        InvalidInput
            If it is of another kind, or no model.
        """
        from wsinb.trees.models import load_model

        if kinds and self.header["kind"] not in kinds:
            wanted = " or ".join(map(repr, kinds))
            raise InvalidInput(
                f"{self._title} is of kind {self.header['kind']!r}, and {wanted} is needed: "
                "name another model"
            )
        return load_model(io.BytesIO(self.read()), self._title)

    @cached_property
    def header(self) -> dict[str, Any]:
        """What the model says of itself: `kind`, `labels`, `um_per_px`, `version`, `parameters`, `scores`."""
        from wsinb.trees.forest.file import read_header
        from wsinb.trees.models import kind_of

        artifact = Artifact(self.name + SUFFIX, self.sha256, self.size)
        with self._repository.artifacts.open(artifact) as file:
            header = read_header(file, self._title)
        return {**header, "kind": kind_of(header, self._title)}

    @property
    def _title(self) -> str:
        return f"the model {self.name} of version {self.commit[:12]}"

    def _cells(self) -> list[Cell]:
        when = f"{self.time:%Y-%m-%d %H:%M}"
        try:
            header = self.header
        except InvalidInput:
            return [self.name, "not a model of wsinb", "", "", "", self.commit[:10], when]
        labels = ", ".join(map(str, header.get("labels") or ()))
        um, version = header.get("um_per_px"), header.get("version")
        trained = version[:10] if isinstance(version, str) else ""
        return [
            *(self.name, str(header["kind"]), labels),
            *(f"{um:g}" if isinstance(um, int | float) else "", trained, self.commit[:10], when),
        ]


class Models:
    """The models that commits of a project have as artifacts; a name stands for the newest of that name.

    Get it as `Project.models`. `project.models["tumour"].load()` is ready to predict.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def add(self, name: str, model: Model, version: str | Commit = MAIN) -> ModelEntry:
        """Keep a model with a commit, which stays as it is.

        Parameters
        ----------
        name : str
            What to call it, without an ending.
        model : SegmentationForest, PixelForest, DirectClassifier or LeafClassifier
        version : str or Commit
            The commit, a branch or a tag; best the one that the model was trained on.

        Raises
        ------
        InvalidInput
            If that commit has another model of that name.
        UnknownVersion
            If there is no such version.
        """
        record = self._repository.record(version.id if isinstance(version, Commit) else version)
        buffer = io.BytesIO()
        model.save(buffer)
        name = _plain(name)
        artifact = self._repository.attach(record.id, name + SUFFIX, buffer.getvalue())
        return self._entry(self._repository.commit(record.id), artifact)

    def check_name(self, name: str, version: str | Commit = MAIN, **wanted: Any) -> None:
        """Refuse a name under which a commit has another model; ask before a long training, not after it.

        The same training again is allowed: it gives the same file.

        Parameters
        ----------
        name : str
        version : str or Commit
            What the model will be kept with.
        **wanted
            Members of the header that the model will have, such as `kind`, `labels`, `um_per_px`; of
            `parameters` those that are asked for.

        Raises
        ------
        InvalidInput
            If that commit has a model of that name with other members.
        UnknownVersion
            If there is no such version.
        """
        record = self._repository.record(version.id if isinstance(version, Commit) else version)
        for entry in self._of(self._repository.commit(record.id)):
            if entry.name == _plain(name) and not _agrees(entry.header, wanted):
                raise InvalidInput(
                    f"Version {record.id[:12]} has a model {entry.name!r} that was trained otherwise; "
                    "choose another name."
                )

    def at(self, version: str = MAIN) -> list[ModelEntry]:
        """Return all models that a version or one before it has, those of the newest commits first."""
        return list(self._walk(version))

    def find(self, name: str, version: str = MAIN) -> ModelEntry:
        """Return the newest model of a name that a version or one before it has.

        Raises
        ------
        InvalidInput
            If there is none; the message names others.
        UnknownVersion
            If there is no such version.
        """
        wanted, others = _plain(name), set()
        for entry in self._walk(version):
            if entry.name == wanted:
                return entry
            others.add(entry.name)
        raise InvalidInput(unknown("model", wanted, sorted(others), "no version before it has one."))

    def __getitem__(self, name: str) -> ModelEntry:
        return self.find(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(entry.name for entry in self._walk(MAIN)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _plain(name) in set(self)

    def __repr__(self) -> str:
        rows = [entry._cells() for entry in self._walk(MAIN)]
        return text_table(HEAD, rows) if rows else "no models yet: project.models.add(name, model) keeps one"

    def _repr_html_(self) -> str:
        rows = [entry._cells() for entry in self._walk(MAIN)]
        if not rows:
            return "No models yet: <code>project.models.add(name, model)</code> keeps one."
        return html_table(HEAD, [[*row[:5], code(str(row[5])), row[6]] for row in rows])

    def _walk(self, version: str) -> Iterator[ModelEntry]:
        repository = self._repository
        for commit in repository.log(repository.record(version).id):
            yield from self._of(commit)

    def _of(self, commit: Commit) -> Iterator[ModelEntry]:
        for artifact in self._repository.artifacts.of(self._repository.record(commit.id)):
            if artifact.name.endswith(SUFFIX):
                yield self._entry(commit, artifact)

    def _entry(self, commit: Commit, artifact: Artifact) -> ModelEntry:
        name = artifact.name.removesuffix(SUFFIX)
        return ModelEntry(name, commit.id, commit.time, artifact.size, artifact.sha256, self._repository)


def _plain(name: str) -> str:
    if not isinstance(name, str):
        raise InvalidInput(f"A model is called by a text, not {type(name).__name__}.")
    return name.removesuffix(SUFFIX)


def _agrees(header: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Say whether a header has the wanted members, and in members that are mappings the wanted entries."""
    return all(
        isinstance(header.get(key), Mapping) and _agrees(header[key], value)
        if isinstance(value, Mapping)
        else header.get(key) == value
        for key, value in wanted.items()
    )
