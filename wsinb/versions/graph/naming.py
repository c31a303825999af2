"""Names for versions: branches, which move, and tags, which stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wsinb.errors import InvalidInput, StorageError, UnknownVersion
from wsinb.listing import code, html_table, text_table
from wsinb.names import unknown
from wsinb.versions.graph.refs import Head, Refs, check_ref_name

__all__ = ["MAIN", "WORDS", "Naming", "RefNames"]

MAIN = "main"
"""The branch that every project has."""

WORDS = {"heads": "branch", "tags": "tag"}
"""What people call the kinds of refs."""

ATTEMPTS = 100


class RefNames(Mapping[str, str]):
    """The branches or tags of a project: names and the ids of their commits, as they were just now."""

    def __init__(self, heads: Mapping[str, Head]) -> None:
        self._records = {name: head.record for name, head in heads.items()}

    def __getitem__(self, name: str) -> str:
        return self._records[name].id

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def _rows(self) -> list[tuple[str, str, str, str, str]]:
        commits = {name: record.public() for name, record in self._records.items()}
        return [
            (name, each.id[:10], f"{each.time:%Y-%m-%d %H:%M}", each.author, each.message)
            for name, each in commits.items()
        ]

    def __repr__(self) -> str:
        return text_table(None, self._rows()) or "none"

    def _repr_html_(self) -> str:
        head = ("name", "commit", "time (UTC)", "author", "message")
        return html_table(head, ((name, code(commit), *rest) for name, commit, *rest in self._rows()))


class Naming:
    """Makes and ends branches and tags."""

    def __init__(self, refs: Refs) -> None:
        self._refs = refs

    def branch(self, name: str, at: Head) -> None:
        """Make a branch that begins at a version.

        Raises
        ------
        InvalidInput
            If the name cannot be used, or names a branch or a tag already.
        """
        self._create("heads", name, at)

    def tag(self, name: str, at: Head) -> None:
        """Give a version a name that stays.

        Raises
        ------
        InvalidInput
            If the name cannot be used, or names a branch or a tag already.
        """
        self._create("tags", name, at)

    def delete_branch(self, name: str) -> None:
        """End a branch; its commits stay.

        Raises
        ------
        InvalidInput
            If it is main.
        UnknownVersion
            If there is no such branch.
        """
        if name == MAIN:
            raise InvalidInput(f"The branch {MAIN!r} cannot be deleted: every project has it.")
        self._end("heads", name)

    def delete_tag(self, name: str) -> None:
        """End a tag; its commit stays.

        Raises
        ------
        UnknownVersion
            If there is no such tag.
        """
        self._end("tags", name)

    def _create(self, kind: str, name: Any, at: Head) -> None:
        check_ref_name(name)
        self._refuse_taken(name)
        number = self._refs.newest(kind, name)[0] + 1
        commit = at.record.id
        if at.states:  # equal tables in fewer files: they are worth keeping
            states = {slide: state.to_json() for slide, state in at.states.items()}
            free = self._refs.put(kind, name, number, {"commit": commit, "states": states})
        else:
            free = self._refs.advance(kind, name, number, commit)
        if not free:
            self._refuse_taken(name)
            raise InvalidInput(f"Somebody else made and deleted {WORDS[kind]} {name!r} just now: try again.")
        other = next(word for word in WORDS if word != kind)
        if self._refs.head(other, name) is not None:
            self._end(kind, name)
            raise InvalidInput(f"Somebody else made a {WORDS[other]} {name!r} just now: take another name.")

    def _refuse_taken(self, name: str) -> None:
        for kind, word in WORDS.items():
            head = self._refs.head(kind, name)
            if head is not None:
                end = "" if name == MAIN else f", or delete it first with project.delete_{word}({name!r})"
                raise InvalidInput(
                    f"There is a {word} {name!r} already, at commit {head.record.id[:10]}: "
                    f"take another name{end}."
                )

    def _end(self, kind: str, name: Any) -> None:
        check_ref_name(name)
        for _ in range(ATTEMPTS):
            number, head = self._refs.newest(kind, name)
            if head is None:
                raise UnknownVersion(unknown(WORDS[kind], name, self._refs.names(kind)))
            if self._refs.put(kind, name, number + 1, {"deleted": True}):
                return
        raise StorageError(f"Other writers keep moving {WORDS[kind]} {name!r}: try again later.")
