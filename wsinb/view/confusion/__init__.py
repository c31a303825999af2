"""The confusion matrix as a widget: look at what was confused, and put labels right."""

from __future__ import annotations

from wsinb.view.confusion.widget import ConfusionMatrix

__all__ = ["ConfusionMatrix"]
