"""docs/format.md is enough: a reader written from that page alone reads the project of format 1.

It uses nothing of wsinb but the recorded truth. Where this test and the page disagree, one of them is wrong.
"""

from __future__ import annotations

import hashlib
import json
import struct
import uuid
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

DATA = Path(__file__).parent / "data" / "format-1.zip"
TABLE = [
    "id",
    "geometry",
    "bbox",
    "shape",
    "shape_params",
    "label",
    "layer",
    "score",
    "z",
    "t",
    "c",
    "created_by",
    "created_at",
    "updated_by",
    "updated_at",
    "verifications",
    "media",
    "properties",
]
CONTENT = [
    "geometry",
    "shape",
    "shape_params",
    "label",
    "layer",
    "score",
    "z",
    "t",
    "c",
    "verifications",
    "media",
    "properties",
]
NUMBERS = {"score": "<d", "z": "<i", "t": "<i", "c": "<i"}
OWN_NUMBERS = {"double": "<d", "int64": "<q", "bool": "<?"}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    with zipfile.ZipFile(DATA) as archive:
        archive.extractall(folder)
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return Book(folder / "project" / ".wsinb"), expected


def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


class Book:
    """Reads a store as the page says."""

    def __init__(self, root):
        self.root = root

    def object(self, sha):
        return json.loads((self.root / "objects" / f"{sha}.json").read_bytes())

    def commit(self, id_):
        data = (self.root / "objects" / f"{id_}.commit.json").read_bytes()
        assert hashlib.sha256(data).hexdigest() == id_
        return json.loads(data)

    def ref(self, kind, name):
        """Return the commit at which a ref stands, and the states of a pointer entry."""
        newest = min((self.root / "refs" / kind / name).iterdir())
        entry = json.loads(newest.read_bytes())
        if "parents" in entry:
            return hashlib.sha256(newest.read_bytes()).hexdigest(), {}
        return entry.get("commit"), entry.get("states", {})

    def map(self, reference):
        if "entries" in reference:
            return reference["entries"]
        found = {}
        for prefix, sha in reference["shards"].items():
            for name, value in self.object(sha).items():
                assert hashlib.sha256(name.encode()).hexdigest()[: reference["digits"]] == prefix
                found[name] = value
        return found

    def state(self, commit, slide, states=()):
        if slide in states:
            return states[slide]
        if slide in commit["states"]:
            return commit["states"][slide]
        home = self.map(commit["tree"]).get(slide)
        return None if home is None else self.commit(home)["states"][slide]

    def parts(self, state):
        return [] if state["parts"] is None else self.object(state["parts"])["parts"]

    def changes(self, sha):
        return pq.read_table(self.root / "objects" / f"{sha}.changes.parquet")

    def files(self, state):
        """Yield the tables of a state, the newest first."""
        for sha in reversed(state["changes"]):
            yield self.changes(sha)
        for sha in reversed(state["runs"]):
            yield pq.read_table(self.root / "runs" / f"{sha}.parquet")
        for part in self.parts(state):
            yield pq.read_table(self.root / "parts" / f"{part['sha256']}.parquet")

    def rows(self, state):
        """Return the rows of a state by id; deleted ones are left out."""
        rows = {}
        for table in self.files(state) if state else ():
            for row in table.to_pylist():
                rows.setdefault(row["id"], row)
        return {id_: row for id_, row in rows.items() if row.get("_op") != "delete"}


def hash_of(row, types):
    def framed(value):
        return b"\xff\xff\xff\xff" if value is None else struct.pack("<I", len(value)) + value

    def in_bytes(name):
        value = row[name]
        if value is None or isinstance(value, bytes):
            return value
        if isinstance(value, str):
            return value.encode()
        if types[name].startswith("timestamp"):
            return struct.pack("<q", int(np.datetime64(value.replace(tzinfo=None), "us").astype(np.int64)))
        return struct.pack(NUMBERS.get(name) or OWN_NUMBERS[types[name]], value)

    content = b"".join(framed(in_bytes(name)) for name in CONTENT)
    for key in sorted(name for name in row if name not in TABLE and not name.startswith("_")):
        if row[key] is not None:
            content += framed(key.encode()) + framed(in_bytes(key))
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little") or 1


def test_refs_lead_to_commits_and_logs(book):
    store, expected = book
    for name, head in expected["branches"].items():
        assert store.ref("heads", name)[0] == head
    for name, target in expected["tags"].items():
        assert store.ref("tags", name)[0] == target
    assert store.ref("heads", "dropped") == (None, {})
    commit = store.commit(expected["branches"]["main"])
    walked = [commit]
    while commit["parents"]:
        child, commit = commit, store.commit(commit["parents"][0])
        assert (child["depth"], child["generation"]) >= (commit["depth"] + 1, commit["generation"] + 1)
        assert store.commit(child["skip"])["depth"] == child["depth"] & (child["depth"] - 1)
        walked.append(commit)
    assert [each["depth"] for each in walked] == list(range(len(walked)))[::-1]
    messages = {each["message"] for each in expected["logs"]["main"]}
    assert {each["message"] for each in walked} <= messages


def test_all_versions_of_all_slides_have_the_recorded_number_of_rows_and_shapes(book):
    store, expected = book
    for id_, told in expected["versions"].items():
        commit = store.commit(id_)
        assert store.map(commit["slides"]) == told["slides"]
        assert store.object(commit["labels"])["sets"]["default"] == told["labels"]
        metadata = store.object(commit["project"])
        assert metadata["name"] == told["name"]
        assert [c for c in metadata["columns"] if not c.get("removed")] == told["columns"]
        assert (store.object(commit["sets"])["sets"] if commit["sets"] else {}) == told["sets"]
        for slide, (n, _) in told["rows"].items():
            state = store.state(commit, slide)
            assert (state["rows"] if state else 0) == n == len(store.rows(state))


def test_a_pointer_holds_equal_tables_in_fewer_files_and_is_sealed(book):
    store, _ = book
    found = 0
    for path in sorted((store.root / "refs" / "heads").rglob("*.json")):
        entry = json.loads(path.read_bytes())
        if "parents" in entry:
            continue
        assert entry.pop("check") == hashlib.sha256(canonical(entry)).hexdigest()
        for slide, state in entry.get("states", {}).items():
            before = store.state(store.commit(entry["commit"]), slide)
            drop = ("_op", "_old", "_new")
            plain = [
                {
                    id_: {k: v for k, v in row.items() if k not in drop and v is not None}
                    for id_, row in rows.items()
                }
                for rows in (store.rows(before), store.rows(state))
            ]
            assert plain[0] == plain[1]
            found += 1
    assert found > 2


def test_hashes_of_change_sets_are_those_of_the_rows(book):
    store, expected = book
    checked = 0
    for id_ in expected["versions"]:
        commit = store.commit(id_)
        for slide, change in commit["changes"].items():
            before = store.rows(store.state(store.commit(commit["parents"][0]), slide))
            counts = {"added": 0, "updated": 0, "deleted": 0}
            for sha in change["sets"]:
                table = store.changes(sha)
                types = {field.name: str(field.type) for field in table.schema}
                for row in table.to_pylist():
                    there = row["id"] in before
                    word = {(False, True): "add", (True, True): "update", (True, False): "delete"}
                    assert row["_op"] == word[there, row["_new"] != 0]
                    counts[{"add": "added", "update": "updated", "delete": "deleted"}[row["_op"]]] += 1
                    if row["_new"]:
                        assert row["_new"] == hash_of(row, types)
                    old = before.get(row["id"])
                    assert row["_old"] == (hash_of(old, types | own_types(store)) if old else 0)
                    checked += 1
            for sha in change["parts"]:
                counts["added"] += pq.read_metadata(store.root / "parts" / f"{sha}.parquet").num_rows
            assert counts == {word: change[word] for word in counts}
    assert checked > 200


def own_types(store):
    columns = store.object(store.commit(store.ref("heads", "main")[0])["project"])["columns"]
    words = {"float": "double", "int": "int64", "text": "string", "bool": "bool", "time": "timestamp"}
    return {column["key"]: words[column["type"]] for column in columns}


def test_histories_and_tails_tell_all_that_happened_since_the_table_began(book):
    store, expected = book
    commit_id, states = store.ref("heads", "main")
    commit = store.commit(commit_id)
    for slide in expected["versions"][commit_id]["slides"]:
        state = store.state(commit, slide, states)
        if state is None:
            continue
        told = []
        for sha in state["history"]:
            rows = pq.read_table(store.root / "history" / f"{sha}.parquet").to_pylist()
            assert [(r["id"], r["depth"]) for r in rows] == sorted((r["id"], r["depth"]) for r in rows)
            told += [(r["depth"], r["commit"], r["id"], r["_op"], r["_old"], r["_new"]) for r in rows]
        real, bulk = [], []
        each_id, each = commit_id, commit
        while each["depth"] >= state["since"]:
            change = each["changes"].get(slide, {"sets": [], "parts": []})
            covered = not set(change["sets"]) & set(state["changes"])
            for sha in change["sets"] if covered else ():
                marks = ("id", "_op", "_old", "_new")
                real += [
                    (each["depth"], each_id, *(r[m] for m in marks)) for r in store.changes(sha).to_pylist()
                ]
            if change["parts"]:
                bulk.insert(
                    0, {"depth": each["depth"], "generation": each["generation"], "parts": change["parts"]}
                )
            each_id, each = each["parents"][0], store.commit(each["parents"][0])
        assert sorted(told) == sorted(real)
        assert state["bulk"] == bulk


def test_keys_tell_where_each_id_stands_in_its_part(book):
    store, _ = book
    for path in (store.root / "keys").iterdir():
        data = path.read_bytes()
        assert data[:4] == b"WKY1"
        n = int.from_bytes(data[4:8], "little")
        high, low = np.frombuffer(data, "<u8", 2 * n, 8).reshape(2, n)
        rows = np.frombuffer(data, "<u2", n, 8 + 16 * n)
        ids = pq.read_table(store.root / "parts" / f"{path.stem}.parquet", columns=["id"])["id"].to_pylist()
        pairs = list(zip(high.tolist(), low.tolist(), strict=True))
        assert pairs == sorted(pairs)
        assert [uuid.UUID(int=(a << 64) | b) for a, b in pairs] == [uuid.UUID(ids[row]) for row in rows]


def test_the_division_of_a_set_can_be_found_again(book):
    from fractions import Fraction

    store, expected = book
    told = store.object(store.commit(expected["branches"]["main"])["sets"])["sets"]["cohort"]
    slides = store.map(store.commit(told["members"][0]["version"])["slides"])
    groups = [
        f"slide {slides[m['slide']]['checksum']}" if m["group"] is None else f"group {m['group']}"
        for m in told["members"]
    ]
    assert [m["group"] for m in told["members"]] == [
        str(slides[m["slide"]]["metadata"][told["by"]]) for m in told["members"]
    ]
    order = sorted(set(groups), key=lambda g: hashlib.sha256(f"{told['seed']}\n{g}".encode()).digest())
    parts, before = {}, 0
    for group in order:
        size, total = groups.count(group), Fraction(0)
        for part, fraction in told["split"]:
            total += Fraction(fraction).limit_denominator(1_000_000)
            if Fraction(2 * before + size, 2 * len(groups)) < total:
                parts[group] = part
                break
        before += size
    assert [m["part"] for m in told["members"]] == [parts[group] for group in groups]
