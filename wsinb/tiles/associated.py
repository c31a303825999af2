"""Pictures that a file holds beside the slide itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from wsinb.tiles.sources import Source

__all__ = ["AssociatedImages"]


class AssociatedImages(Mapping[str, NDArray[np.uint8]]):
    """Pictures of a source, read when asked for."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def __getitem__(self, name: str) -> NDArray[np.uint8]:
        if name not in self._source.associated_names:
            raise KeyError(name)
        return self._source.associated(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._source.associated_names)

    def __len__(self) -> int:
        return len(self._source.associated_names)

    def __repr__(self) -> str:
        return f"<pictures: {', '.join(self) or 'none'}>"
