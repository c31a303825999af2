"""Walking commits: best common ancestors in any graph."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wsinb.versions.graph.ancestry import Ancestry
from wsinb.versions.storage.layout import canonical, commit_key, sha256
from wsinb.versions.storage.posix import PosixStore


def put_commit(store, parents, number):
    """Store a commit with what walking needs; `parents` are (id, generation)."""
    generation = 1 + max((generation for _, generation in parents), default=-1)
    data = canonical(
        {
            "parents": [commit for commit, _ in parents],
            "generation": generation,
            "time": f"2026-01-01T00:00:00.{number:06d}+00:00",
        }
    )
    store.put_if_absent(commit_key(sha256(data)), data)
    return sha256(data), generation


@st.composite
def graphs(draw):
    """Draw the numbers of the parents of each commit; each comes after its parents."""
    size = draw(st.integers(2, 12))
    return [
        draw(st.lists(st.integers(0, number - 1), max_size=min(number, 2), unique=True)) if number else []
        for number in range(size)
    ]


@given(graphs(), st.data())
def test_the_best_common_ancestor_is_common_and_none_of_its_descendants_is(tmp_path_factory, graph, data):
    store = PosixStore(tmp_path_factory.mktemp("store"))
    commits = []
    for number, parents in enumerate(graph):
        commits.append(put_commit(store, [commits[parent] for parent in parents], number))
    above = []
    for number, parents in enumerate(graph):
        above.append({number}.union(*(above[parent] for parent in parents)))
    first, second = (data.draw(st.integers(0, len(graph) - 1)) for _ in range(2))
    ancestry = Ancestry(store)
    shared = above[first] & above[second]
    found = ancestry.common(commits[first][0], commits[second][0])
    same = ancestry.common(commits[second][0], commits[first][0])
    assert (found and found.id) == (same and same.id)
    if not shared:
        assert found is None
    else:
        numbers = {commit: number for number, (commit, _) in enumerate(commits)}
        chosen = numbers[found.id]
        assert chosen in shared
        assert not any(chosen in above[other] for other in shared - {chosen})
    for number, (commit, _) in enumerate(commits):
        assert ancestry.holds(commits[first][0], commit) == (number in above[first])
