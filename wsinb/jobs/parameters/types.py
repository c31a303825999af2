"""The types of parameters: telling whether a value is of one, and reading one from text."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from wsinb.numbers import real

__all__ = ["TYPES", "Scalar", "Type", "Value"]

Scalar = str | int | float | bool
Value = Scalar | list[str] | list[int] | list[float] | None
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


class Type(NamedTuple):
    """A type of parameter.

    Attributes
    ----------
    name : str
        As it stands in the cell, without ``| None``.
    words : str
        What a message calls a value of it.
    take : callable
        One value of it as plain Python, None if the value is of another type; of a list, one element.
    read : callable
        The value that a text stands for, or the text itself if it is none.
    many : bool
        Whether it is a list.
    """

    name: str
    words: str
    take: Callable[[object], Scalar | None]
    read: Callable[[str], object]
    many: bool = False

    @property
    def is_number(self) -> bool:
        """Whether values, or elements, are numbers, which a range can limit."""
        return self.take in (_whole, real)

    def check(self, value: object) -> Value:
        """Return a value of this type as plain Python, None if it is of another type."""
        if not self.many:
            return self.take(_plain(value))
        if hasattr(value, "tolist"):
            value = value.tolist()
        if not isinstance(value, list | tuple):
            return None
        taken = [self.take(_plain(item)) for item in value]
        return None if any(item is None for item in taken) else taken  # type: ignore[return-value]


def _plain(value: object) -> object:
    """Return a scalar of numpy as plain Python."""
    is_scalar = hasattr(value, "item") and getattr(value, "shape", None) == ()
    return value.item() if is_scalar else value  # type: ignore[attr-defined]


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: object) -> str | None:
    """Take a text that can be stored: a command line may hold bytes that are none."""
    is_text = isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)
    return value if is_text else None  # type: ignore[return-value]


def _number_of(convert: Callable[[str], object]) -> Callable[[str], object]:
    def read(text: str) -> object:
        try:
            return convert(text)
        except ValueError:
            return text

    return read


def _truth_of(text: str) -> object:
    lower = text.strip().lower()
    return True if lower in _TRUE else False if lower in _FALSE else text


_KINDS = (
    Type("str", "a text", _text, str),
    Type("int", "a whole number", _whole, _number_of(int)),
    Type("float", "a finite number", real, _number_of(float)),
    Type("bool", "true or false", _truth, _truth_of),
    Type("list[str]", "a list of texts", _text, str, many=True),
    Type("list[int]", "a list of whole numbers", _whole, _number_of(int), many=True),
    Type("list[float]", "a list of finite numbers", real, _number_of(float), many=True),
)
TYPES = {kind.name: kind for kind in _KINDS}
