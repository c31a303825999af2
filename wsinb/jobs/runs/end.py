"""`End`: how a run ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["End"]


@dataclass(frozen=True)
class End:
    """How a run, or an attempt to go on with it, ended.

    Attributes
    ----------
    state : str
        ``"done"``, ``"failed"`` or ``"cancelled"``.
    message : str
        What went wrong, in one sentence.
    failed : dict
        The message of each failed task, by its slides.
    metrics : dict
        Of the whole run.
    output_version : str or None
        The commit that holds the result.
    record : str or None
        Hash of the record.
    log : str or None
        Hash of the log.
    seconds : float
        How long it took, all attempts together.
    ended_at : str
        In UTC.
    """

    state: str
    message: str = ""
    failed: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    output_version: str | None = None
    record: str | None = None
    log: str | None = None
    seconds: float = 0.0
    ended_at: str = ""
