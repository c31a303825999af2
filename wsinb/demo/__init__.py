"""The demo: a painted slide with known regions, and a project that goes from drawing to result."""

from __future__ import annotations

from wsinb.demo.lab import lab_command, start_lab
from wsinb.demo.make import make_demo
from wsinb.demo.report import DemoReport
from wsinb.demo.score import dice
from wsinb.demo.tour import held_out_regions, open_demo

__all__ = ["DemoReport", "dice", "held_out_regions", "lab_command", "make_demo", "open_demo", "start_lab"]
