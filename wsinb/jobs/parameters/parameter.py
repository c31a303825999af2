"""`Parameter`: one typed parameter of a job."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass

from wsinb.errors import InvalidParameter
from wsinb.jobs.parameters.types import TYPES, Scalar, Type, Value

__all__ = ["Parameter"]


@dataclass(frozen=True)
class Parameter:
    """One typed parameter of a job.

    Attributes
    ----------
    name : str
        The variable's name in the notebook.
    type : str
        One of `TYPES` such as ``float`` or ``list[str]``, followed by ``" | None"`` where None is allowed.
    default : Value
        The value that is used when none is given; None where there is no default.
    help : str
        What it means, from the comment behind the assignment.
    required : bool
        True where the cell gives no default.
    unit : str
        Unit of the value, from the comment; empty where there is none.
    choices : tuple
        The values that are allowed; empty where any value is. Of a list, each of its elements.
    low, high : float or None
        The smallest and the largest value that is allowed, both included; of a list, of its elements.
    """

    name: str
    type: str
    default: Value = None
    help: str = ""
    required: bool = False
    unit: str = ""
    choices: tuple[Scalar, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def kind(self) -> Type:
        """The type without ``| None``."""
        return TYPES[self.type.removesuffix(" | None")]

    @property
    def optional(self) -> bool:
        """Whether None is allowed."""
        return self.type.endswith(" | None")

    @property
    def range(self) -> str:
        """The range in words, such as ``from 0.1 to 8 µm/px``; empty where there is none."""
        if self.low is None and self.high is None:
            return ""
        unit = f" {self.unit}" if self.unit else ""
        if self.high is None:
            return f"at least {_number(self.low)}{unit}"
        if self.low is None:
            return f"at most {_number(self.high)}{unit}"
        return f"from {_number(self.low)} to {_number(self.high)}{unit}"

    def check(self, value: object) -> Value:
        """Return `value` as it is handed to the notebook.

        Raises
        ------
        InvalidParameter
            If the value is not of this parameter's type, none of its choices or out of its range.
        """
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if value is None and self.optional:
            return None
        checked = self.kind.check(value)
        if checked is None:
            raise InvalidParameter(
                f"Parameter {self.name!r} must be {self._spoken()}, not {_shown(value)}{self.hint}."
            )
        for item in checked if isinstance(checked, list) else [checked]:
            self._check_item(item)
        return checked

    def parse(self, texts: Iterable[str]) -> Value:
        """Return the value written as text on a command line; a list takes several texts or commas.

        Raises
        ------
        InvalidParameter
            If the text cannot be read as this parameter's type, or the value is not allowed.
        """
        texts = list(texts)
        if self.optional and len(texts) == 1 and texts[0].strip().lower() in ("none", "null"):
            return None
        if self.kind.many:
            items = [item.strip() for text in texts for item in text.split(",") if item.strip()]
            return self.check([self.kind.read(item) for item in items])
        if len(texts) > 1:
            raise InvalidParameter(f"Parameter {self.name!r} is given {len(texts)} times; give it once.")
        return self.check(self.kind.read(texts[0]))

    def _check_item(self, item: Scalar) -> None:
        if self.choices and item not in self.choices:
            near = difflib.get_close_matches(str(item), map(str, self.choices), n=1)
            meant = f"; did you mean {near[0]!r}?" if near else f"{self.hint}."
            choices = ", ".join(map(str, self.choices))
            raise InvalidParameter(
                f"Parameter {self.name!r} must be one of {choices}, not {_shown(item)}{meant}"
            )
        too_low = self.low is not None and item < self.low  # type: ignore[operator]
        too_high = self.high is not None and item > self.high  # type: ignore[operator]
        if too_low or too_high:
            raise InvalidParameter(f"Parameter {self.name!r} must be {self.range}, not {item}{self.hint}.")

    @property
    def hint(self) -> str:
        """The help in parentheses, for the end of a message."""
        return f" ({self.help})" if self.help else ""

    def _spoken(self) -> str:
        return self.kind.words + (" or None" if self.optional else "")


def _number(value: float | None) -> str:
    return f"{value:.12g}"


def _shown(value: object) -> str:
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"
