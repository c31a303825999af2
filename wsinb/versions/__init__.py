"""Git for annotation tables: commits, branches and sessions over GeoParquet files."""

from __future__ import annotations

from wsinb.versions.author import default_author
from wsinb.versions.changes.conflicts import ConflictItem, Value
from wsinb.versions.changes.delta import Change, Diff, SlideDiff
from wsinb.versions.changes.merge import Merge
from wsinb.versions.checkout import Checkout
from wsinb.versions.columnlist import Columns
from wsinb.versions.graph.records import Artifact, Commit, Log
from wsinb.versions.journal.drafts import Draft
from wsinb.versions.labellist import Labels
from wsinb.versions.repository import MAIN, Repository
from wsinb.versions.session import Session
from wsinb.versions.setlist import Places, SlideSets
from wsinb.versions.sets import SetMember, SlideSet
from wsinb.versions.slidelist import SlideEntry, Slides
from wsinb.versions.slidesession import SlideSession
from wsinb.versions.storage.posix import PosixStore
from wsinb.versions.storage.store import Store
from wsinb.versions.tables.columns import Column

__all__ = [
    "MAIN",
    "Artifact",
    "Change",
    "Checkout",
    "Column",
    "Columns",
    "Commit",
    "ConflictItem",
    "Diff",
    "Draft",
    "Labels",
    "Log",
    "Merge",
    "Places",
    "PosixStore",
    "Repository",
    "Session",
    "SetMember",
    "SlideDiff",
    "SlideEntry",
    "SlideSession",
    "SlideSet",
    "SlideSets",
    "Slides",
    "Store",
    "Value",
    "default_author",
]
