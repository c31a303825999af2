"""Conflicts as objects, what may be chosen for each, and how a choice is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from wsinb.errors import Conflict, InvalidInput
from wsinb.listing import html_table

__all__ = [
    "SIDES",
    "Choice",
    "ConflictItem",
    "Conflicts",
    "Resolver",
    "Value",
    "check_choice",
    "choose",
    "conflict_error",
]

SIDES = ("ours", "theirs", "base")


@dataclass(frozen=True)
class Value:
    """A value of one's own as the choice for a conflict.

    For a field of an annotation the value of the column; for "geometry" a shapely geometry in level-0
    pixels. For a row of which one side was deleted, a mapping with columns to set, or None to delete it.
    For another entry its JSON value, or None to remove it.
    """

    value: Any


Choice: TypeAlias = Literal["ours", "theirs", "base"] | Value


@dataclass(frozen=True)
class ConflictItem:
    """One thing that both sides changed in different ways.

    Attributes
    ----------
    slide
        Name of the slide; None for an entry of the slide list, the labels, columns, sets or project.
    id
        Id of the annotation, or the entry as ``"labels/tumor"``.
    field
        The column that both changed; "geometry" for shape and numbers of the shape, too. None for the whole
        row or entry: one side deleted it, or it cannot be merged by parts.
    base, ours, theirs
        The rows as dictionaries by column, `geometry` as a shape in level-0 pixels; for an entry its JSON
        value. None where there is none.
    """

    slide: str | None
    id: str
    field: str | None
    base: Any
    ours: Any
    theirs: Any

    @property
    def key(self) -> tuple[str | None, str, str | None]:
        """What names the conflict: slide, id and field."""
        return self.slide, self.id, self.field

    @property
    def values(self) -> tuple[Any, Any, Any]:
        """What the three sides say: the values of the field, or whole rows or entries."""
        sides = (self.base, self.ours, self.theirs)
        if self.field is None or self.slide is None:
            return sides
        base, ours, theirs = (None if side is None else side.get(self.field) for side in sides)
        return base, ours, theirs

    def __repr__(self) -> str:
        return f"<Conflict of {self._where()}: {self._said()}>"

    def _where(self) -> str:
        where = f"entry {self.id}" if self.slide is None else f"annotation {self.id} of slide {self.slide!r}"
        return where if self.field is None else f"{self.field} of {where}"

    def _said(self) -> str:
        base, ours, theirs = self.values
        if self.field is not None:
            return f"ours {_short(ours)}, theirs {_short(theirs)}, base {_short(base)}"
        words = {True: "removed", False: "changed" if base is not None else "added"}
        return f"ours {words[ours is None]}, theirs {words[theirs is None]}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


Resolver: TypeAlias = Literal["ours", "theirs", "base"] | Callable[[ConflictItem], Choice]
"""What decides conflicts: always one side, or a function from a conflict to a choice."""


class Conflicts(Sequence[ConflictItem]):
    """Conflicts in a row; shows itself as a table."""

    def __init__(self, items: Iterable[ConflictItem] = ()) -> None:
        self._items = tuple(items)

    def __getitem__(self, index: Any) -> Any:
        return Conflicts(self._items[index]) if isinstance(index, slice) else self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self._items) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "\n".join(map(repr, self._items)) or "no conflicts"

    def _repr_html_(self) -> str:
        rows = (
            (item.slide or "", item.id, item.field or "all", *map(_short, item.values))
            for item in self._items
        )
        return html_table(("slide", "id", "field", "base", "ours", "theirs"), rows)


def check_choice(item: ConflictItem, choice: Any) -> Choice:
    """Return a choice that can be made for a conflict, or raise `InvalidInput`."""
    if isinstance(choice, Value):
        if item.slide is not None and item.field is None and not isinstance(choice.value, Mapping | None):
            raise InvalidInput(
                f"A Value for {item._where()} is a dict of columns, or None to delete it: "
                f"{choice.value!r} is neither."
            )
        whole_slide = item.slide is None and item.id.startswith("slides/")
        if whole_slide and not (choice.value and item.ours and item.theirs):
            raise InvalidInput(
                f"A Value cannot add or remove entry {item.id}: choose 'ours', 'theirs' or 'base'."
            )
        return choice
    if not isinstance(choice, str) or choice not in SIDES:
        raise InvalidInput(
            f"The choice for a conflict is 'ours', 'theirs', 'base' or wsinb.versions.Value(...), "
            f"not {choice!r}."
        )
    if choice == "base" and item.base is None:
        raise InvalidInput(f"There is no base of {item._where()}: choose 'ours', 'theirs' or a Value.")
    return choice  # type: ignore[return-value]


def choose(items: Iterable[ConflictItem], resolve: Resolver | None) -> dict[Any, Choice]:
    """Return the choice of a resolver for each conflict, by its key.

    Raises
    ------
    InvalidInput
        If the resolver is none, or chooses what cannot be.
    """
    if resolve is None:
        return {}
    if not callable(resolve) and resolve not in SIDES:
        raise InvalidInput(f"A resolver is 'ours', 'theirs' or a function of a conflict, not {resolve!r}.")
    chosen = {item.key: resolve(item) if callable(resolve) else resolve for item in items}
    return {item.key: check_choice(item, chosen[item.key]) for item in items}


def conflict_error(items: Sequence[ConflictItem], what: str, remedy: str) -> Conflict:
    """Return the error that names conflicts: "3 things, such as ..., {what}; {remedy}."."""
    first = items[0]._where()
    which = first[0].upper() + first[1:] if len(items) == 1 else f"{len(items)} things, such as {first},"
    error = Conflict(f"{which} {what}: {remedy}.")
    ids: dict[str, set[str]] = {}
    for item in items:
        if item.slide is not None:
            ids.setdefault(item.slide, set()).add(item.id)
    error.ids = {slide: sorted(texts) for slide, texts in ids.items()}
    error.conflicts = Conflicts(items)
    return error
