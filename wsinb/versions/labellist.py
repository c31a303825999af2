"""The labels of a project: every change of them is a commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wsinb.annotate import Label, LabelSet
from wsinb.versions.author import check_author
from wsinb.versions.graph.commits import Draft
from wsinb.versions.graph.records import Record
from wsinb.versions.repository import MAIN, Repository

__all__ = ["Labels"]


class Labels(Mapping[str, Label]):
    """The labels of a project, in the order of the palette.

    Changing them makes a commit on main, or on another branch.
    """

    def __init__(self, repository: Repository, branch: str = MAIN) -> None:
        self._repository = repository
        self._branch = branch

    def on(self, branch: str) -> Labels:
        """Return the labels of another branch, to read and to change."""
        return Labels(self._repository, branch)

    def _set(self) -> LabelSet:
        return self._repository.labels_of(self._repository.branch_head(self._branch).record)

    def __getitem__(self, name: str) -> Label:
        return self._set()[name]

    def __contains__(self, name: object) -> bool:
        return name in self._set()

    def __iter__(self) -> Iterator[str]:
        return iter(self._set())

    def __len__(self) -> int:
        return len(self._set())

    def add(self, labels: Label | Iterable[Label], author: str | None = None) -> None:
        """Add one label or several as one commit; a label of a known name takes its place.

        Raises
        ------
        InvalidInput
            If two active labels would share a key.
        """
        # what is no label is refused below
        new = list(labels) if isinstance(labels, Iterable) else [labels]
        signed = check_author(author)

        def prepare(record: Record) -> Draft:
            before = self._repository.labels_of(record)
            after = LabelSet(before.values())
            after.add(new)
            names = {label.name for label in new}
            edits = {"added": sorted(names - set(before)), "updated": sorted(names & set(before))}
            words = ", ".join(sorted(names))
            message = f"Set labels {words}" if edits["updated"] else f"Add labels {words}"
            return Draft(
                message, signed, labels=self._repository.put_labels(record, after), edits={"labels": edits}
            )

        if new:
            self._repository.edit(prepare, self._branch)

    def remove(self, name: str, author: str | None = None) -> None:
        """Remove a label, as a commit; annotations that carry it keep it."""
        signed = check_author(author)

        def prepare(record: Record) -> Draft:
            labels = self._repository.labels_of(record)
            labels.remove(name)
            edits = {"labels": {"removed": [name]}}
            return Draft(
                f"Remove label {name}",
                signed,
                labels=self._repository.put_labels(record, labels),
                edits=edits,
            )

        self._repository.edit(prepare, self._branch)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the labels as JSON objects, in the order of the palette."""
        return self._set().to_json()

    def __repr__(self) -> str:
        return repr(self._set())

    def _repr_html_(self) -> str:
        return self._set()._repr_html_()
