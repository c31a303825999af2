"""What every store must do, as a class of tests.

Whoever writes a store subclasses `StoreTests` in a test module, says how to make an empty one,
and runs pytest. Asserts are shown in full after
``pytest.register_assert_rewrite("wsinb.testing.stores")`` in a conftest.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wsinb.versions.storage.layout import artifact_key, object_key, part_key, ref_prefix
from wsinb.versions.storage.store import Store

__all__ = ["StoreTests"]


class StoreTests:
    """The behaviour of a store; a subclass gives the fixture `store`, a new and empty one."""

    @pytest.fixture
    def store(self) -> Store:
        """Return a new, empty store."""
        raise NotImplementedError("A subclass of StoreTests has a fixture `store` of its own.")

    def test_what_was_put_is_read_back(self, store: Store, tmp_path: Path) -> None:
        """Bytes and files come back as they were, also empty and binary ones."""
        (tmp_path / "file").write_bytes(b"from a file")
        assert store.put_if_absent("a/b", bytes(range(256)))
        assert store.put_if_absent("a/c", tmp_path / "file")
        assert store.put_if_absent("empty", b"")
        assert store.get("a/b") == bytes(range(256))
        assert store.get("a/c") == b"from a file"
        assert store.get("empty") == b""
        assert store.open("empty").read() == b""
        store.sync()

    def test_the_first_writer_of_a_key_wins(self, store: Store, tmp_path: Path) -> None:
        """A key that is taken keeps its bytes, and the second writer is told."""
        (tmp_path / "file").write_bytes(b"third")
        assert store.put_if_absent("refs/a/b", b"first")
        assert not store.put_if_absent("refs/a/b", b"second")
        assert not store.put_if_absent("refs/a/b", tmp_path / "file")
        assert not store.put_if_absent("refs/a/b", b"first")
        assert store.get("refs/a/b") == b"first"

    def test_a_copy_is_made_once(self, store: Store) -> None:
        """The first copy to a key wins too."""
        store.put_if_absent("a", b"1")
        store.put_if_absent("b", b"2")
        assert store.copy_if_absent("a", "refs/x")
        assert not store.copy_if_absent("b", "refs/x")
        assert not store.copy_if_absent("a", "refs/x")
        assert store.get("refs/x") == b"1"

    def test_of_many_writers_of_one_key_one_wins(self, store: Store) -> None:
        """Threads that write the same key at the same moment: one is told that it was first."""
        n = 8
        barrier = threading.Barrier(n)

        def write(i: int, number: int) -> bool:
            barrier.wait(30)
            return store.put_if_absent(f"refs/heads/main/{number}", str(i).encode())

        with ThreadPoolExecutor(n) as pool:
            for number in range(10):
                won = list(pool.map(lambda i, number=number: write(i, number), range(n)))
                assert sum(won) == 1
                assert store.get(f"refs/heads/main/{number}") == str(won.index(True)).encode()

    def test_absent_keys_are_not_found(self, store: Store) -> None:
        """Reading what is not there raises FileNotFoundError; lists are empty."""
        for read in (store.get, store.open):
            with pytest.raises(FileNotFoundError):
                read("nothing/here")
        assert not store.exists("nothing/here")
        assert store.list("nothing/") == []
        assert store.first("nothing/") is None
        assert list(store.entries("nothing/")) == []

    def test_lists_are_sorted_names_of_one_level(self, store: Store) -> None:
        """Names directly below a prefix, files and folders alike; a prefix is a whole folder."""
        for key in ("x/c", "x/b/1", "x/b/2", "x/a", "xy/z", "top"):
            store.put_if_absent(key, b"1")
        assert store.list("x/") == ["a", "b", "c"]
        assert store.list("x/b/") == ["1", "2"]
        assert store.first("x/") == "a"
        assert store.first("x/b/") == "1"
        assert store.list("") == ["top", "x", "xy"]

    def test_the_newest_entry_of_a_ref_is_first(self, store: Store) -> None:
        """Names that count down in hexadecimal digits: the last written is the first listed."""
        prefix = ref_prefix("heads", "main")
        for number in range(40):
            name = f"{16**16 - 1 - number:016x}.json"
            store.put_if_absent(prefix + name, b"1")
            assert store.first(prefix) == name

    @pytest.mark.parametrize("name", ["feature/x", ".hidden", "100%", "ä ö", "a~b", "a%2Fb", "con:1", "#?&"])
    def test_any_name_can_be_quoted_into_a_key(self, store: Store, name: str) -> None:
        """Percent-encoded names are kept as they are, not decoded or encoded again."""
        prefix = ref_prefix("heads", name)
        assert store.put_if_absent(f"{prefix}1.json", b"1")
        assert store.first(prefix) == "1.json"
        assert store.list("refs/heads/") == [prefix.split("/")[-2]]
        assert store.get(f"{prefix}1.json") == b"1"
        assert {entry.key for entry in store.entries("")} == {f"{prefix}1.json"}

    def test_entries_tell_sizes_and_times(self, store: Store) -> None:
        """Every key at any depth, with its size and the time it was put, in UTC."""
        for key, n in (("format.json", 2), ("a/b/c", 3), ("a/d", 0)):
            store.put_if_absent(key, bytes(n))
        assert {entry.key: entry.size for entry in store.entries("")} == {
            "format.json": 2,
            "a/b/c": 3,
            "a/d": 0,
        }
        assert {entry.key for entry in store.entries("a/")} == {"a/b/c", "a/d"}
        for entry in store.entries(""):
            assert abs(datetime.now(UTC) - entry.modified) < timedelta(minutes=5)
        assert list(store.leftovers()) == []

    def test_what_is_deleted_is_gone_and_can_be_put_again(self, store: Store) -> None:
        """Deleting twice is no error."""
        store.put_if_absent("refs/a/b", b"1")
        assert store.delete("refs/a/b")
        assert store.delete("refs/a/b")
        assert not store.exists("refs/a/b")
        assert store.list("refs/a/") == []
        assert store.put_if_absent("refs/a/b", b"2")
        assert store.get("refs/a/b") == b"2"

    def test_a_period_of_grace_spares_what_is_young(self, store: Store) -> None:
        """Only what was put before a time is deleted."""
        store.put_if_absent("a/b", b"1")
        now = datetime.now(UTC)
        assert not store.delete("a/b", unless_since=now - timedelta(hours=1))
        assert store.get("a/b") == b"1"
        assert store.delete("a/b", unless_since=now + timedelta(hours=1))
        assert not store.exists("a/b")
        assert store.delete("a/b", unless_since=now)

    def test_putting_content_again_renews_its_time(self, store: Store) -> None:
        """So that whoever clears away what nothing names spares what is about to be named."""
        data = b"content"
        key = object_key(hashlib.sha256(data).hexdigest())
        store.put_if_absent(key, data)
        (before,) = store.entries("")
        self.pass_time(store, key)
        store.put_if_absent(key, data)
        (after,) = store.entries("")
        assert after.modified > before.modified
        assert store.get(key) == data

    def pass_time(self, store: Store, key: str) -> None:
        """Wait until the store would give a key another time than the one it has."""
        import time

        time.sleep(1.1)  # S3 counts whole seconds

    @pytest.mark.parametrize("megabytes", [1, 3, 20])
    def test_large_files_are_put_and_read_at_any_place(
        self, store: Store, tmp_path: Path, megabytes: int
    ) -> None:
        """From memory and from a file; read whole, in order, and by ranges."""
        data = os.urandom(1 << 20) * megabytes + b"the end"
        (tmp_path / "file").write_bytes(data)
        for content in (data, tmp_path / "file"):
            key = artifact_key(hashlib.sha256(data + str(type(content)).encode()).hexdigest())
            assert store.put_if_absent(key, content)
            assert store.get(key) == data
            reader = store.open(key)
            assert reader.size() == len(data)
            for start, n in ((len(data) - 7, 7), (0, 10), (1 << 20, 5), ((1 << 20) - 3, 9), (len(data), 5)):
                reader.seek(start)
                assert reader.read(n) == data[start : start + n]
            reader.seek(0)
            pieces = iter(lambda: reader.read(300_001), b"")  # noqa: B023  used up in this round
            assert b"".join(pieces) == data
            assert bytes(store.open(key).read_buffer()) == data

    def test_parquet_is_read_by_row_groups_from_several_threads(self, store: Store) -> None:
        """What `open` gives is good for pyarrow."""
        table = pa.table({"id": pa.array(range(300_000)), "text": [os.urandom(8).hex()] * 300_000})
        buffer = io.BytesIO()
        pq.write_table(table, buffer, row_group_size=20_000, compression="none", use_dictionary=False)
        data = buffer.getvalue()
        key = part_key(hashlib.sha256(data).hexdigest())
        store.put_if_absent(key, data)

        def read(group: int) -> bool:
            found = pq.ParquetFile(store.open(key)).read_row_group(group)
            return bool(found.equals(table.slice(group * 20_000, 20_000)))

        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(read, range(15)))
        assert pq.ParquetFile(store.open(key)).read().equals(table)

    def test_it_may_be_told_what_will_be_opened(self, store: Store) -> None:
        """Which changes nothing but the time it takes; a key that is not there is no error yet."""
        for name in "abc":
            store.put_if_absent(f"x/{name}", name.encode())
        store.warm(f"x/{name}" for name in "abcd")
        store.warm([])
        assert [store.open(f"x/{name}").read() for name in "abc"] == [b"a", b"b", b"c"]
        with pytest.raises(FileNotFoundError):
            store.open("x/d")

    def test_it_has_a_place_for_journals(self, store: Store) -> None:
        """A local folder of its own for each project."""
        assert isinstance(store.journal_folder("7f1d"), Path)

    def test_it_says_where_it_is(self, store: Store) -> None:
        """The address is for messages, so it names the place and no secret."""
        assert isinstance(store.url, str)
        assert store.url
        assert "secret" not in store.url
