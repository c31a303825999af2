"""What a person has changed and not committed: other labels, and labels that were confirmed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Change", "Changes"]

MAX_STEPS = 1000


@dataclass(frozen=True)
class Change:
    """What is to become of an annotation.

    Attributes
    ----------
    label
        The right label; None leaves it.
    ok
        Whether the person confirms the label, which is added to the verifications.
    """

    label: str | None = None
    ok: bool = False


NOTHING = Change()


class Changes:
    """Changes by annotation, each step of which can be undone.

    Parameters
    ----------
    stored : callable
        Returns the label that an annotation is stored with.
    """

    def __init__(self, stored: Callable[[str], str]) -> None:
        self._stored = stored
        self._now: dict[str, Change] = {}
        self._steps: list[dict[str, Change]] = []

    def __len__(self) -> int:
        return len(self._now)

    def items(self) -> list[tuple[str, Change]]:
        """Return the changes by annotation, in the order in which they were made."""
        return list(self._now.items())

    @property
    def labels(self) -> dict[str, str]:
        """The new labels, by annotation."""
        return {name: change.label for name, change in self._now.items() if change.label is not None}

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._steps)

    def relabel(self, ids: Iterable[str], label: str) -> None:
        """Give annotations another label; the one that they are stored with takes the change back."""
        self._step({name: Change(None if label == self._stored(name) else label) for name in ids})

    def confirm(self, ids: Iterable[str]) -> None:
        """Say that the labels are right, as they are now."""
        self._step({name: replace(self._now.get(name, NOTHING), ok=True) for name in ids})

    def undo(self) -> None:
        """Take the last step back, if there is one."""
        if self._steps:
            self._set(self._steps.pop())

    def clear(self) -> None:
        """Forget all changes, and the way back to them."""
        self._now.clear()
        self._steps.clear()

    def told(self) -> list[dict[str, Any]]:
        """Return the changes as the browser takes them."""
        return [{"id": name, "label": change.label, "ok": change.ok} for name, change in self._now.items()]

    def _step(self, wanted: dict[str, Change]) -> None:
        before = {name: self._now.get(name, NOTHING) for name in wanted}
        if before != wanted:
            self._steps = [*self._steps[1 - MAX_STEPS :], before]
            self._set(wanted)

    def _set(self, wanted: dict[str, Change]) -> None:
        for name, change in wanted.items():
            if change == NOTHING:
                self._now.pop(name, None)
            else:
                self._now[name] = change
