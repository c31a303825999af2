"""A small project whose sessions keep journals."""

from __future__ import annotations

from pathlib import Path

import pytest

from wsinb.project import Project
from wsinb.testing.journals import make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Make a project with the slides one and two, and on one 4 points that are committed."""
    return make_project(tmp_path / "study")
