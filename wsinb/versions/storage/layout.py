"""Where things lie in the store, how JSON is written and how content is named.

docs/format.md specifies all of it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from wsinb.errors import StorageError

__all__ = [
    "FORMAT",
    "FORMAT_KEY",
    "artifact_key",
    "attachment_key",
    "canonical",
    "changes_key",
    "commit_key",
    "history_key",
    "is_content_key",
    "job_key",
    "keys_key",
    "object_key",
    "parse",
    "part_key",
    "ref_prefix",
    "run_key",
    "seal_holds",
    "sealed",
    "sha256",
    "sha256_file",
]

FORMAT = 1
"""The version of the on-disk format that this code writes, and the newest that it reads."""

FORMAT_KEY = "format.json"
CHECK = "check"
COMMIT_SUFFIX = ".commit.json"
CHANGES_SUFFIX = ".changes.parquet"
_CONTENT_KEY = re.compile(r"(objects|parts|keys|runs|history|artifacts)/[0-9a-f]{64}[.a-z]*")


def commit_key(commit: str) -> str:
    """Key of a commit."""
    return f"objects/{commit}{COMMIT_SUFFIX}"


def changes_key(sha: str) -> str:
    """Key of the change set of one slide in one commit."""
    return f"objects/{sha}{CHANGES_SUFFIX}"


def object_key(sha: str) -> str:
    """Key of a JSON object."""
    return f"objects/{sha}.json"


def part_key(sha: str) -> str:
    """Key of a part, which is plain GeoParquet."""
    return f"parts/{sha}.parquet"


def keys_key(sha: str) -> str:
    """Key of the sorted ids of a part."""
    return f"keys/{sha}.keys"


def run_key(sha: str) -> str:
    """Key of several change sets merged into one."""
    return f"runs/{sha}.parquet"


def history_key(sha: str) -> str:
    """Key of who changed which id when, merged from several change sets."""
    return f"history/{sha}.parquet"


def artifact_key(sha: str) -> str:
    """Key of the bytes of an artifact."""
    return f"artifacts/{sha}"


def attachment_key(commit: str, name: str) -> str:
    """Key of the record that attaches an artifact to a commit."""
    return f"attachments/{commit}/{quote_name(name)}.json"


def ref_prefix(kind: str, name: str) -> str:
    """Folder of the entries of a ref; `kind` is "heads" or "tags"."""
    return f"refs/{kind}/{quote_name(name)}/"


def job_key(run: str, *names: str) -> str:
    """Key of a file of a run of a job; without names the prefix of all its files, or of all runs."""
    return "/".join(("jobs", run, *names)) if run else "jobs/"


def is_content_key(key: str) -> bool:
    """Say whether a key is named by content, so that whoever writes it writes the same bytes."""
    return _CONTENT_KEY.fullmatch(key) is not None


def quote_name(name: str) -> str:
    """Return a name as one safe segment of a key."""
    quoted = quote(name, safe="")
    return "%2E" + quoted[1:] if quoted.startswith(".") else quoted


def unquote_name(segment: str) -> str:
    """Undo `quote_name`."""
    return unquote(segment)


def canonical(value: Any) -> bytes:
    """Return the one JSON form of a value: UTF-8, sorted members, no spaces, no NaN."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def sealed(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON object with the member `check`, the hash of the rest.

    For files that are not named by their content, so that damage in them is found.
    """
    rest = {name: member for name, member in value.items() if name != CHECK}
    return {**rest, CHECK: sha256(canonical(rest))}


def seal_holds(data: bytes) -> bool:
    """Say whether the bytes of a sealed JSON object are as they were written."""
    try:
        value = json.loads(data)
        return isinstance(value, dict) and canonical(sealed(value)) == data
    except (ValueError, RecursionError):
        return False


def parse(data: bytes, key: str) -> Any:
    """Return the value of stored JSON.

    Raises
    ------
    StorageError
        If the bytes are not JSON; the sentence names the file.
    """
    try:
        return json.loads(data)
    except ValueError as error:
        raise StorageError(
            f"The project's file {key} is damaged ({error}): restore it from a backup or another copy."
        ) from error


def sha256(data: bytes) -> str:
    """Return the content hash of bytes, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the content hash of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
