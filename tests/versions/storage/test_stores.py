"""Every store does what `wsinb.testing.stores` asks."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from wsinb.testing.stores import StoreTests


class TestPosix(StoreTests):
    @pytest.fixture
    def store(self, place_at):
        return place_at("posix").store()

    def pass_time(self, store, key):
        old = (datetime.now(UTC) - timedelta(days=1)).timestamp()
        os.utime(store.path(key), (old, old))

    def test_putting_content_again_renews_its_time(self, store):
        store.put_if_absent("a", b"1")
        self.pass_time(store, "a")
        (before,) = store.entries("")
        assert not store.put_if_absent("a", b"1")
        assert next(store.entries("")).modified > before.modified + timedelta(hours=23)


class TestMemory(StoreTests):
    @pytest.fixture
    def store(self, place_at):
        return place_at("memory").store()

    def pass_time(self, store, key):
        """Memory counts microseconds."""


class TestS3(StoreTests):
    @pytest.fixture
    def store(self, place_at):
        return place_at("s3").store()
