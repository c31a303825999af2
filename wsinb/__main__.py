"""`python -m wsinb` is the `wsinb` command."""

from __future__ import annotations

from wsinb.cli import main

main()
