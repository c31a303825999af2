"""Virtual sets: what they pin, how they are divided, what they read."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb import SetMember
from wsinb.annotate import new_annotations
from wsinb.errors import InvalidInput, UnknownProject, UnknownSlide, UnknownVersion
from wsinb.project import create_project, open_project
from wsinb.testing.entries import add_slides
from wsinb.testing.model_store import rows_of
from wsinb.tiles import write_pyramid
from wsinb.versions.slidelist import SlideEntry
from wsinb.versions.splits import check_split, divide

PARTS = {"train": 0.7, "validation": 0.15, "test": 0.15}
SLIDES = [f"s{i:02}" for i in range(40)]


def make_project(folder, names, metadata=lambda name: {}):
    project = create_project(folder)
    entries = (
        SlideEntry(name, f"{name}.svs", f"sha256:{folder.name}-{name}", (9, 9), metadata=metadata(name))
        for name in names
    )
    add_slides(project, *entries)
    return project


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path / "study", SLIDES, lambda name: {"patient": f"p{int(name[1:]) // 3}"})


def add_point(project, slide, x=0.0):
    session = project.session()
    session[slide].upsert(new_annotations([shapely.Point(x, 0)]))
    return session.commit("a point").id


splits = st.lists(st.integers(1, 30), min_size=1, max_size=5).map(
    lambda weights: {f"part {i}": w / sum(weights) for i, w in enumerate(weights)}
)
group_lists = st.lists(st.integers(0, 25).map(str), min_size=1, max_size=120)


@settings(max_examples=200, deadline=None)
@given(groups=group_lists, split=splits, seed=st.integers())
def test_a_division_takes_all_keeps_groups_together_and_the_fractions(groups, split, seed):
    split = check_split(split)
    parts = divide(groups, split, seed)
    assert len(parts) == len(groups)
    assert set(parts) <= set(split)
    assert len(set(zip(groups, parts, strict=True))) == len(set(groups))
    largest = max(Counter(groups).values())
    for part, fraction in split.items():
        assert abs(parts.count(part) - fraction * len(groups)) <= largest + 1e-3


@settings(max_examples=100, deadline=None)
@given(groups=group_lists, split=splits, seed=st.integers(), shuffle=st.randoms())
def test_a_division_does_not_depend_on_the_order(groups, split, seed, shuffle):
    order = list(range(len(groups)))
    shuffle.shuffle(order)
    parts = divide(groups, split, seed)
    assert divide([groups[i] for i in order], split, seed) == [parts[i] for i in order]


def test_a_division_is_the_same_everywhere():
    parts = divide([f"patient {i}" for i in range(12)], PARTS, 7)
    others = {0: "validation", 1: "test", 4: "validation", 6: "test"}
    assert parts == [others.get(i, "train") for i in range(12)]


def test_seeds_differ_and_few_slides_move_when_some_are_added():
    groups = [str(i) for i in range(1000)]
    first, second = divide(groups, PARTS, 0), divide(groups, PARTS, 1)
    assert np.mean(np.array(first) == second) < 0.7
    more = divide([*groups, *(f"new {i}" for i in range(10))], PARTS, 0)
    assert np.mean(np.array(first) == more[:1000]) > 0.97


def test_a_set_divides_pins_and_shows_itself(project):
    head = project.head()
    made = project.sets.add("cohort", SLIDES, split=PARTS, seed=3, author="ann")
    assert (len(made), made.slides, made.parts) == (40, SLIDES, ("train", "validation", "test"))
    assert {member.version for member in made} == {head}
    sizes = {part: len(made[part]) for part in made.parts}
    assert sizes == {"train": 28, "validation": 6, "test": 6}
    assert [m for part in made.parts for m in made[part]] != list(made)
    assert {m.slide for part in made.parts for m in made[part]} == set(SLIDES)
    assert made.train == made["train"]
    assert all(made.split_of(slide) == "test" for slide in made.test.slides)
    commit = project.log(limit=1)[0]
    assert (commit.author, commit.message, commit.edits) == (
        "ann",
        "Add set cohort",
        {"sets": {"added": ["cohort"]}},
    )
    assert repr(made).startswith("cohort: 40 slides (train 28, validation 6, test 6)\nslide  part")
    assert ">s00</td>" in made._repr_html_()
    again = open_project(project.path).sets["cohort"]
    assert again == made
    assert (again.split, again.by, again.seed) == (PARTS, None, 3)
    assert list(project.sets) == ["cohort"]
    assert "cohort" in project.sets._repr_html_()


def test_the_order_of_slides_does_not_change_their_parts(project):
    first = project.sets.add("a", SLIDES, split=PARTS, by="patient")
    shuffled = random.Random(0).sample(SLIDES, len(SLIDES))
    second = project.sets.add("b", shuffled, split=PARTS, by="patient")
    assert second.slides == shuffled
    assert {s: first.split_of(s) for s in SLIDES} == {s: second.split_of(s) for s in SLIDES}


def test_all_slides_of_a_patient_come_into_one_part(project):
    made = project.sets.add("cohort", SLIDES, split=PARTS, by="patient")
    parts = {(member.group, member.part) for member in made}
    assert len(parts) == len({member.group for member in made}) == 14
    assert made.members[4].group == "p1"


def test_slides_without_the_metadata_are_named(project):
    project.slides.set_metadata("s05", {"age": 50})
    project.slides.set_metadata("s07", {"patient": None})
    head = project.head()
    with pytest.raises(InvalidInput, match=r"2 slides .*'patient'.*\('s05', 's07'\).*set_metadata"):
        project.sets.add("cohort", SLIDES, split=PARTS, by="patient")
    assert project.head() == head
    project.slides.set_metadata("s05", {"patient": 17})
    project.slides.set_metadata("s07", {"patient": "17"})
    made = project.sets.add("cohort", SLIDES, by="patient")
    assert [made.members[i].group for i in (5, 7)] == ["17", "17"]


def test_a_file_under_two_names_or_at_two_versions_is_one_slide(project):
    add_slides(project, replace(project.slides["s00"], name="twin"))
    old = project.head()
    add_point(project, "s01")
    for seed in range(12):
        given = [*SLIDES, "twin", SetMember(None, old, "s01")]
        made = project.sets.add(f"set {seed}", given, split={"a": 0.5, "b": 0.5}, seed=seed)
        assert made.split_of("s00") == made.split_of("twin")
        assert made.split_of("s01") in ("a", "b")


def test_a_set_reads_what_it_pinned(project):
    add_point(project, "s00")
    made = project.sets.add("cohort", ["s00", "s01"])
    pinned = project.read("s00")
    add_point(project, "s00", x=5)
    project.slides.remove("s01")
    made = open_project(project.path).sets["cohort"]
    assert rows_of(made.read("s00")) == rows_of(made.read(made.members[0])) == rows_of(pinned)
    assert len(made.read("s00", bbox=(3, 0, 9, 9))) == 0
    assert len(made.read("s01")) == 0
    assert made.split_of("s00") is None
    with pytest.raises(UnknownSlide, match="did you mean 's00'"):
        made.read("s000")


def test_sets_are_versioned(project):
    project.sets.add("one", ["s00"])
    with_one = project.head()
    project.sets.add("two", ["s01"])
    project.sets.remove("one")
    assert (list(project.sets), list(project.sets_at(with_one))) == (["two"], ["one"])
    assert project.sets_at(project.log()[-1].id) == {}
    assert project.log(limit=1)[0].edits == {"sets": {"removed": ["one"]}}
    add_point(project, "s00")
    assert list(project.sets) == ["two"]


def test_members_of_other_projects_and_versions(project, tmp_path):
    other = make_project(tmp_path / "other", ["s00", "x"])
    first = add_point(other, "x")
    add_point(other, "x", x=5)
    given = [
        "s00",
        other.checkout(first)["x"],
        SetMember(str(tmp_path / "other"), "main", "s00", group="g"),
        project.checkout("main")["s02"],
    ]
    made = project.sets.add("both", given)
    url = str(tmp_path / "other")
    assert [member.project for member in made] == [None, url, url, None]
    assert [member.version for member in made][1:3] == [first, other.head()]
    assert len(made.read("x")) == 1
    assert rows_of(made.read("x")) == rows_of(other.read("x", first))
    with pytest.raises(InvalidInput, match=r"2 members named 's00'.*set\.members"):
        made.read("s00")
    assert len(made.read(made.members[2])) == 0
    whole = project.sets.add("whole", other.checkout("main"), split={"a": 1})
    assert (whole.slides, {member.project for member in whole}) == (["s00", "x"], {url})
    (tmp_path / "other").rename(tmp_path / "gone")
    with pytest.raises(UnknownProject, match="other"):
        open_project(project.path).sets["whole"].read("x")


def test_members_may_name_their_part(project):
    given = [SetMember(None, "main", "s00", part="test"), SetMember(None, "main", "s01", part="train"), "s02"]
    made = project.sets.add("published", given)
    assert [made.split_of(name) for name in made.slides] == ["test", "train", None]
    assert made.test.slides == ["s00"]
    with pytest.raises(InvalidInput, match="'s00' names its part"):
        project.sets.add("again", given, split=PARTS)


def test_the_slide_file_of_a_member_is_opened_where_it_is_now(tmp_path):
    write_pyramid(np.full((80, 120, 3), 200, np.uint8), tmp_path / "a.tif", mpp=0.5)
    project = create_project(tmp_path / "study")
    project.slides.add(tmp_path / "a.tif", "a")
    made = project.sets.add("one", ["a"])
    (tmp_path / "a.tif").rename(tmp_path / "moved.tif")
    project.slides.relocate("a", tmp_path / "moved.tif")
    with made.open("a") as slide:
        assert tuple(slide.size) == (120, 80)


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (("", ["s00"]), InvalidInput, "printable name"),
        ((5, ["s00"]), InvalidInput, "printable name"),
        (("taken", ["s00"]), InvalidInput, r"has a set 'taken' already.*sets\.remove\('taken'\)"),
        (("x", "s00"), InvalidInput, "list of names"),
        (("x", [5]), InvalidInput, "list of names"),
        (("x", [SetMember(None, "main", "s00", group=5)]), InvalidInput, "list of names"),
        (("x", []), InvalidInput, "at least one"),
        (("x", ["s00", "s00"]), InvalidInput, "'s00' is given twice"),
        (("x", ["s0"]), UnknownSlide, "did you mean"),
        (("x", [SetMember(None, "mian", "s00")]), UnknownVersion, "'main'"),
        (("x", [SetMember("/nowhere", "main", "s00")]), UnknownProject, "nowhere"),
        (("x", ["s00"], {"train": 0.5, "test": 0.4}), InvalidInput, "add up to 1, and these to 0.9"),
        (("x", ["s00"], {"train": 1.5, "test": -0.5}), InvalidInput, "'train' is a number above 0"),
        (("x", ["s00"], {"train": True}), InvalidInput, "'train' is a number"),
        (("x", ["s00"], {"": 1}), InvalidInput, "printable name"),
        (("x", ["s00"], {}), InvalidInput, "dict of fractions"),
        (("x", ["s00"], [0.5, 0.5]), InvalidInput, "dict of fractions"),
        (("x", ["s00"], PARTS, 5), InvalidInput, "entry of the slides' metadata"),
        (("x", ["s00"], PARTS, None, 0.5), InvalidInput, "seed .* whole number"),
    ],
)
def test_bad_input_is_told_and_commits_nothing(project, arguments, error, sentence):
    project.sets.add("taken", ["s01"])
    head = project.head()
    with pytest.raises(error, match=sentence):
        project.sets.add(*arguments)
    assert project.head() == head


def test_unknown_sets_and_parts_suggest_near_names(project):
    made = project.sets.add("cohort", SLIDES, split=PARTS)
    for act in (project.sets.__getitem__, project.sets.remove):
        with pytest.raises(InvalidInput, match="did you mean 'cohort'"):
            act("cohrot")
    with pytest.raises(InvalidInput, match="did you mean 'train'"):
        made["tran"]
    with pytest.raises(AttributeError, match="neither an attribute nor a part 'tran'"):
        made.tran  # noqa: B018
    with pytest.raises(InvalidInput, match="not divided"):
        project.sets.add("plain", SLIDES)["train"]


def test_sets_of_a_branch(project):
    project.branch("review")
    made = project.sets.on("review").add("cohort", ["s00"])
    assert list(project.sets.on("review")) == list(project.sets_at("review")) == ["cohort"]
    assert (made.members[0].version, "cohort" in project.sets) == (project.head(), False)
    project.merge("review")
    assert project.sets["cohort"] == made
