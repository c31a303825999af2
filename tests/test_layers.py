"""Imports go down only: the order of the rooms in docs/design, of the package, its versions and its trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import wsinb

PACKAGE = Path(__file__).parent.parent / "wsinb"
FLOORS = (
    {"errors"},
    {"frames", "listing", "names", "numbers"},
    {"progress"},
    {"annotate", "tiles"},
    {"versions"},
    {"trees"},
    {"project"},
    {"jobs"},
    {"serve"},
    {"demo", "view"},
    {"cli"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# inside wsinb/versions: docs/design/0002-versions.md
INNER_FLOORS = (
    {"author", "slideentry", "storage"},
    {"graph", "splits"},
    {"about", "artifacts", "tables"},
    {"changes", "journal", "readers", "slidesession"},
    {"session", "upkeep"},
    {"repository", "status"},
    {"columnlist", "labellist", "slidelist"},
    {"checkout"},
    {"sets"},
    {"setlist"},
)
INNER_FLOOR = {room: number for number, rooms in enumerate(INNER_FLOORS) for room in rooms}
# inside wsinb/trees: docs/design/0004-trees.md
TREE_FLOORS = (
    {"learning", "scale", "threads"},
    {"forest", "outlines", "tiling", "windows"},
    {"models"},
    {"cropping", "roles"},
    {"classify", "find", "pixels", "segment"},
    {"workflow"},
)
TREE_FLOOR = {room: number for number, rooms in enumerate(TREE_FLOORS) for room in rooms}
# a draft becomes a session again
INNER_LOOKING_UP = {"Draft.open", "_replay_viewer"}
# objects that rooms below are handed: they name their types, and make none
HANDED_DOWN = {"repository", "session", "setlist", "sets"}
# they look up for convenience, inside the method, so that nothing is loaded that is not used
LOOKING_UP = {
    "JobWords.pipeline",
    "JobWords.rerun",
    "JobWords.resume",
    "JobWords.run",
    "JobWords.runs",
    "JobWords.verify_run",
    "Project.confusion",
    "Project.view",
    "Slide.view",
}
# the face of the package names public things of all rooms; helpers for tests may use any
FREE = {"__init__", "__main__", "testing"}


class Import(NamedTuple):
    """One name that a module takes from the package."""

    file: str
    line: int
    place: str
    room: str
    target: str


def imports_of(file: Path, package: str = "wsinb") -> Iterator[Import]:
    """Yield what a module takes from a package, with the function or block that it does so in."""
    name = file.relative_to(PACKAGE.parent.joinpath(*package.split(".")))
    room = name.parts[0].removesuffix(".py")

    def walk(node: ast.AST, place: str) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield from walk(child, f"{place}.{child.name}".strip("."))
            elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                yield from walk(child, "TYPE_CHECKING")
            elif isinstance(child, ast.Import | ast.ImportFrom):
                for target in targets(child, package):
                    yield Import(str(name), child.lineno, place, room, target)
            else:
                yield from walk(child, place)

    return walk(ast.parse(file.read_text()), "")


def targets(node: ast.Import | ast.ImportFrom, package: str) -> list[str]:
    """Return the rooms of a package that a statement imports from."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif node.module == package:
        homes = wsinb._HOME if package == "wsinb" else {}
        names = [homes.get(alias.name, f"{package}.{alias.name}") for alias in node.names]
    else:
        assert not node.level, "the package imports by whole names"
        names = [node.module or ""]
    start = package.split(".")
    parts = [name.split(".") for name in names]
    return [path[len(start)] for path in parts if path[: len(start)] == start and len(path) > len(start)]


IMPORTS = [
    taken
    for file in sorted(PACKAGE.rglob("*.py"))
    for taken in imports_of(file)
    if taken.room not in FREE and taken.target != taken.room and taken.target in FLOOR
]


def inner_imports(package: str) -> list[Import]:
    """Return what the rooms inside a room take from each other."""
    return [
        taken
        for file in sorted((PACKAGE / package).rglob("*.py"))
        for taken in imports_of(file, f"wsinb.{package}")
        if taken.room != "__init__" and taken.target != taken.room
    ]


INNER_IMPORTS = inner_imports("versions")
TREE_IMPORTS = inner_imports("trees")


def looks_up(taken: Import) -> bool:
    return FLOOR[taken.target] >= FLOOR[taken.room]


def looks_up_inside(taken: Import) -> bool:
    return INNER_FLOOR[taken.target] >= INNER_FLOOR[taken.room]


def rooms_of(folder: Path) -> set[str]:
    return {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}


def test_every_room_has_a_floor() -> None:
    assert rooms_of(PACKAGE) - FREE == set(FLOOR)
    assert rooms_of(PACKAGE / "versions") - FREE == set(INNER_FLOOR)
    assert rooms_of(PACKAGE / "trees") - FREE == set(TREE_FLOOR)


@pytest.mark.parametrize("room", sorted(FLOOR))
def test_imports_go_down(room: str) -> None:
    up = [taken for taken in IMPORTS if taken.room == room and looks_up(taken)]
    # types cost nothing when the program runs; what names them is in the list all the same
    assert [taken for taken in up if taken.place not in LOOKING_UP | {"TYPE_CHECKING"}] == []
    assert {(taken.file, taken.target) for taken in up if taken.place == "TYPE_CHECKING"} <= {
        (taken.file, taken.target) for taken in up if taken.place in LOOKING_UP
    }


def test_the_exceptions_are_still_needed() -> None:
    assert {taken.place for taken in IMPORTS if looks_up(taken)} - {"TYPE_CHECKING"} == LOOKING_UP


@pytest.mark.parametrize("room", sorted(INNER_FLOOR))
def test_imports_inside_versions_go_down(room: str) -> None:
    up = [taken for taken in INNER_IMPORTS if taken.room == room and looks_up_inside(taken)]
    assert [taken for taken in up if taken.place not in INNER_LOOKING_UP | {"TYPE_CHECKING"}] == []
    assert {taken.target for taken in up if taken.place == "TYPE_CHECKING"} <= HANDED_DOWN


def test_the_exceptions_inside_versions_are_still_needed() -> None:
    up = [taken for taken in INNER_IMPORTS if looks_up_inside(taken)]
    assert {taken.place for taken in up} - {"TYPE_CHECKING"} == INNER_LOOKING_UP
    assert {taken.target for taken in up if taken.place == "TYPE_CHECKING"} == HANDED_DOWN


@pytest.mark.parametrize("room", sorted(TREE_FLOOR))
def test_imports_inside_trees_go_down(room: str) -> None:
    taken = [each for each in TREE_IMPORTS if each.room == room]
    assert [each for each in taken if TREE_FLOOR[each.target] >= TREE_FLOOR[room]] == []
