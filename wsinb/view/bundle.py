"""What a cell's output holds: the live viewer, and a picture wherever that cannot be."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wsinb.errors import WsinbError

if TYPE_CHECKING:
    from ipywidgets import Widget

__all__ = ["VIEW_MIME", "view_bundle"]

logger = logging.getLogger(__name__)

VIEW_MIME = "application/vnd.wsinb.view+json"


def view_bundle(widget: Widget, text: str, picture: Callable[[], bytes]) -> dict[str, Any]:
    """Return what a cell shows: the live widget in JupyterLab, and a picture everywhere else.

    The live view has a type of its own that our extension forwards to the widget manager:
    nbconvert prefers the common widget type over a picture whenever a notebook holds widget
    state, and would then load the classes of this viewer from the web, where they are not.

    Parameters
    ----------
    widget : Widget
        The live view.
    text : str
        Stands where not even a picture can.
    picture : callable
        Returns a PNG; where it fails there is none.

    Returns
    -------
    dict
        By MIME type.
    """
    bundle: dict[str, Any] = {"text/plain": text, VIEW_MIME: {"model_id": widget.model_id}}
    try:
        bundle["image/png"] = base64.b64encode(picture()).decode("ascii")
    except (WsinbError, OSError) as error:
        # the live viewer says the same sentence where a person sees it
        logger.warning("There is no picture of %s: %s", text, error)
    return bundle
