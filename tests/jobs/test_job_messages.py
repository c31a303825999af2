from __future__ import annotations

import numpy as np
import pytest

from wsinb.errors import InvalidInput
from wsinb.jobs import messages
from wsinb.jobs.relay import Relay
from wsinb.progress import Step


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    import IPython.display

    sent: list[dict] = []
    monkeypatch.setattr(IPython.display, "publish_display_data", sent.append)
    return sent


def test_progress_is_a_bar_unless_somebody_listens(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(messages.LISTENING, raising=False)
    assert messages.progress() is True
    monkeypatch.setenv(messages.LISTENING, "1")
    assert callable(messages.progress())


def test_steps_are_throttled_but_the_last_is_always_sent(
    monkeypatch: pytest.MonkeyPatch, published: list[dict]
):
    monkeypatch.setenv(messages.LISTENING, "1")
    send = messages.progress()
    for done in range(1, 10_001):
        send(Step("work", done, 10_000, 0.0))
    steps = [messages.step_from(data[messages.PROGRESS_MIME]) for data in published]
    assert 1 <= len(steps) < 100
    assert steps[-1] == Step("work", 10_000, 10_000, 0.0)


@pytest.mark.parametrize(
    "message",
    [
        None, [], {}, {"label": 1, "done": 1, "total": 2, "seconds": 0},
        {"label": "a", "done": "1", "total": 2, "seconds": 0}, {"label": "a", "done": 1, "total": 2},
        {"label": "a", "done": float("nan"), "total": 2, "seconds": 0},
    ],
)  # fmt: skip
def test_a_message_that_is_no_step_is_left_out(message: object):
    assert messages.step_from(message) is None


def test_result_tells_commit_and_metrics_as_plain_values(published: list[dict]):
    messages.result(commit="abc", dice=np.float64(0.5), counts=np.array([1, 2]), table={"a": 1})
    assert published[0][messages.RESULT_MIME] == {
        "commit": "abc",
        "metrics": {"dice": 0.5, "counts": [1, 2], "table": {"a": 1}},
    }
    assert "dice: 0.5" in published[0]["text/plain"]


@pytest.mark.parametrize("value", [object(), float("inf"), {1, 2}])
def test_result_refuses_what_is_not_json(value: object, published: list[dict]):
    with pytest.raises(InvalidInput, match="finite numbers"):
        messages.result(bad=value)
    assert published == []


def test_relay_shows_each_label_by_a_bar_of_its_own(capsys: pytest.CaptureFixture[str]):
    with Relay(True) as relay:
        relay(Step("cells", 1, 2, 0.0))
        relay(Step("tiles", 5, 10, 0.0))
        relay(Step("tiles", 10, 10, 0.0))
        relay(Step("cells", 2, 2, 0.0))
    assert [line.split(" (")[0] for line in capsys.readouterr().err.splitlines()] == [
        "tiles: 10/10",
        "cells: 2/2",
    ]


def test_relay_hands_steps_to_a_callable_unchanged():
    seen: list[Step] = []
    step = Step("tiles", 5, 10, 1.5)
    with Relay(seen.append) as relay:
        relay(step)
    assert seen == [step]
    with Relay(None) as silent:
        silent(step)
