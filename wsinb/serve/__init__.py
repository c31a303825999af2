"""Everything the browser asks for: slides, tiles, annotations, edits and versions.

`Core` answers plain `Request` values; `wsinb.serve.extension` carries them over HTTP
under Jupyter's own authentication.
"""

from __future__ import annotations

from wsinb.serve.core import Core, Settings
from wsinb.serve.messages import Request, Response

__all__ = ["Core", "Request", "Response", "Settings"]
