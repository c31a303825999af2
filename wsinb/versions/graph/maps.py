"""Maps from names to JSON values, stored so that a change costs little however large they are.

A small map is written where it is used. A larger one is split by the first digits of the
hash of the name into objects, of which a commit rewrites only those it touches.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wsinb.versions.storage.layout import sha256
from wsinb.versions.storage.objects import Objects

__all__ = ["differing_names", "read_map", "read_member", "write_map"]

INLINE = 16
# entries up to which a map is split by 0 and by 1 hexadecimal digit; beyond, by 2
ONE_OBJECT, ONE_DIGIT = 64, 1024


def write_map(objects: Objects, entries: Mapping[str, Any], inline: int = INLINE) -> dict[str, Any]:
    """Store a map and return the reference to it, a JSON object.

    Up to `inline` entries are held in the reference itself.
    """
    if len(entries) <= inline or not entries:
        return {"entries": dict(entries)}
    digits = 0 if len(entries) <= ONE_OBJECT else 1 if len(entries) <= ONE_DIGIT else 2
    shards: dict[str, dict[str, Any]] = {}
    for name, value in entries.items():
        shards.setdefault(_shard(name, digits), {})[name] = value
    return {"digits": digits, "shards": {prefix: objects.put(shard) for prefix, shard in shards.items()}}


def read_map(objects: Objects, reference: Mapping[str, Any]) -> dict[str, Any]:
    """Return all entries of a map, sorted by name."""
    if "entries" in reference:
        return dict(sorted(reference["entries"].items()))
    merged: dict[str, Any] = {}
    for sha in reference["shards"].values():
        merged.update(objects.get(sha))
    return dict(sorted(merged.items()))


def read_member(objects: Objects, reference: Mapping[str, Any], name: str) -> Any:
    """Return one value of a map, or None if it has no such name."""
    if "entries" in reference:
        return reference["entries"].get(name)
    sha = reference["shards"].get(_shard(name, reference["digits"]))
    return None if sha is None else objects.get(sha).get(name)


def differing_names(objects: Objects, one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """Return the names whose values differ in two maps; shards that both share are not read."""
    if "shards" in one and "shards" in other and one["digits"] == other["digits"]:
        shards = one["shards"], other["shards"]
        prefixes = [p for p in {**shards[0], **shards[1]} if shards[0].get(p) != shards[1].get(p)]
        one, other = ({"shards": {p: each[p] for p in prefixes if p in each}} for each in shards)
    before, after = read_map(objects, one), read_map(objects, other)
    return {name for name in {**before, **after} if before.get(name) != after.get(name)}


def _shard(name: str, digits: int) -> str:
    return sha256(name.encode())[:digits]
