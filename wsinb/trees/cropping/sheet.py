"""A contact sheet: a few pictures of each label, as HTML for a notebook."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from wsinb.errors import WsinbError

if TYPE_CHECKING:
    from wsinb.trees.cropping.crops import Crops

__all__ = ["contact_sheet"]

MAX_LABELS = 12
PER_LABEL = 8
SIDE = 96

# no colours of its own: lines and letters are those of the notebook's theme
_SHEET = "display:flex;flex-wrap:wrap;gap:6px;align-items:flex-end"
_CELL = "margin:0;display:flex;flex-direction:column;font-size:11px;max-width:120px"
_LINE = "border:1px solid currentColor;border-radius:2px"


def contact_sheet(crops: Crops) -> str:
    """Return the first pictures of each label, with how many there are and how many were left out."""
    parts = [f"<div>{escape(repr(crops)[1:-1])}</div>"]
    counts = crops.counts()
    labels = crops.labels.astype(str)
    for label in list(counts)[:MAX_LABELS]:
        numbers = (labels == label).nonzero()[0][:PER_LABEL].tolist()
        more = counts[label] - len(numbers)
        cells = "".join(_cell(crops, number) for number in numbers)
        rest = f"<span>and {more} more</span>" if more else ""
        parts.append(
            f'<div style="margin-top:6px"><b>{escape(label)}</b> ({counts[label]})'
            f'<div style="{_SHEET}">{cells}{rest}</div></div>'
        )
    if len(counts) > MAX_LABELS:
        parts.append(f"<div>and {len(counts) - MAX_LABELS} more labels</div>")
    return f"<div>{''.join(parts)}</div>"


def _cell(crops: Crops, number: int) -> str:
    rows = crops._rows
    name = escape(f"{rows.slides[number]} {rows.ids[number]}")
    try:
        image = crops.read(number, SIDE)
    except WsinbError as error:
        # a file that is not there must not hide the rest
        return f'<figure style="{_CELL};{_LINE}" title="{name}">{escape(str(error)[:120])}</figure>'
    import cv2

    _ok, encoded = cv2.imencode(".png", image[..., ::-1])
    picture = base64.b64encode(encoded.tobytes()).decode()
    source = f"data:image/png;base64,{picture}"
    caption = escape(str(rows.slides[number])[:20])
    return (
        f'<figure style="{_CELL}" title="{name}"><img style="{_LINE};align-self:flex-start" alt="{name}" '
        f'src="{source}"><figcaption>{caption}</figcaption></figure>'
    )
