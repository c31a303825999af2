"""The lines of a journal: JSON with a sum, so that a damaged one is known."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from wsinb.versions.storage.layout import canonical

__all__ = ["Header", "Kind", "decode_line", "encode_line"]

VERSION = 1
Kind = Literal["session", "viewer"]
_COMMIT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Header:
    """The first line of a journal.

    Attributes
    ----------
    id
        32 hexadecimal digits.
    kind
        Whether a session in Python wrote it, or a viewer by way of the server.
    branch, base
        Where the edits are to be committed, and the commit that they are made on.
    author, time
        Who made the edits, and since when.
    slide
        The slide of a viewer; a session says it in each line.
    """

    id: str
    kind: Kind
    branch: str
    base: str
    author: str
    time: datetime
    slide: str | None = None

    @classmethod
    def new(cls, kind: Kind, branch: str, base: str, author: str, slide: str | None = None) -> Header:
        """Return the header of a new journal."""
        return cls(secrets.token_hex(16), kind, branch, base, author, datetime.now(UTC), slide)

    def to_json(self) -> dict[str, Any]:
        """Return the line, without who holds the journal."""
        data = {name: getattr(self, name) for name in ("id", "kind", "branch", "base", "author", "slide")}
        return {"journal": VERSION, **data, "time": self.time.isoformat()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], id_: str) -> Header:
        """Read the line of the journal with an id; ValueError if it is no such line."""
        texts = {name: data.get(name) for name in ("branch", "base", "author", "time")}
        kind, slide = data.get("kind"), data.get("slide")
        if data.get("journal") != VERSION or data.get("id") != id_ or kind not in ("session", "viewer"):
            raise ValueError("its first line is of no journal that this wsinb knows")
        if not all(isinstance(text, str) for text in texts.values()) or not isinstance(slide, str | None):
            raise ValueError("its first line lacks a text")
        if not _COMMIT.fullmatch(str(texts["base"])):
            raise ValueError("its first line names no commit")
        time_ = datetime.fromisoformat(str(texts.pop("time")))
        if time_.tzinfo is None or (kind == "viewer") != (slide is not None):
            raise ValueError("its first line lacks a member")
        return cls(id_, kind, time=time_, slide=slide, **{name: str(text) for name, text in texts.items()})


def encode_line(entry: Mapping[str, Any]) -> bytes:
    """Return a JSON object as a line; ValueError if JSON cannot hold it."""
    return canonical({**entry, "sum": _sum(entry)}) + b"\n"


def decode_line(line: bytes) -> dict[str, Any]:
    """Return the JSON object of a line; ValueError if it is damaged."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON") from None
    if not isinstance(entry, dict):
        raise ValueError("it is no JSON object")
    said = entry.pop("sum", None)
    try:
        right = said == _sum(entry)
    except (ValueError, RecursionError):
        right = False
    if not right:
        raise ValueError("its sum is wrong")
    return entry


def _sum(entry: Mapping[str, Any]) -> str:
    return hashlib.blake2b(canonical(entry), digest_size=8).hexdigest()
