"""Labels: the words of a project's vocabulary, how they look and how they are drawn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from html import escape
from typing import Any

from wsinb.annotate.shapes import SHAPES
from wsinb.errors import InvalidInput, UnknownLabel
from wsinb.listing import Html, html_table
from wsinb.names import is_among, unknown
from wsinb.numbers import real

__all__ = ["Label", "LabelSet"]

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class Label:
    """One word of the vocabulary.

    Parameters
    ----------
    name
        Unique within a project, not empty.
    color
        ``"#rrggbb"``.
    key
        The single key that chooses the label in the viewer, or None.
    shape
        The shape that is drawn by default, one of `SHAPES`.
    default_size
        Side or diameter in level-0 pixels of a shape that is set by one click.
    order
        Position in the palette; equal positions are sorted by name.
    description
        What the label means, for annotators.
    example
        Name of an artifact that shows an example, or None.
    active
        False hides the label from the palette; annotations that carry it stay valid.

    Raises
    ------
    InvalidInput
        If a value is out of range or of the wrong type.
    """

    name: str
    color: str = "#cc4444"
    key: str | None = None
    shape: str = "polygon"
    default_size: float = 50
    order: int = 0
    description: str = ""
    example: str | None = None
    active: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip() or self.name != self.name.strip():
            raise InvalidInput(f"A label needs a name without spaces at its ends, not {self.name!r}.")
        if not self.name.isprintable():
            raise InvalidInput(f"Label {self.name!r} holds control characters: use printable ones.")
        if not isinstance(self.color, str) or not _COLOR.fullmatch(self.color):
            raise InvalidInput(f"Label {self.name!r} needs a colour like '#cc4444', not {self.color!r}.")
        if self.key is not None and not (
            isinstance(self.key, str) and len(self.key) == 1 and self.key.isprintable() and self.key != " "
        ):
            raise InvalidInput(f"Label {self.name!r} needs one character as its key, not {self.key!r}.")
        if self.shape not in SHAPES:
            raise InvalidInput(f"Label {self.name!r}: shape {self.shape!r} is none of {', '.join(SHAPES)}.")
        self._check_types()

    def _check_types(self) -> None:
        size = self.default_size
        if not isinstance(size, int | float) or real(size) is None or size <= 0:
            raise InvalidInput(f"Label {self.name!r} needs a positive default size in pixels, not {size!r}.")
        if isinstance(self.order, bool) or not isinstance(self.order, int):
            raise InvalidInput(f"Label {self.name!r} needs a whole number as its order, not {self.order!r}.")
        if not isinstance(self.description, str):
            raise InvalidInput(f"Label {self.name!r} needs a text as its description.")
        if self.example is not None and not isinstance(self.example, str):
            raise InvalidInput(f"Label {self.name!r} needs the name of an artifact as its example, or None.")
        if not isinstance(self.active, bool):
            raise InvalidInput(f"Label {self.name!r}: active is True or False, not {self.active!r}.")

    def to_json(self) -> dict[str, Any]:
        """Return the label as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> Label:
        """Make a label of a JSON object; unknown members are refused."""
        if not isinstance(data, Mapping):
            raise InvalidInput(f"A label is a JSON object with a name, not {type(data).__name__}.")
        known = {field.name for field in fields(cls)}
        extra = sorted(str(name) for name in data.keys() - known)
        if extra:
            raise InvalidInput(f"A label has no {extra[0]!r}: it has {', '.join(sorted(known))}.")
        if "name" not in data:
            raise InvalidInput("A label needs a name.")
        return cls(**data)


class LabelSet(Mapping[str, Label]):
    """Labels by name, in the order of the palette: by `order`, then by name."""

    def __init__(self, labels: Iterable[Label] = ()) -> None:
        self._labels: dict[str, Label] = {}
        self.add(list(labels))

    def add(self, labels: Label | Iterable[Label]) -> None:
        """Add one label or several; a label of a known name takes its place.

        Raises
        ------
        InvalidInput
            If two active labels would share a key; then nothing is added.
        """
        merged = dict(self._labels)
        for label in [labels] if isinstance(labels, Label) else labels:
            if not isinstance(label, Label):
                raise InvalidInput(f"Give wsinb.Label objects, not {type(label).__name__}.")
            merged[label.name] = label
        keys: dict[str, str] = {}
        for label in merged.values():
            if label.key is not None and label.active:
                other = keys.setdefault(label.key, label.name)
                if other != label.name:
                    raise InvalidInput(
                        f"Labels {other!r} and {label.name!r} share the key {label.key!r}: change one."
                    )
        self._labels = dict(sorted(merged.items(), key=lambda item: (item[1].order, item[0])))

    def remove(self, name: str) -> None:
        """Remove a label; annotations that carry it keep it."""
        self[name]
        del self._labels[name]

    def __getitem__(self, name: str) -> Label:
        if not is_among(name, self._labels):
            raise UnknownLabel(unknown("label", name, self._labels))
        return self._labels[name]

    def __contains__(self, name: object) -> bool:
        return name in self._labels

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the labels as JSON objects, in the order of the palette."""
        return [label.to_json() for label in self.values()]

    @classmethod
    def from_json(cls, data: Any) -> LabelSet:
        """Make a label set of a list of JSON objects."""
        if not isinstance(data, list):
            raise InvalidInput(f"A label set is a JSON list of labels, not {type(data).__name__}.")
        labels = [Label.from_json(item) for item in data]
        names = [label.name for label in labels]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InvalidInput(f"The label set names {twice[0]!r} twice: give each label one name.")
        return cls(labels)

    def __repr__(self) -> str:
        return f"LabelSet({', '.join(self)})"

    def _repr_html_(self) -> str:
        rows = (
            (_swatch(each.color), each.name, _key(each.key or ""), each.shape, each.description)
            for each in self.values()
        )
        return html_table(("", "label", "key", "shape", "description"), rows)


def _swatch(color: str) -> Html:
    style = f"display:inline-block;width:1em;height:1em;border:1px solid #888;background:{escape(color)}"
    return Html(f'<span style="{style}"></span>')


def _key(key: str) -> Html:
    return Html(f"<kbd>{escape(key)}</kbd>")
