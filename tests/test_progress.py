from __future__ import annotations

import pytest

from wsinb.errors import WsinbError
from wsinb.progress import Cancelled, Step, Tracker, track


def test_a_callable_receives_every_step_in_order() -> None:
    steps: list[Step] = []
    assert list(track([3, 1, 2], "tiles", steps.append)) == [3, 1, 2]
    assert [step.done for step in steps] == [1, 2, 3]
    assert {step.total for step in steps} == {3}
    assert steps[-1].fraction == 1.0


def test_raising_in_the_callable_cancels_the_work() -> None:
    def stop(step: Step) -> None:
        if step.done == 2:
            raise Cancelled("stopped after two tiles")

    seen: list[int] = []
    with pytest.raises(WsinbError, match="stopped"):
        seen.extend(track(range(10), "tiles", stop))
    assert seen == [0, 1]


def test_without_progress_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    list(track(range(3), "tiles"))
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_a_log_gets_a_last_line_with_the_total(capsys: pytest.CaptureFixture[str]) -> None:
    list(track(range(3), "tiles", progress=True))
    assert "tiles: 3/3 (100%" in capsys.readouterr().err


def test_an_empty_work_is_done_at_once() -> None:
    assert Step("tiles", 0, 0, 0.0).fraction == 1.0
    assert Step("tiles", 0, 0, 0.0).eta_s is None


def test_units_can_be_counted_in_batches() -> None:
    steps: list[Step] = []
    with Tracker(10, "tiles", steps.append) as tracker:
        tracker.update(4)
        tracker.update(6)
    assert [step.done for step in steps] == [4, 10]
    assert "10/10" in str(steps[-1])
