"""`OutputLimit`: keeps notebooks small whatever their cells print."""

from __future__ import annotations

from typing import Any

__all__ = ["OutputLimit"]

TEXT_BYTES = 1 << 20
DATA_BYTES = 32 << 20


class OutputLimit:
    """Counts what a cell puts out, and says what is too much.

    A cell keeps a megabyte of text and 32 megabytes of pictures and other data; the first message beyond is
    replaced by a sentence, the others are dropped.
    """

    def __init__(self) -> None:
        self._cell = -1
        self._text = self._data = 0
        self._told: set[str] = set()

    def take(self, message: dict[str, Any], cell: int) -> dict[str, Any] | None:
        """Return a message of the kernel as it shall be kept, None if it is dropped."""
        if cell != self._cell:
            self._cell, self._text, self._data, self._told = cell, 0, 0, set()
        content, kind = message["content"], message["msg_type"]
        if kind == "stream":
            return self._stream(message, str(content.get("text", "")))
        if kind in ("display_data", "execute_result", "update_display_data"):
            data = content.get("data")
            self._data += sum(map(_size, data.values())) if isinstance(data, dict) else 0
            if self._data > DATA_BYTES:
                note = {"text/plain": _sentence("data", DATA_BYTES)}
                return self._once("data", {**message, "content": {**content, "data": note}})
        return message

    def _stream(self, message: dict[str, Any], text: str) -> dict[str, Any] | None:
        room = TEXT_BYTES - self._text
        self._text += len(text)
        if len(text) <= room:
            return message
        kept = text[: max(0, room)] + "\n" + _sentence("text", TEXT_BYTES) + "\n"
        return self._once("text", {**message, "content": {**message["content"], "text": kept}})

    def _once(self, what: str, message: dict[str, Any]) -> dict[str, Any] | None:
        if what in self._told:
            return None
        self._told.add(what)
        return message


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str | bytes) else len(repr(value))


def _sentence(what: str, limit: int) -> str:
    return f"... more {what} than {limit >> 20} MB is not kept"
