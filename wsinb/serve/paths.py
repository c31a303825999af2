"""Which files a browser may name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from wsinb.errors import InvalidInput, PathNotAllowed

__all__ = ["PathGuard"]

MAX_PATH_BYTES = 4096
MAX_NAME_BYTES = 255


class PathGuard:
    """Confines paths to the server's root folder and the configured extra roots.

    Symbolic links are resolved before a path is compared, and what lies outside is
    refused with the same words whether it exists or not.

    Parameters
    ----------
    root
        Folder that relative paths are relative to.
    extra
        Further folders whose contents may be named, by absolute paths.
    """

    def __init__(self, root: str | Path, extra: Iterable[str | Path] = ()) -> None:
        self.root = Path(os.path.realpath(root))
        self.roots = (self.root, *(Path(os.path.realpath(Path(folder).expanduser())) for folder in extra))

    def resolve(self, text: object) -> Path:
        """Return the real absolute path that `text` names.

        Raises
        ------
        InvalidInput
            If `text` is not a path at all: empty, too long, with NUL, ``..`` or bytes that are not text.
        PathNotAllowed
            If it ends up outside the allowed folders.
        """
        return self.check(self.root / _clean(text))

    def check(self, path: str | Path) -> Path:
        """Return the real path of `path`; raise PathNotAllowed where it is outside the allowed folders."""
        try:
            real = Path(os.path.realpath(path))
        except (OSError, ValueError) as error:
            raise InvalidInput("The path cannot be resolved: check its spelling.") from error
        if not self.allows(real):
            raise PathNotAllowed(
                f"{str(path)!r} is outside the folders that this server may open: "
                "move it below the server's root, or add its folder to c.WsinbExtension.roots."
            )
        return real

    def allows(self, path: Path) -> bool:
        """Tell whether `path`, which must be real and absolute, is inside an allowed folder."""
        return any(path.is_relative_to(root) for root in self.roots)


def _clean(text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        raise InvalidInput("A path must be a text that is not empty.")
    try:
        encoded = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidInput("The path is not valid Unicode text.") from error
    if any(character < " " or character == "\x7f" for character in text):
        raise InvalidInput("The path holds control characters: remove them.")
    parts = encoded.replace(b"\\", b"/").split(b"/")
    if b".." in parts:
        raise InvalidInput("The path holds '..': name the file by its path below the server's root.")
    if len(encoded) > MAX_PATH_BYTES or max(map(len, parts)) > MAX_NAME_BYTES:
        raise InvalidInput("The path is too long to be a file's.")
    return text
