"""Finding what differs between two versions, from what history says and without reading tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from wsinb.names import listed
from wsinb.versions.changes.delta import Diff, SlideDiff
from wsinb.versions.changes.fields import all_columns
from wsinb.versions.changes.lists import Entries, entries_between, read_lists
from wsinb.versions.changes.net import PartNumbers, Values, contents, net_changes
from wsinb.versions.changes.sides import Rows, Side, union
from wsinb.versions.graph.maps import differing_names, read_member
from wsinb.versions.graph.records import Record, State
from wsinb.versions.graph.refs import Head
from wsinb.versions.slideentry import check_slide
from wsinb.versions.tables.ids import Ids

if TYPE_CHECKING:
    import pyarrow as pa

    from wsinb.versions.repository import Repository

__all__ = ["changed_slides", "find_diff", "find_slide_diff"]


def find_diff(
    repository: Repository,
    a: Head | None,
    b: Head,
    slides: str | Iterable[str] | None = None,
    show: Callable[..., Any] | None = None,
) -> Diff:
    """Return what differs from one version to another.

    Parameters
    ----------
    repository
        Both are versions of it.
    a, b
        The versions; None stands for nothing at all.
    slides
        Only the annotations of these slides; edits of lists are left out then.
    show
        How the difference opens a viewer, see `Diff`.

    Raises
    ------
    UnknownSlide
        If neither version has a slide of a name.
    """
    before = None if a is None else a.record

    def known() -> set[str]:
        return {name for record in (before, b.record) if record for name in repository.slides_of(record)}

    names: Collection[str] = changed_slides(repository, before, b.record)
    entries: Entries = {}
    if slides is None:
        entries = differing_entries(repository, before, b.record)
    else:
        wanted = listed(slides, "Slides are given by their names")
        there = sorted(known())
        for name in wanted:
            check_slide(name, there, "in either version")
        names = set(names) & set(wanted)
    fork = repository.ancestry.fork(before, b.record) if names and before else None
    parts = [find_slide_diff(repository, name, a, b, fork) for name in sorted(names)]
    return Diff(parts, entries, before.id if before else None, b.record.id, known, show)


def find_slide_diff(
    repository: Repository, slide: str, a: Head | None, b: Head, fork: Record | None
) -> SlideDiff:
    """Return what differs on one slide; `fork` is the newest commit that both share along first parents."""
    before = State() if a is None else repository.committer.state(a, slide)
    after = repository.committer.state(b, slide)
    numbers: PartNumbers = {}
    if a is not None and fork is not None and _begun(before, fork.depth) and _begun(after, fork.depth):
        ids, old, new = _since(repository, slide, (a.record, before), (b.record, after), fork, numbers)
    else:
        here, there = contents(repository, before, numbers), contents(repository, after, numbers)
        ids = union(here[0], there[0])
        old, new = here[1].spread(here[0], ids), there[1].spread(there[0], ids)
    differs = ~old.same(new)
    ids, old, new = ids.take(differs), old.take(differs), new.take(differs)
    return SlideDiff.exact(
        slide,
        Side(ids, old.hashes, old.known, _reader(repository, before)),
        Side(ids, new.hashes, new.known, _reader(repository, after)),
        all_columns(*(repository.columns_of(head.record) for head in (a, b) if head is not None)),
    )


def _since(
    repository: Repository,
    slide: str,
    a: tuple[Record, State],
    b: tuple[Record, State],
    fork: Record,
    numbers: PartNumbers,
) -> tuple[Ids, Values, Values]:
    """Return the ids that were touched on either side since the fork, and what they hold on both."""
    here = net_changes(repository, a[0], slide, a[1], fork.depth, numbers)
    there = net_changes(repository, b[0], slide, b[1], fork.depth, numbers)
    if not len(here.ids):
        return there
    if not len(there.ids):
        return here.ids, here.new, here.old
    ids = union(here.ids, there.ids)
    touched_here, touched_there = here.touches(ids), there.touches(ids)
    # an id that one side left alone still holds there what it held at the fork
    old = here.new.spread(here.ids, ids).where(touched_here, there.old.spread(there.ids, ids))
    new = there.new.spread(there.ids, ids).where(touched_there, here.old.spread(here.ids, ids))
    return ids, old, new


def _begun(state: State, depth: int) -> bool:
    return state.since is not None and state.since <= depth


def _reader(repository: Repository, state: State) -> Rows:
    def read(ids: Ids) -> pa.Table:
        return repository.tables.lookup(state, ids)

    return read


def changed_slides(repository: Repository, a: Record | None, b: Record) -> set[str]:
    """Return the slides whose tables were last changed by different commits."""
    if a is None:
        return set(repository.slides_of(b))
    own: Mapping[str, Any] = {**a.data["states"], **b.data["states"]}
    names = differing_names(repository.objects, a.data["tree"], b.data["tree"])
    return {name for name in names | set(own) if _home(repository, a, name) != _home(repository, b, name)}


def _home(repository: Repository, record: Record, slide: str) -> str | None:
    """Return the commit that holds the state of a slide."""
    if slide in record.data["states"]:
        return None if record.data["states"][slide] is None else record.id
    last: str | None = read_member(repository.objects, record.data["tree"], slide)
    return last


def differing_entries(repository: Repository, a: Record | None, b: Record) -> Entries:
    """Return what differs in the lists of two versions, with the values of both."""
    if a is not None and all(
        a.data[kind] == b.data[kind] for kind in ("slides", "labels", "project", "sets")
    ):
        return {}
    return entries_between({} if a is None else read_lists(repository, a), read_lists(repository, b))
