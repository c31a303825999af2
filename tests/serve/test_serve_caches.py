"""What the server keeps open and in memory."""

from __future__ import annotations

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from wsinb.errors import SlideNotFound, UnreadableSlide
from wsinb.serve import slide_cache
from wsinb.serve.core import Core, Settings
from wsinb.serve.lru import Lru
from wsinb.serve.messages import Request
from wsinb.serve.slide_cache import SlideCache, SlideReplaced, identify
from wsinb.tiles import Slide, open_slide, write_pyramid


@given(st.lists(st.integers(0, 12), max_size=60), st.integers(1, 30))
def test_a_cache_keeps_its_bound_and_gives_what_was_asked(keys, capacity):
    cache = Lru(capacity, lambda value: value % 7 + 1)
    for key in keys:
        assert cache.get(key, lambda key=key: key) == key
        assert cache.weight <= capacity or len(cache) == 1
    assert cache.get("one more", lambda: 6) == 6


def test_what_was_used_last_is_kept():
    made = []

    def make(key):
        made.append(key)
        return key

    cache = Lru(2, lambda value: 1)
    for key in "abaca":
        cache.get(key, lambda key=key: make(key))
    assert made == ["a", "b", "c"]


def test_threads_that_ask_for_the_same_make_it_once():
    cache, made = Lru(10, lambda value: 1), []
    ready = threading.Barrier(8)

    def make():
        made.append(1)
        return "value"

    def ask(_):
        ready.wait()
        return cache.get("key", make)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"value"}
    assert len(made) == 1


def test_what_failed_is_tried_again():
    cache = Lru(10, lambda value: 1)
    with pytest.raises(ZeroDivisionError):
        cache.get("key", lambda: 1 // 0)
    assert cache.get("key", lambda: 5) == 5


@pytest.fixture
def files(tmp_path):
    first = tmp_path / "0.tif"
    write_pyramid(np.full((300, 300, 3), 90, np.uint8), first)
    paths = [first]
    for number in range(1, 4):
        paths.append(tmp_path / f"{number}.tif")
        shutil.copy(first, paths[-1])
    return paths


@pytest.fixture
def closed(monkeypatch):
    names = []
    close = Slide.close
    monkeypatch.setattr(Slide, "close", lambda self: (names.append(self.path.name), close(self)))
    return names


def test_the_slide_used_longest_ago_is_closed(files, closed):
    cache = SlideCache(2)
    for path in (files[0], files[1], files[0], files[2]):
        with cache.lease(identify(path)):
            pass
    assert closed == ["1.tif"]
    cache.close()
    assert sorted(closed) == ["0.tif", "1.tif", "2.tif"]


def test_a_slide_in_use_is_closed_only_when_given_back(files, closed):
    cache = SlideCache(1)
    with cache.lease(identify(files[0])) as slide:
        with cache.lease(identify(files[1])):
            assert closed == []
        assert slide.read(0, 0, 8, 8).shape == (8, 8, 3)
    assert closed == ["0.tif"]


def test_a_slide_is_opened_once_for_many_threads(files):
    cache = SlideCache(2)

    def ask(_):
        with cache.lease(identify(files[0])) as slide:
            return id(slide)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(40)))) == 1


def test_many_threads_on_more_slides_than_stay_open(files):
    cache = SlideCache(1)

    def ask(number):
        with cache.lease(identify(files[number % 4])) as slide:
            return int(slide.read(10, 10, 16, 16).mean())

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(200))) == {90}
    assert len(cache) == 1


def test_a_file_that_cannot_be_opened_is_not_kept(tmp_path):
    path = tmp_path / "bad.tif"
    path.write_bytes(b"no image")
    cache = SlideCache(2)
    with pytest.raises(UnreadableSlide), cache.lease(identify(path)):
        pass
    assert len(cache) == 0


def test_the_identity_of_a_file_changes_with_it(files):
    before = identify(files[0])
    assert identify(files[0]) == before
    assert identify(files[1]).fingerprint != before.fingerprint
    files[0].write_bytes(files[0].read_bytes() + b"\0")
    assert identify(files[0]).fingerprint != before.fingerprint


def test_what_is_no_file_has_no_identity(tmp_path):
    with pytest.raises(SlideNotFound):
        identify(tmp_path / "none.tif")
    with pytest.raises(UnreadableSlide, match="folder"):
        identify(tmp_path)


def test_a_folder_of_pictures_has_an_identity_that_changes_with_any_of_them(tmp_path, monkeypatch):
    for t in range(3):
        Image.new("RGB", (20, 10), (t, 0, 0)).save(tmp_path / f"{t}.png")
    before = identify(tmp_path)
    looks = []
    look = slide_cache._identify_members
    monkeypatch.setattr(slide_cache, "_identify_members", lambda *at: looks.append(at) or look(*at))
    assert identify(tmp_path) == before
    assert looks == []  # a second has not passed
    (tmp_path / "3.png").write_bytes((tmp_path / "1.png").read_bytes())
    added = identify(tmp_path)
    assert added.fingerprint != before.fingerprint
    (tmp_path / "3.png").unlink()
    monkeypatch.setattr(slide_cache, "FOLDER_SECONDS", 0)
    assert identify(tmp_path).members == before.members
    with (tmp_path / "1.png").open("ab") as file:
        file.write(b"more")
    assert identify(tmp_path).fingerprint not in (before.fingerprint, added.fingerprint)


def test_a_file_that_changes_while_it_is_opened_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "a.tif"
    write_pyramid(np.full((300, 300, 3), 30, np.uint8), file)
    identity = identify(file)
    opened = []

    def replaced_meanwhile(path):
        write_pyramid(np.full((400, 300, 3), 200, np.uint8), file)
        opened.append(open_slide(path))
        return opened[-1]

    monkeypatch.setattr("wsinb.tiles.open_slide", replaced_meanwhile)
    cache = SlideCache()
    with pytest.raises(SlideReplaced, match=r"a\.tif was replaced"), cache.lease(identity):
        pytest.fail("It may be either file.")
    assert len(cache) == 0
    monkeypatch.undo()
    with cache.lease(identify(file)) as slide:
        assert slide.size == (300, 400)
    cache.close()


def test_a_tile_read_while_its_file_is_replaced_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "a.tif"
    write_pyramid(np.full((300, 300, 3), 30, np.uint8), file)
    core = Core(Settings(tmp_path))

    def read_meanwhile(slide, *place, **options):
        write_pyramid(np.full((400, 300, 3), 200, np.uint8), file)
        raise UnreadableSlide("half of one, half of the other")

    monkeypatch.setattr(Slide, "read", read_meanwhile)
    monkeypatch.setattr(Slide, "stored_jpeg", lambda *place: None)
    answer = core.handle(Request("GET", "tile/0/0/0", {"path": "a.tif"}))
    core.close()
    assert (answer.status, json.loads(answer.body)["kind"]) == (409, "SlideReplaced")
