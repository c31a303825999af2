"""Reading the parameters of a notebook from its tagged cell, which is parsed and never run."""

from __future__ import annotations

import ast
import io
import tokenize
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wsinb.errors import InvalidParameter
from wsinb.jobs.parameters.comment import Comment, read_comment
from wsinb.jobs.parameters.parameter import Parameter
from wsinb.jobs.parameters.types import TYPES, Scalar

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["parameters", "parse_cell", "parse_notebook", "read_notebook"]

TAG = "parameters"


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
    return parse_notebook(read_notebook(notebook), str(notebook))[0]


def read_notebook(path: str | Path) -> NotebookNode:
    """Return the notebook of a file.

    Raises
    ------
    InvalidParameter
        If the file cannot be read as one.
    """
    import nbformat

    try:
        return nbformat.read(str(path), as_version=4)  # type: ignore[no-untyped-call, no-any-return]
    except (OSError, ValueError, AttributeError, KeyError, TypeError, nbformat.ValidationError) as error:
        reason = " ".join(str(error).split()).removesuffix(".")
        raise InvalidParameter(
            f"{path} cannot be read as a notebook ({reason}): save it again as .ipynb of version 4."
        ) from error


def parse_notebook(notebook: NotebookNode, where: str) -> tuple[list[Parameter], frozenset[str]]:
    """Return the parameters that a notebook declares, and all tags of the cell that does so.

    Raises
    ------
    InvalidParameter
        As in `parameters`.
    """
    cells = [
        cell for cell in notebook.cells if cell.cell_type == "code" and TAG in cell.metadata.get("tags", [])
    ]
    if len(cells) != 1:
        raise InvalidParameter(
            f"{where} has {len(cells) or 'no'} code cells tagged {TAG!r}, and a job has exactly one: "
            "give that tag to the cell that holds its typed assignments."
        )
    return parse_cell(cells[0].source, where), frozenset(map(str, cells[0].metadata.tags))


def parse_cell(source: str, where: str = "the cell") -> list[Parameter]:
    """Return the parameters that the text of a ``parameters`` cell declares.

    Raises
    ------
    InvalidParameter
        If the text is not Python, or holds anything but ``name: type = default`` with a literal default, or a
        comment has choices, a range and a default that do not go together.
    """
    try:
        tree = ast.parse(source)
        comments = _comments(source)
    except (SyntaxError, ValueError, tokenize.TokenError) as error:
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
    parameter = _explained(Parameter(name, type_), read_comment(comment), where)
    if node.value is None:
        return replace(parameter, required=True)
    try:
        default = ast.literal_eval(node.value)
    except ValueError as error:
        raise InvalidParameter(f"The default of parameter {name!r} of {where} is not a literal.") from error
    return replace(parameter, default=parameter.check(default))


def _explained(parameter: Parameter, comment: Comment, where: str) -> Parameter:
    """Return a parameter with what its comment says.

    Raises
    ------
    InvalidParameter
        If a choice is of another type, a range does not fit the type, or its ends are the wrong way round.
    """
    kind = parameter.kind
    choices: list[Scalar] = []
    for text in comment.choices:
        choice = kind.take(kind.read(text))
        if choice is None:
            raise InvalidParameter(
                f"The choice {text!r} of parameter {parameter.name!r} of {where} is not of type {kind.name}."
            )
        choices.append(choice)
    low, high = (None if text is None else float(text) for text in (comment.low, comment.high))
    if (low is not None or high is not None) and not kind.is_number:
        raise InvalidParameter(
            f"Parameter {parameter.name!r} of {where} has a range but is no number: give {{choices}}."
        )
    if low is not None and high is not None and low > high:
        raise InvalidParameter(
            f"The range of parameter {parameter.name!r} of {where} ends before it begins: write low..high."
        )
    return replace(
        parameter, help=comment.help, unit=comment.unit, choices=tuple(choices), low=low, high=high
    )


def _comments(source: str) -> dict[int, str]:
    """Return the comment at the end of each line, by line number."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("#").strip() for t in tokens if t.type == tokenize.COMMENT}
