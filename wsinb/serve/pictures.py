"""What of a slide a request wants to see: its focal plane, time point and channels."""

from __future__ import annotations

import hashlib
import re
from typing import Any, NamedTuple

from wsinb.errors import InvalidInput
from wsinb.serve.messages import MAX_TEXT, Request

__all__ = ["Picture", "asked_picture"]

_PLANE = re.compile(r"(\d{1,9})\.(\d{1,9})", re.ASCII)
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?"
_CHANNEL = re.compile(rf"(\d{{1,6}}):([0-9a-fA-F]{{6}}):({_NUMBER}):({_NUMBER})", re.ASCII)


class Picture(NamedTuple):
    """The parameters ``plane`` and ``channels``, not yet compared with the slide.

    Attributes
    ----------
    z, t
        Focal plane and time point.
    channels
        Number, colour, low and high of each channel that is shown; None for the slide's own picture.
    """

    z: int = 0
    t: int = 0
    channels: tuple[tuple[int, str, float, float], ...] | None = None

    @property
    def plain(self) -> bool:
        """Whether it is the picture that the slide shows by itself."""
        return self == Picture()

    @property
    def tag(self) -> str:
        """Short text for an ETag, different for every picture."""
        return "" if self.plain else "." + hashlib.sha256(repr(self).encode()).hexdigest()[:16]

    @property
    def options(self) -> dict[str, Any]:
        """The keyword arguments of `Slide.read`."""
        from wsinb.tiles import ChannelStyle

        plane: dict[str, Any] = {"z": self.z, "t": self.t}
        if self.channels is not None:
            plane["channels"] = [ChannelStyle(*channel) for channel in self.channels]
        return plane


def asked_picture(request: Request) -> Picture:
    """Read ``plane=<z>.<t>`` and ``channels=<c>:<rrggbb>:<low>:<high>,...`` of a query.

    An empty ``channels`` shows none: a black picture.

    Raises
    ------
    InvalidInput
        If one of them is not of this form.
    """
    plane = request.optional_text("plane") or "0.0"
    match = _PLANE.fullmatch(plane)
    if match is None:
        raise InvalidInput("The query parameter 'plane' must be two whole numbers, such as 0.0 (z.t).")
    channels = request.query.get("channels")
    if channels is not None and len(channels) > MAX_TEXT:
        raise InvalidInput(f"The query parameter 'channels' exceeds {MAX_TEXT} characters: shorten it.")
    shown = None if channels is None else tuple(map(_channel, filter(None, channels.split(","))))
    return Picture(int(match[1]), int(match[2]), None if shown is None else tuple(sorted(shown)))


def _channel(text: str) -> tuple[int, str, float, float]:
    match = _CHANNEL.fullmatch(text)
    if match is None:
        raise InvalidInput(
            "The query parameter 'channels' must be a list of <number>:<rrggbb>:<low>:<high>, "
            "such as 0:ff0000:0:255,2:00ff00:10:900."
        )
    number, color, low, high = match.groups()
    return int(number), f"#{color.lower()}", float(low), float(high)
