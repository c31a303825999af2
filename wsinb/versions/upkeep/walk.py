"""Walking all that the refs lead to: which files are named, and to what they belong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import pairwise
from typing import Any

from wsinb.versions.graph.naming import WORDS
from wsinb.versions.graph.refs import LAST, entry_key
from wsinb.versions.storage.layout import (
    artifact_key,
    changes_key,
    commit_key,
    history_key,
    job_key,
    keys_key,
    object_key,
    part_key,
    run_key,
    seal_holds,
    sha256,
    unquote_name,
)
from wsinb.versions.storage.store import Store

__all__ = ["MISSING", "Trouble", "Walk"]

MISSING, DAMAGED = "missing", "damaged"
Trouble = Callable[[str, str, str], None]
"""Is told a key, to what it belongs, and what is wrong with it."""

_HASH = re.compile(rb"[0-9a-f]{64}")
_ENTRY = re.compile(r"[0-9a-f]{16}\.json")


class Walk:
    """Follows refs and attachments to all files that they name; reads JSON only.

    Attributes
    ----------
    named
        The keys of all files that should be there, with the version or slide that they belong to.
    hashes
        Everything that looks like a hash in what was read, so also what later writers may name in
        members that are not known here.
    """

    def __init__(self, store: Store, trouble: Trouble) -> None:
        self.named: dict[str, str] = {}
        self.hashes: set[str] = set()
        self._store = store
        self._trouble = trouble
        self._commits: list[tuple[str, str]] = []
        self._read: set[str] = set()

    def everything(self) -> None:
        """Walk from all entries of all refs and from all attachments."""
        for kind, word in WORDS.items():
            for segment in self._store.list(f"refs/{kind}/"):
                ref, names = unquote_name(segment), list(self._store.list(f"refs/{kind}/{segment}/"))
                for name in names:
                    self._entry(f"refs/{kind}/{segment}/{name}", f"{word} {ref!r}")
                self._gaps(kind, ref, names, f"{word} {ref!r}")
        for commit in self._store.list("attachments/"):
            for name in self._store.list(f"attachments/{commit}/"):
                self._attachment(commit, name)
        for run in self._store.list(job_key("")):
            self._run(run)
        while self._commits:
            self._commit(*self._commits.pop())

    def follow(self, keys: Collection[str]) -> None:
        """Walk on from all hashes that were met to JSON among `keys` that was not read, and so forth."""
        todo = list(self.hashes)
        while todo:
            sha = todo.pop()
            for key in (commit_key(sha), object_key(sha)):
                if key in keys and key not in self._read:
                    before = set(self.hashes)
                    self._load(key, sha, "something that this wsinb does not know")
                    todo += self.hashes - before

    def _entry(self, key: str, belongs: str) -> None:
        data = self._bytes(key, belongs)
        value = _parsed(data)
        try:
            int(key[-21:-5], 16)
            if not isinstance(value, dict) or data is None:
                raise ValueError
            if "parents" in value:
                commit = sha256(data)
                if not self._store.exists(commit_key(commit)):
                    raise ValueError
                self._commits.append((commit, belongs))
            elif not seal_holds(data):
                raise ValueError
            elif "commit" in value:
                self._commits.append((value["commit"], belongs))
                for slide, state in value.get("states", {}).items():
                    self._state(state, f"slide {slide!r} at the head of {belongs}")
        except (ValueError, KeyError, TypeError, AttributeError):
            self._trouble(key, belongs, DAMAGED)

    def _gaps(self, kind: str, ref: str, names: Iterable[str], belongs: str) -> None:
        """Name the first of every row of entries that are missing: their numbers follow each other."""
        numbers = sorted(LAST - int(name[:-5], 16) for name in names if _ENTRY.fullmatch(name))
        for before, after in pairwise([-1, *numbers]):
            key = entry_key(kind, ref, before + 1)
            # what came while they were listed may have been left out
            if after > before + 1 and not self._store.exists(key):
                self._trouble(key, belongs, MISSING)

    def _attachment(self, commit: str, name: str) -> None:
        key, belongs = f"attachments/{commit}/{name}", f"an artifact of commit {commit[:10]}"
        data = self._bytes(key, belongs)
        value = _parsed(data)
        if data is not None and seal_holds(data) and unquote_name(name) == f"{value.get('name')}.json":
            self.named.setdefault(artifact_key(value["sha256"]), belongs)
        else:
            self._trouble(key, belongs, DAMAGED)
        self._commits.append((commit, belongs))

    def _run(self, run: str) -> None:
        """Note what a run of a job names: whatever looks like a hash in its files, which are sealed."""
        keys = [entry.key for entry in self._store.entries(job_key(run, ""))]
        for key in sorted(keys):
            data = self._bytes(key, f"run {run}")
            if data is not None and not seal_holds(data):
                self._trouble(key, f"run {run}", DAMAGED)

    def _commit(self, commit: str, belongs: str) -> None:
        key = commit_key(commit)
        if key in self._read:
            return
        data = self._load(key, commit, belongs)
        if data is None:
            return
        here = f"commit {commit[:10]}"
        try:
            self._commits += [(parent, f"the history of {here}") for parent in data["parents"]]
            for sha in (data["project"], data["labels"], data["sets"]):
                if sha is not None:
                    self._load(object_key(sha), sha, here)
            self._map(data["slides"], here)
            self._map(data["tree"], here)
            for slide, state in data["states"].items():
                if state is not None:
                    self._state(state, f"slide {slide!r} at {here}")
            for slide, change in data["changes"].items():
                self._files(f"slide {slide!r} at {here}", sets=change["sets"], parts=change["parts"])
            for artifact in data["artifacts"].values():
                self.named.setdefault(artifact_key(artifact["sha256"]), f"an artifact of {here}")
        except (KeyError, TypeError, AttributeError):
            self._trouble(key, here, DAMAGED)

    def _map(self, reference: Mapping[str, Any], belongs: str) -> None:
        for sha in reference.get("shards", {}).values():
            self._load(object_key(sha), sha, belongs)

    def _state(self, state: Mapping[str, Any], belongs: str) -> None:
        listed: list[str] = []
        if state["parts"] is not None:
            key = object_key(state["parts"])
            if key not in self._read:
                found = self._load(key, state["parts"], belongs)
                listed = [part["sha256"] for part in found["parts"]] if found else []
        bulk = [sha for entry in state["bulk"] for sha in entry["parts"]]
        self._files(belongs, sets=state["changes"], parts=[*listed, *bulk], runs=state["runs"])
        for sha in state["history"]:
            self.named.setdefault(history_key(sha), belongs)

    def _files(
        self, belongs: str, sets: Collection[str], parts: Collection[str], runs: Collection[str] = ()
    ) -> None:
        keys = [changes_key(sha) for sha in sets] + [run_key(sha) for sha in runs]
        keys += [key for sha in parts for key in (part_key(sha), keys_key(sha))]
        for key in keys:
            self.named.setdefault(key, belongs)

    def _load(self, key: str, sha: str, belongs: str) -> Any:
        """Return the JSON under a hash, the first time; None if there is none, or it was here before."""
        self.named.setdefault(key, belongs)
        if key in self._read:
            return None
        self._read.add(key)
        data = self._bytes(key, belongs)
        if data is None:
            return None
        if sha256(data) != sha:
            self._trouble(key, belongs, DAMAGED)
            return None
        return _parsed(data)

    def _bytes(self, key: str, belongs: str) -> bytes | None:
        self.named.setdefault(key, belongs)
        try:
            data = self._store.get(key)
        except FileNotFoundError:
            self._trouble(key, belongs, MISSING)
            return None
        self.hashes.update(match.decode() for match in _HASH.findall(data))
        return data


def _parsed(data: bytes | None) -> Any:
    try:
        return None if data is None else json.loads(data)
    except (ValueError, RecursionError):
        return None
