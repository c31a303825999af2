"""The channels of a slide, and how they are shown: `Channel`, `ChannelStyle`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from wsinb.errors import InvalidInput
from wsinb.names import unknown
from wsinb.numbers import real

__all__ = [
    "Channel",
    "ChannelNote",
    "ChannelStyle",
    "Paint",
    "hex_color",
    "own_paints",
    "paints_of",
    "weights_of",
]

MAX_SHOWN = 64
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


class Channel(NamedTuple):
    """One channel of a slide, and how it is shown by default.

    Attributes
    ----------
    name : str
        As the file calls it, otherwise ``Channel 1`` and so on.
    color : str
        ``#rrggbb``: of the file, otherwise ImageJ's order of colours; white for a single channel.
    range : (float, float)
        Values shown black and in full colour.
    limits : (float, float)
        Values between which a range is usefully chosen: those of an 8-bit type, otherwise those that the
        data's bits or the overview span.
    auto : (float, float)
        Values that all but the darkest and brightest 0.1 % of the overview lie between: a range that fits the
        data, which one that the file asks for need not do.
    visible : bool
        Whether the colour picture shows the channel unless channels are named.
    """

    name: str
    color: str
    range: tuple[float, float]
    limits: tuple[float, float]
    auto: tuple[float, float]
    visible: bool = True


class ChannelNote(NamedTuple):
    """What a file says about a channel: name, colour ``#rrggbb``, and values shown black and in full."""

    name: str | None = None
    color: str | None = None
    range: tuple[float, float] | None = None


class ChannelStyle(NamedTuple):
    """How `Slide.read` is to show a channel.

    Attributes
    ----------
    channel : int or str
        Its number, from 0 on, or its name.
    color : str, optional
        ``#rrggbb``; the channel's own by default.
    low, high : float, optional
        Values shown black and in full colour; the channel's own range by default.
    """

    channel: int | str
    color: str | None = None
    low: float | None = None
    high: float | None = None


class Paint(NamedTuple):
    """A checked `ChannelStyle`: number of the channel, its range, and red, green and blue from 0 to 1."""

    c: int
    low: float
    high: float
    weights: tuple[float, float, float]


def paints_of(
    styles: Iterable[ChannelStyle | int | str], channels: Sequence[Channel], name: str
) -> tuple[Paint, ...]:
    """Check how channels are to be shown; `name` is the slide's, for the sentences of errors.

    Raises
    ------
    InvalidInput
        There is no such channel, it is named twice, or its colour or range is none.
    """
    if isinstance(styles, str) or not isinstance(styles, Iterable):
        raise InvalidInput(f"channels is {styles!r}: give a list of ChannelStyle, names or numbers.")
    paints = tuple(_paint(style, channels, name) for style in styles)
    shown = [paint.c for paint in paints]
    if len(set(shown)) < len(shown):
        raise InvalidInput(f"A channel of {name} is named twice: name every channel once.")
    if len(shown) > MAX_SHOWN:
        raise InvalidInput(f"{len(shown)} channels are named: show at most {MAX_SHOWN} at once.")
    return paints


def own_paints(channels: Sequence[Channel]) -> tuple[Paint, ...]:
    """Return the paints of the channels that are shown by default."""
    return tuple(
        Paint(c, *channel.range, weights_of(channel.color))
        for c, channel in enumerate(channels)
        if channel.visible
    )


def weights_of(color: str) -> tuple[float, float, float]:
    """Red, green and blue of ``#rrggbb``, from 0 to 1."""
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def hex_color(red: int, green: int, blue: int) -> str:
    """``#rrggbb`` of three bytes."""
    return f"#{red & 255:02x}{green & 255:02x}{blue & 255:02x}"


def _paint(style: ChannelStyle | int | str, channels: Sequence[Channel], name: str) -> Paint:
    if not isinstance(style, ChannelStyle):
        style = ChannelStyle(style)
    c = _number(style.channel, channels, name)
    own = channels[c]
    color = own.color if style.color is None else style.color
    if not isinstance(color, str) or not _HEX.fullmatch(color):
        raise InvalidInput(f"{color!r} is no colour of a channel: write it like '#00ff00'.")
    low, high = (
        real(own_value if value is None else value)
        for value, own_value in zip((style.low, style.high), own.range, strict=True)
    )
    if low is None or high is None or not low < high:
        raise InvalidInput(
            f"Channel {own.name!r} of {name} cannot be shown from {style.low!r} to {style.high!r}: "
            "give two numbers, the lower one first."
        )
    return Paint(c, low, high, weights_of(color))


def _number(channel: Any, channels: Sequence[Channel], name: str) -> int:
    """Return the number of a channel that is given by number or name."""
    if not channels:
        raise InvalidInput(f"{name} is one colour picture without channels: leave channels out.")
    names = [known.name for known in channels]
    if isinstance(channel, str):
        if channel not in names:
            raise InvalidInput(unknown(f"channel of {name} named", channel, names))
        return names.index(channel)
    try:
        number = None if isinstance(channel, bool) else channel.__index__()
    except AttributeError:
        number = None
    if number is None or not 0 <= number < len(channels):
        raise InvalidInput(f"{name} has no channel {channel!r}: use 0 to {len(channels) - 1}.")
    return int(number)
