"""A project: slides, labels, annotations and artifacts, all of them versioned, in one place."""

from __future__ import annotations

from wsinb.project.places import create_project, find_project, open_project
from wsinb.project.project import Project
from wsinb.versions import Labels, SlideEntry, Slides, default_author

__all__ = [
    "Labels",
    "Project",
    "SlideEntry",
    "Slides",
    "create_project",
    "default_author",
    "find_project",
    "open_project",
]
