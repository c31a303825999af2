"""`Mask`: takes secrets of the environment out of whatever is stored."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

__all__ = ["Mask"]

HIDDEN = "***"
SHORTEST = 6
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH|COOKIE|SIGNATURE", re.IGNORECASE)
_IN_URL = re.compile(r"(?<=://)[^/\s:@'\"]+:[^/\s@'\"]+(?=@)")


class Mask:
    """Replaces the values of secret environment variables, and credentials in URLs, by ``***``.

    Parameters
    ----------
    environment : mapping, optional
        Where to look for secrets: values of six characters or more, of variables whose names speak of keys,
        tokens, secrets, passwords, credentials and the like; the environment of this process by default.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        values = {
            form
            for name, value in environment.items()
            if _SECRET.search(name) and len(value) >= SHORTEST and not _is_plain(value)
            for form in (value, quote(value, safe=""), repr(value)[1:-1])
        }
        found = "|".join(re.escape(value) for value in sorted(values, key=len, reverse=True))
        self._values = re.compile(found) if found else None

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        text = _IN_URL.sub(HIDDEN, text)
        return text if self._values is None else self._values.sub(HIDDEN, text)

    def value(self, value: Any) -> Any:
        """Return JSON values, a notebook among them, without secrets; names of members stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return type(value)({name: self.value(item) for name, item in value.items()})  # type: ignore[call-arg]
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value


def _is_plain(value: str) -> bool:
    """Say whether a value is a path or a word of settings, which occur everywhere: they hide nothing."""
    return value.lower() in ("default", "disabled", "enabled") or Path(value).exists()
