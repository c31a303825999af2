"""What a person drew in a viewer and has not saved: features and deletions, by the viewer's names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wsinb.annotate.features import FEATURE_KEYS

__all__ = ["ViewerEdits", "name_of"]

MAX_NAME = 128
_MEMBERS = {*FEATURE_KEYS, "key"}


@dataclass
class ViewerEdits:
    """The unsaved edits of one slide.

    Attributes
    ----------
    features
        By name: the id, or for one that is not stored yet the viewer's own name, its ``key``.
    deleted
        Ids, in the order of deletion.
    """

    features: dict[str, dict[str, Any]] = field(default_factory=dict)
    deleted: dict[str, None] = field(default_factory=dict)

    @classmethod
    def replay(cls, entries: Iterable[Mapping[str, Any]]) -> ViewerEdits:
        """Return what lines of a viewer's journal come to; what is no edit in them is left out."""
        edits = cls()
        for entry in entries:
            edits.take(entry)
        return edits

    def take(self, entry: Mapping[str, Any]) -> None:
        """Make the edits of a line: "set", "unset", "delete", "undelete"."""
        for name in _names(entry, "unset"):
            self.features.pop(name, None)
        features = entry.get("set")
        for feature in features if isinstance(features, list) else ():
            name_ = name_of(feature)
            if name_ is not None:
                self.features[name_] = feature
        for name in _names(entry, "undelete"):
            self.deleted.pop(name, None)
        self.deleted |= dict.fromkeys(_names(entry, "delete"))

    def __bool__(self) -> bool:
        return bool(self.features or self.deleted)


def name_of(feature: Any) -> str | None:
    """Return what a feature is called: its id or key; None if it is no feature with such a name."""
    if not isinstance(feature, dict) or not feature.keys() <= _MEMBERS:
        return None
    name = feature.get("id") if feature.get("id") is not None else feature.get("key")
    return name if is_name(name) else None


def is_name(value: Any) -> bool:
    """Say whether a value can name a feature."""
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME and value.isprintable()


def _names(entry: Mapping[str, Any], member: str) -> list[str]:
    names = entry.get(member) or ()
    return [name for name in names if is_name(name)] if isinstance(names, list) else []
