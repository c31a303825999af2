"""One file form for all kinds of models: the header, its checks, and loading by kind."""

from __future__ import annotations

from wsinb.trees.models.header import KINDS, check_header, check_kind, kind_of, library_versions, new_header
from wsinb.trees.models.loading import Model, load_model
from wsinb.trees.models.sameness import identity
from wsinb.trees.models.stored import reading_model

__all__ = [
    "KINDS",
    "Model",
    "check_header",
    "check_kind",
    "identity",
    "kind_of",
    "library_versions",
    "load_model",
    "new_header",
    "reading_model",
]
