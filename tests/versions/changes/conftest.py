"""A small project with a branch to merge."""

from __future__ import annotations

from pathlib import Path

import pytest

from wsinb.project import Project
from wsinb.testing.merging import make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Make a project with six squares on one slide, and a branch "review" that begins there."""
    return make_project(tmp_path / "study")
