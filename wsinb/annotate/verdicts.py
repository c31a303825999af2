"""What people who verified an annotation say together."""

from __future__ import annotations

import json
from collections.abc import Mapping

__all__ = ["CONFIRMED", "DISPUTED", "REJECTED", "UNVERIFIED", "VERDICTS", "verdict"]

UNVERIFIED, CONFIRMED, REJECTED, DISPUTED = "unverified", "confirmed", "rejected", "disputed"
VERDICTS = (UNVERIFIED, CONFIRMED, REJECTED, DISPUTED)


def verdict(text: str | None) -> str:
    """Return the verdict of a value of the column `verifications`, one of `VERDICTS`.

    Parameters
    ----------
    text
        A JSON list of entries ``{"by": who, "ok": bool}``, of which the last of each person counts. None, and
        what is no such list, is unverified.
    """
    try:
        entries = json.loads(text) if text else None
    except ValueError:
        entries = None
    said = {}
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("ok"), bool):
            said[str(entry.get("by"))] = entry["ok"]
    if not said:
        return UNVERIFIED
    if len(set(said.values())) > 1:
        return DISPUTED
    return CONFIRMED if all(said.values()) else REJECTED
