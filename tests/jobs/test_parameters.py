from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsinb.errors import InvalidParameter
from wsinb.jobs import job_names, notebooks_folder, parameters
from wsinb.jobs.parameters import Parameter, parse_cell, validate

CELL = """
# a comment of its own
name: str  # who, a name
count: int = 3  # how many
ratio: float = 1  # a part
deep: bool = False
labels: list[str] | None = None  # what; even # marks
"""


def one(type_: str) -> Parameter:
    return Parameter("p", type_)


def test_reads_names_types_defaults_and_help_in_order():
    assert parse_cell(CELL) == [
        Parameter("name", "str", help="who, a name", required=True),
        Parameter("count", "int", 3, "how many"),
        Parameter("ratio", "float", 1.0, "a part"),
        Parameter("deep", "bool", False, ""),
        Parameter("labels", "list[str] | None", None, "what; even # marks"),
    ]


def test_never_runs_the_cell(tmp_path: Path):
    flag = tmp_path / "ran"
    with pytest.raises(InvalidParameter, match="not a literal"):
        parse_cell(f"x: str = open({str(flag)!r}, 'w').name")
    assert not flag.exists()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 3", "not `name: type = default"),
        ("import os", "not `name: type = default"),
        ("x: dict = {}", "type 'dict'"),
        ("x: int = 'three'", "a whole number"),
        ("x: int = None", "a whole number"),
        ("x: int = 1\nx: int = 2", "declared twice"),
        ("x: int = ", "not valid Python"),
        ("x.y: int = 1", "not `name: type = default"),
        ("x: float = 1e999", "a finite number"),
    ],
)
def test_refuses_what_is_no_typed_assignment(source: str, message: str):
    with pytest.raises(InvalidParameter, match=message):
        parse_cell(source)


@pytest.mark.parametrize(
    ("comment", "help_", "unit", "choices", "limits"),
    [
        ("resolution [µm/px] 0.1..8", "resolution", "µm/px", (), (0.1, 8)),
        ("resolution 0.1..8 [µm/px]", "resolution", "µm/px", (), (0.1, 8)),
        ("how many 1..", "how many", "", (), (1, None)),
        ("a part ..1", "a part", "", (), (None, 1)),
        ("-1e-3..2.5", "", "", (), (-0.001, 2.5)),
        ("one of {1, 2.5}", "one of", "", (1, 2.5), (None, None)),
        ("and so on ...", "and so on ...", "", (), (None, None)),
        ("all of 1...", "all of 1...", "", (), (None, None)),
        ("..", "..", "", (), (None, None)),
        ("a list [of things that is too long for a unit]",
         "a list [of things that is too long for a unit]", "", (), (None, None)),
        ("twice [px] [px]", "twice [px]", "px", (), (None, None)),
    ],
)  # fmt: skip
def test_a_comment_tells_unit_choices_and_range(comment, help_, unit, choices, limits):
    (found,) = parse_cell(f"x: float | None = None  # {comment}")
    assert (found.help, found.unit, found.choices) == (help_, unit, choices)
    assert (found.low, found.high) == limits


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x: int = 1  # {a, b}", "choice 'a' of parameter 'x' of the cell is not of type int"),
        ("x: int = 3  # {1, 2}", "one of 1, 2, not 3"),
        ("x: str = 'a'  # 1..2", "has a range but is no number"),
        ("x: int  # 2..1", "ends before it begins"),
        ("x: int = 0  # 1..2", "must be from 1 to 2, not 0"),
    ],
)
def test_a_comment_that_contradicts_itself_is_refused(source, message):
    with pytest.raises(InvalidParameter, match=message):
        parse_cell(source)


def test_what_is_not_allowed_is_told_with_unit_and_help():
    (scale,) = parse_cell("scale: float = 1  # resolution [µm/px] 0.1..8")
    with pytest.raises(InvalidParameter, match=r"from 0.1 to 8 µm/px, not 9.0 \(resolution\)"):
        scale.check(9)
    (kind,) = parse_cell("kind: str = 'leaves'  # {leaves, direct}")
    with pytest.raises(InvalidParameter, match=r"one of leaves, direct, not 'leafs'.*did you mean 'leaves'"):
        kind.check("leafs")
    (sizes,) = parse_cell("sizes: list[int] = [1]  # 1..")
    with pytest.raises(InvalidParameter, match="at least 1, not 0"):
        sizes.parse(["1,0"])


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_value_is_allowed_where_it_lies_within(a: float, b: float, value: float):
    low, high = sorted((a, b))
    (found,) = parse_cell(f"x: float  # {low!r}..{high!r}")
    try:
        assert found.check(value) == value
        assert low <= value <= high
    except InvalidParameter:
        assert not low <= value <= high


def test_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(InvalidParameter, match="'cuont'; did you mean 'count'"):
        validate(parse_cell(CELL), {"name": "a", "cuont": 3}, "job")


def test_unknown_name_without_a_near_one_lists_all():
    with pytest.raises(InvalidParameter, match="it takes name, count, ratio, deep, labels"):
        validate(parse_cell(CELL), {"name": "a", "zzzzzz": 3}, "job")


def test_missing_value_is_named_with_its_help():
    with pytest.raises(InvalidParameter, match=r"needs the parameter 'name' \(str\) \(who, a name\)"):
        validate(parse_cell(CELL), {}, "job")


def test_defaults_fill_what_is_not_given():
    filled = validate(parse_cell(CELL), {"name": "a", "count": 5}, "job")
    assert filled == {"name": "a", "count": 5, "ratio": 1.0, "deep": False, "labels": None}


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("int", True), ("int", 1.0), ("int", "1"), ("int", None), ("float", True), ("float", math.nan),
        ("float", "1"), ("bool", 1), ("bool", "true"), ("str", 1), ("str", None), ("list[str]", "abc"),
        ("list[str]", [1]), ("list[int]", [1.5]), ("list[int]", 1), ("list[float]", np.eye(2)),
        ("list[str] | None", {"a"}),
    ],
)  # fmt: skip
def test_ill_typed_values_are_refused(type_: str, value: object):
    with pytest.raises(InvalidParameter, match="'p' must be"):
        one(type_).check(value)


def test_plain_values_of_numpy_and_paths_are_taken():
    assert one("int").check(np.int64(3)) == 3
    assert type(one("float").check(np.float32(0.5))) is float
    assert one("str").check(Path("a") / "b") == str(Path("a") / "b")
    assert one("list[str]").check(("a", "b")) == ["a", "b"]
    assert one("list[float]").check(np.arange(3)) == [0.0, 1.0, 2.0]
    assert one("float | None").check(None) is None


@given(st.integers())
def test_text_of_a_whole_number_reads_back(value: int):
    assert one("int").parse([str(value)]) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_text_of_a_number_reads_back(value: float):
    assert one("float").parse([repr(value)]) == value


@given(st.text())
def test_a_text_is_taken_as_it_is(value: str):
    assert one("str").parse([value]) == value


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text())))
def test_a_value_is_returned_unchanged_or_refused(value: object):
    for type_ in ("str", "int", "float", "bool", "list[str]"):
        try:
            assert one(type_).check(value) == value
        except InvalidParameter:
            continue


@pytest.mark.parametrize(
    ("type_", "texts", "value"),
    [
        ("bool", ["yes"], True),
        ("bool", ["False"], False),
        ("list[str]", ["a, b", "c"], ["a", "b", "c"]),
        ("list[str]", [""], []),
        ("list[int]", ["1, 2", "3"], [1, 2, 3]),
        ("list[float] | None", ["none"], None),
        ("list[float] | None", ["0.5"], [0.5]),
        ("int | None", ["none"], None),
        ("int | None", ["4"], 4),
    ],
)
def test_text_is_read_by_type(type_: str, texts: list[str], value: object):
    assert one(type_).parse(texts) == value


@pytest.mark.parametrize(("type_", "texts"), [("bool", ["maybe"]), ("int", ["1.5"]), ("int", ["1", "2"])])
def test_text_of_another_type_is_refused(type_: str, texts: list[str]):
    with pytest.raises(InvalidParameter):
        one(type_).parse(texts)


def test_a_notebook_has_exactly_one_parameters_cell(write_job, tmp_path: Path):
    path = Path(write_job("x: int = 1"))
    assert parameters(path) == [Parameter("x", "int", 1)]
    path.write_text(path.read_text().replace('"parameters"', '"other"'))
    with pytest.raises(InvalidParameter, match="no code cells tagged"):
        parameters(path)


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00"])
def test_a_file_that_is_no_notebook_is_refused(content: str, tmp_path: Path):
    path = tmp_path / "broken.ipynb"
    path.write_text(content)
    with pytest.raises(InvalidParameter, match="cannot be read as a notebook"):
        parameters(path)


@pytest.mark.parametrize("name", job_names())
def test_every_parameter_of_a_shipped_job_is_explained(name: str):
    declared = parameters(notebooks_folder() / "jobs" / f"{name}.ipynb")
    assert [p.name for p in declared if not p.help] == []
    assert {"project", "slides", "version"} <= {p.name for p in declared}


@pytest.mark.parametrize("type_", ["str", "list[str]"])
def test_bytes_of_a_command_line_that_are_no_text_are_refused(type_):
    with pytest.raises(InvalidParameter, match="'model' must be"):
        Parameter("model", type_).parse(["\udcff"])
