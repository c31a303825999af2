"""Finished pieces in a folder."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest

from wsinb.errors import InvalidInput
from wsinb.trees.tiling import FinishedPieces
from wsinb.trees.tiling import checkpoint as room


def test_pieces_come_back_as_they_were(tmp_path):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array([], np.int32)}
    pieces = FinishedPieces.alone(tmp_path / "new", {"slide": "x"})
    assert pieces.load("one") is None
    pieces.save("one", **arrays)
    found = FinishedPieces.alone(tmp_path / "new", {"slide": "x"}).load("one")
    assert set(found) == {"a", "b"}
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["about.json", "one.npz"]


def test_what_differs_is_told(tmp_path):
    FinishedPieces.alone(tmp_path, {"slide": "x", "model": 1, "old": None})
    with pytest.raises(InvalidInput, match="tiles of another model, step: give another folder"):
        FinishedPieces.alone(tmp_path, {"slide": "x", "model": 2, "step": [1.5]})


def test_runs_may_share_a_folder_apart(tmp_path):
    one, other = (FinishedPieces.apart(tmp_path, {"slide": name}) for name in "ab")
    one.save("piece", a=np.ones(2))
    assert other.load("piece") is None
    assert FinishedPieces.apart(tmp_path, {"slide": "a"}).load("piece") is not None


def test_of_many_that_begin_at_once_only_those_of_one_kind_go_on(tmp_path):
    ready, won = threading.Barrier(8), []

    def begin(number):
        ready.wait()
        try:
            FinishedPieces.alone(tmp_path / "folder", {"model": number % 4})
            won.append(number % 4)
        except InvalidInput:
            pass

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = json.loads((tmp_path / "folder" / "about.json").read_text())
    assert won
    assert set(won) == {kept["model"]}


def test_pieces_larger_than_any_are_not_read(tmp_path, monkeypatch):
    pieces = FinishedPieces.alone(tmp_path, {})
    pieces.save("flat", a=np.zeros(100_000))
    assert pieces.load("flat") is not None
    # it unpacks to 800 kB from a few
    monkeypatch.setattr(room, "MAX_BYTES", 100_000)
    assert pieces.load("flat") is None
    pieces.save("noise", a=np.random.default_rng(0).random(20_000))
    assert pieces.load("noise") is None


def test_where_files_have_one_name_only_a_checkpoint_is_opened_all_the_same(tmp_path, monkeypatch):
    def refused(self, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(type(tmp_path), "hardlink_to", refused)
    FinishedPieces.alone(tmp_path / "x", {"a": 1})
    assert json.loads((tmp_path / "x" / "about.json").read_text()) == {"a": 1}
    assert len(list((tmp_path / "x").iterdir())) == 1
