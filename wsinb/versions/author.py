"""Who signs a commit when nobody is named."""

from __future__ import annotations

import getpass
import os

from wsinb.errors import InvalidInput
from wsinb.names import is_name

__all__ = ["check_author", "default_author"]

MAX_NAME = 200


def default_author() -> str:
    """Return the first of WSINB_AUTHOR, JUPYTERHUB_USER and the login name."""
    for variable in ("WSINB_AUTHOR", "JUPYTERHUB_USER"):
        name = os.environ.get(variable, "").strip()
        if name:
            return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # a container may run under a number that has no name
        return f"user-{os.getuid()}"


def check_author(author: str | None) -> str:
    """Return the author, or the default one for None; raise `InvalidInput` if it is no name."""
    name = default_author() if author is None else author
    if not is_name(name, MAX_NAME):
        raise InvalidInput(
            f"An author is a printable name of at most {MAX_NAME} characters, not {name!r:.60}."
        )
    return name.strip()
