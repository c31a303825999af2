"""Folders of finished tiles of jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from wsinb.errors import InvalidInput
from wsinb.jobs import checkpoint_folder


def test_a_run_has_a_folder_of_its_own(study, tmp_path):
    assert checkpoint_folder(study, None, "a") is None
    place = checkpoint_folder(study, "unfinished", "a", 1)
    assert place == checkpoint_folder(study, "unfinished", "a", 1)
    assert place.parent == study.path / "unfinished"
    assert (
        len(
            {
                place,
                *(checkpoint_folder(study, "unfinished", *about) for about in (("a", 2), ("a",), ("b", 1))),
            }
        )
        == 4
    )
    assert checkpoint_folder(study, str(tmp_path / "x"), "a").parent == tmp_path / "x"
    assert checkpoint_folder(study, "~/x", "a").parent == Path.home() / "x"
    assert not place.exists()


def test_what_is_no_path_is_refused(study):
    with pytest.raises(InvalidInput, match="A checkpoint is the path of a folder"):
        checkpoint_folder(study, "a\0b", "a")
