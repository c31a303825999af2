"""The typed parameters of a notebook.

A notebook becomes a job by one code cell tagged ``parameters`` that holds nothing but assignments of the form
``name: type = default  # help, unit``. The cell is only parsed, never run: whatever is wrong with a value is
said before a kernel starts. An assignment without a default is a parameter that must be given.
"""

from __future__ import annotations

import ast
import difflib
import io
import os
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wsinb.errors import InvalidParameter
from wsinb.numbers import real

__all__ = ["Parameter", "Value", "parameters", "parse_cell", "validate"]

Value = str | int | float | bool | list[str] | None
TYPES = ("str", "int", "float", "bool", "list[str]")
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


@dataclass(frozen=True)
class Parameter:
    """One typed parameter of a job.

    Attributes
    ----------
    name : str
        The variable's name in the notebook.
    type : str
        ``str``, ``int``, ``float``, ``bool`` or ``list[str]``, followed by `` | None`` where None is allowed.
    default : Value
        The value that is used when none is given; None where there is no default.
    help : str
        The comment behind the assignment: what it means, and its unit.
    required : bool
        True where the cell gives no default.
    """

    name: str
    type: str
    default: Value = None
    help: str = ""
    required: bool = False

    @property
    def base_type(self) -> str:
        """The type without `` | None``."""
        return self.type.removesuffix(" | None")

    @property
    def optional(self) -> bool:
        """Whether None is allowed."""
        return self.type.endswith(" | None")

    def check(self, value: object) -> Value:
        """Return `value` as it is handed to the notebook.

        Raises
        ------
        InvalidParameter
            If the value is not of this parameter's type.
        """
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if value is None and self.optional:
            return None
        checked = _as_type(self.base_type, value)
        if checked is None:
            raise InvalidParameter(
                f"Parameter {self.name!r} must be {_spoken(self.type)}, not {_shown(value)}{self._hint}."
            )
        return checked

    def parse(self, texts: Iterable[str]) -> Value:
        """Return the value written as text on a command line; a list takes several texts or commas.

        Raises
        ------
        InvalidParameter
            If the text cannot be read as this parameter's type.
        """
        texts = list(texts)
        if self.base_type == "list[str]":
            return self.check([item.strip() for text in texts for item in text.split(",") if item.strip()])
        if len(texts) > 1:
            raise InvalidParameter(f"Parameter {self.name!r} is given {len(texts)} times; give it once.")
        text = texts[0]
        if self.optional and text.strip().lower() in ("none", "null"):
            return None
        return self.check(_from_text(self.base_type, text))

    @property
    def _hint(self) -> str:
        return f" ({self.help})" if self.help else ""


def parameters(notebook: str | Path) -> list[Parameter]:
    """Return the typed parameters of a notebook file, in the order of its cell.

    Parameters
    ----------
    notebook : str or Path
        The notebook file.

    Raises
    ------
    InvalidParameter
        If the notebook has no cell or several cells tagged ``parameters``, or the cell holds anything but
        typed assignments of literals.
    """
    import nbformat

    try:
        node = nbformat.read(str(notebook), as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, AttributeError, KeyError, TypeError, nbformat.ValidationError) as error:
        reason = " ".join(str(error).split()).removesuffix(".")
        raise InvalidParameter(
            f"{notebook} cannot be read as a notebook ({reason}): save it again as .ipynb of version 4."
        ) from error
    cells = [
        cell
        for cell in node.cells
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", [])
    ]
    if len(cells) != 1:
        raise InvalidParameter(
            f"{notebook} has {len(cells) or 'no'} code cells tagged 'parameters', and a job has exactly one: "
            "give that tag to the cell that holds its typed assignments."
        )
    return parse_cell(cells[0].source, str(notebook))


def parse_cell(source: str, where: str = "the cell") -> list[Parameter]:
    """Return the parameters that the text of a ``parameters`` cell declares.

    Raises
    ------
    InvalidParameter
        If the text is not Python, or holds anything but ``name: type = default`` with a literal default.
    """
    try:
        tree = ast.parse(source)
        comments = _comments(source)
    except (SyntaxError, tokenize.TokenError) as error:
        raise InvalidParameter(f"The parameters of {where} are not valid Python: {error}.") from error
    found: dict[str, Parameter] = {}
    for node in tree.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring
        parameter = _declared(node, comments.get(node.end_lineno or node.lineno, ""), where)
        if parameter.name in found:
            raise InvalidParameter(f"Parameter {parameter.name!r} is declared twice in {where}.")
        found[parameter.name] = parameter
    return list(found.values())


def validate(declared: Iterable[Parameter], values: Mapping[str, object], job: str) -> dict[str, Value]:
    """Return every declared parameter with its given or default value.

    Parameters
    ----------
    declared : iterable of Parameter
        What the job takes.
    values : mapping
        What was given, by name.
    job : str
        Name of the job, for the messages.

    Raises
    ------
    InvalidParameter
        If a name is unknown (the message holds the nearest one), a value is ill-typed, or one is missing.
    """
    known = {parameter.name: parameter for parameter in declared}
    for name in values:
        if name not in known:
            raise InvalidParameter(unknown_name(name, list(known), job))
    missing = [name for name, p in known.items() if p.required and name not in values]
    if missing:
        raise InvalidParameter(
            f"Job {job!r} needs the parameter {missing[0]!r} "
            f"({known[missing[0]].type}){known[missing[0]]._hint}; give it a value."
        )
    return {name: p.check(values[name]) if name in values else p.default for name, p in known.items()}


def unknown_name(name: str, known: list[str], job: str) -> str:
    """Return the sentence that says that a job has no such parameter, and which one may be meant."""
    near = difflib.get_close_matches(name, known, n=1)
    remedy = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(known) or 'none'}."
    return f"Job {job!r} has no parameter {name!r}; {remedy}"


def _declared(node: ast.stmt, comment: str, where: str) -> Parameter:
    if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
        raise InvalidParameter(
            f"Line {node.lineno} of the parameters of {where} is not `name: type = default  # help`."
        )
    name, type_ = node.target.id, ast.unparse(node.annotation)
    if type_.removesuffix(" | None") not in TYPES:
        raise InvalidParameter(
            f"Parameter {name!r} of {where} has the type {type_!r}; "
            f"use {', '.join(TYPES)}, or one of them with | None."
        )
    if node.value is None:
        return Parameter(name, type_, help=comment, required=True)
    try:
        default = ast.literal_eval(node.value)
    except ValueError as error:
        raise InvalidParameter(f"The default of parameter {name!r} of {where} is not a literal.") from error
    parameter = Parameter(name, type_, help=comment)
    return Parameter(name, type_, parameter.check(default), comment)


def _comments(source: str) -> dict[int, str]:
    """Return the comment at the end of each line, by line number."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("#").strip() for t in tokens if t.type == tokenize.COMMENT}


def _as_type(type_: str, value: object) -> Value:
    """Return `value` as a plain value of the type, or None if it is of another type."""
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()  # a numpy scalar
    if type_ == "bool":
        return value if isinstance(value, bool) else None
    if type_ == "int":
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    if type_ == "float":
        return real(value)
    if type_ == "str":
        return value if _is_text(value) else None  # type: ignore[return-value]
    is_list = isinstance(value, list | tuple) and all(_is_text(item) for item in value)
    return list(value) if is_list else None  # type: ignore[call-overload]


def _is_text(value: object) -> bool:
    """Say whether a value is a text that can be stored: a command line may hold bytes that are none."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _from_text(type_: str, text: str) -> object:
    """Return the value that a text stands for, or the text itself if it is none of the type."""
    if type_ == "bool":
        lower = text.strip().lower()
        return True if lower in _TRUE else False if lower in _FALSE else text
    convert: Any = {"int": int, "float": float}.get(type_, str)
    try:
        return convert(text)
    except ValueError:
        return text


def _spoken(type_: str) -> str:
    words = {
        "str": "a text",
        "int": "a whole number",
        "float": "a finite number",
        "bool": "true or false",
        "list[str]": "a list of texts",
    }
    base = type_.removesuffix(" | None")
    return words[base] + (" or None" if base != type_ else "")


def _shown(value: object) -> str:
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"
