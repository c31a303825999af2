"""A study of squares on one slide, and questions about it: for tests of versions as they are shown."""

from __future__ import annotations

import numpy as np
import shapely

from wsinb.annotate import new_annotations
from wsinb.serve import Request

__all__ = ["STUDY", "ask", "squares"]

STUDY = {"project": "study", "slide": "one"}


def squares(places, label="tumor", **columns):
    """Return annotations that do not touch, one at each place in a row."""
    places = np.array(list(places), float)
    return new_annotations(shapely.box(places * 10, 5, places * 10 + 8, 13), label=label, **columns)


def ask(core, route, method="GET", body=b"", **query):
    """Return the answer of a server about the slide."""
    return core.handle(Request(method, route, {**STUDY, **query}, body))
