"""`LivePixels`: a pixel forest that follows what is drawn in a viewer, and shows what it would find."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from itertools import chain, count
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput
from wsinb.trees.learning import check_resolution
from wsinb.trees.pixels import PixelForest
from wsinb.trees.pixels.marks import STROKE_WIDTH, check_stroke_width
from wsinb.trees.pixels.training import check_classes, plan_of
from wsinb.view.live.field import Field, FieldFeatures, Prediction, field_of
from wsinb.view.live.learner import Learner
from wsinb.view.live.newest import Newest
from wsinb.view.live.strokes import Strokes
from wsinb.view.live.timings import Timings

if TYPE_CHECKING:
    from wsinb.project.models import ModelEntry
    from wsinb.view.viewer import SlideViewer

__all__ = ["LivePixels"]

NAME = "live"
USUAL_UM = 1.0
EDITS = ("drawn", "deleted", "version", "branch", "edit_base", "saved")
# half the rows and columns are a quarter of the work: they are seen first, or fewer on a slow machine
COARSE = (4, 2, 1)
SLOW_S, FAST_S = 0.25, 0.06
CLOSER = "only the middle of the view is predicted: zoom in to see all of it"


class LivePixels:
    """Learns from what is drawn in a viewer, and predicts what is in view; made by `SlideViewer.live`.

    It learns from the stored annotations of the shown version that carry its labels and from the unsaved
    shapes, anew whenever these change, and predicts when it has learned or the view moves. The work is done
    in the background: cells can be run meanwhile, and what is overtaken by something newer is given up.

    Attributes
    ----------
    model : PixelForest or None
        The newest model; None before strokes of two labels are there.
    timings : Timings
        Of the last round.
    error : str
        What went wrong, as the viewer says it; empty if nothing has.
    """

    def __init__(
        self,
        viewer: SlideViewer,
        labels: str | Sequence[str],
        um_per_px: float | None = None,
        *,
        downsample: float | None = None,
        background_label: str | None = None,
        stroke_width: float = STROKE_WIDTH,
        **parameters: Any,
    ) -> None:
        classes, order = check_classes(labels, background_label)
        width = check_stroke_width(stroke_width)
        slide = viewer.slide
        check_resolution([], um_per_px, downsample)
        if um_per_px is None and downsample is None and slide.mpp:
            um_per_px = max(USUAL_UM, slide.mpp)
        plan = plan_of(slide, um_per_px, downsample)
        template = PixelForest(**{**parameters, "n_jobs": 1})
        if template.stages > 1:
            raise InvalidInput("live pixels have one stage: train further stages by train_pixels")
        self.id = uuid.uuid4().hex
        self.model: PixelForest | None = None
        self.timings = Timings()
        self.error = ""
        self._sentence, self._closer = "reading what is drawn", False
        self._viewer, self._plan, self._background = viewer, plan, background_label
        self._learner = Learner(
            *(Strokes(viewer, classes), template, parameters, plan, classes, order, width),
            resolution=(um_per_px, downsample),
        )
        self._features = FieldFeatures(template, plan)
        self._paused = False
        self._coarse = 1
        self._heard = {"strokes": time.perf_counter(), "view": time.perf_counter()}
        self._shown: tuple[PixelForest, Field] | None = None
        self._sent: dict[int, tuple[float, bool]] = {}
        self._last: tuple[dict[str, Any], list[bytes]] | None = None
        self._number = 0
        self._newest = Newest(self._work, self._fail, patient=["view"])
        self._tell()
        self._lay()
        viewer.observe(self._on_overlays, "overlays")
        viewer.layer.observe(self._on_edits, EDITS)
        viewer.layer.observe(self._on_view, "view")
        viewer.layer.on_msg(self._on_message)
        self._ask("warm")
        self._ask("strokes")

    @property
    def paused(self) -> bool:
        """Whether nothing is learned, predicted or shown at the moment; can be set."""
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        if bool(paused) != self._paused:
            self._paused = bool(paused)
            self._shown = None
            self._tell()
            if not paused:
                self._lay()
            self._ask("strokes")

    @property
    def stopped(self) -> bool:
        """Whether it was stopped, for good."""
        return self._newest.stopped

    def wait(self, timeout: float | None = 60.0) -> bool:
        """Wait until all that Python knows to be drawn is learned and predicted; returns whether it is.

        Parameters
        ----------
        timeout : float, optional
            In seconds; None waits as long as it takes.
        """
        return self._newest.wait(timeout)

    def stop(self) -> None:
        """Learn and predict no more, take the predictions away and free their memory; the model stays."""
        if self.stopped:
            return
        layer = self._viewer.layer
        self._viewer.unobserve(self._on_overlays, "overlays")
        layer.unobserve(self._on_edits, EDITS)
        layer.unobserve(self._on_view, "view")
        layer.on_msg(self._on_message, remove=True)
        self._newest.stop()
        self._features.clear()
        self._learner.clear()
        self._sentence = "stopped"
        if layer.live.get("id") == self.id:
            layer.live = {}
        self._viewer.overlays = [other for other in self._viewer.overlays if not self._is_own(other)]

    def save(self, name: str) -> ModelEntry:
        """Keep the model with the version that has the strokes it was learned from, in `Project.models`.

        Parameters
        ----------
        name : str
            What to call it.

        Raises
        ------
        InvalidInput
            If nothing was learned yet, strokes are unsaved, or the viewer has no project; if that version has
            another model of that name.
        """
        project = self._viewer.project
        if project is None:
            raise InvalidInput("A file without a project keeps no models: use live.model.save(path).")
        self.wait()
        if self.model is None:
            raise InvalidInput(f"There is no model yet: {self.state or self.error}.")
        version = self.model.header["version"]
        if version is None:
            raise InvalidInput(
                "The model has learned from unsaved strokes: save them first (viewer.save('strokes')), so "
                "that the version that it names has them."
            )
        return project.models.add(name, self.model, version)

    def _is_own(self, overlay: dict[str, Any]) -> bool:
        return bool(overlay["source"] == {"live": self.id})

    def _lay(self) -> None:
        """Have a row among the overlays, above all others."""
        overlays = self._viewer.overlays
        if not any(map(self._is_own, overlays)):
            names = {overlay["name"] for overlay in overlays}
            name = next(n for n in chain([NAME], (f"{NAME} ({i})" for i in count(2))) if n not in names)
            self._viewer.overlays = [*overlays, {"name": name, "source": {"live": self.id}}]

    def _on_overlays(self, _change: Any) -> None:
        if not any(map(self._is_own, self._viewer.overlays)):
            self.paused = True

    def _ask(self, thing: str) -> None:
        self._heard[thing] = time.perf_counter()
        self._newest.ask(thing)

    def _on_edits(self, _change: Any) -> None:
        self._ask("strokes")

    def _on_view(self, _change: Any) -> None:
        self._ask("view")

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Hear what a browser says: that it has painted, that it wants a pause, that it has just come."""
        if not isinstance(content, dict) or content.get("event") != "live" or content.get("id") != self.id:
            return
        what = content.get("what")
        if what == "painted":
            self._note_painted(content.get("number"))
        elif what == "paused" and isinstance(content.get("paused"), bool):
            self.paused = content["paused"]
        elif what == "again" and self._last is not None and not self._paused:
            self._viewer.layer.send(*self._last)

    def _note_painted(self, number: Any) -> None:
        since, last = self._sent.pop(number, (None, False)) if isinstance(number, int) else (None, False)
        if since is None:
            return
        seconds, now = time.perf_counter() - since, self.timings
        shown = seconds if now.shown is None else now.shown
        self.timings = Timings(now.retrain, now.predict, shown, seconds if last else now.complete)

    def _work(self, wanted: frozenset[str]) -> None:
        """Learn what is drawn, if it may have changed, and predict what is in view."""
        if self._paused:
            return
        if "warm" in wanted:
            self._learner.warm()
        since = self._heard["view"]
        if "strokes" in wanted:
            start = self._heard["strokes"]
            learned = self._learner.learn(lambda: self._newest.check("strokes"))
            if learned.is_new:
                self.model = learned.model
                since = time.perf_counter()
                retrain = since - start if learned.model is not None else None
                self.timings = Timings(retrain)
            self._say(learned.sentence(self.timings.retrain))
        self._show(since)

    def _show(self, since: float) -> None:
        model, field = self.model, field_of(self._viewer.bounds, self._plan)
        if model is None or field is None:
            self._shown = None
            if self._last is not None and self._last[1]:
                self._send([], None)
        elif self._shown != (model, field):
            self._set_closer(not field.whole)
            self._predict(model, field, since)
            self._shown = (model, field)

    def _predict(self, model: PixelForest, field: Field, since: float) -> None:
        """Predict a field in steps, and send what each has found."""
        names = model.header["labels"]
        classes = [number for number, name in enumerate(names) if name != self._background]
        labels = [names[number] for number in classes]
        found, seconds, start, check = None, 0.0, time.perf_counter(), self._newest.check
        self._sent = {}
        for every in COARSE[self._coarse :]:
            found = self._features.predict(model, field, every * field.step, classes, check, coarser=found)
            check()
            if not seconds:
                seconds = time.perf_counter() - start
                self.timings = Timings(self.timings.retrain, time.perf_counter() - since)
            self._send(labels, found, since, last=every == 1)
        self._coarse = 0 if seconds > SLOW_S else 1 if seconds < FAST_S else self._coarse

    def _send(
        self, labels: list[str], found: Prediction | None, since: float = 0.0, *, last: bool = True
    ) -> None:
        """Send planes to the browsers; without any they show nothing."""
        self._number += 1
        content: dict[str, Any] = {"event": "live", "what": "planes", "id": self.id, "number": self._number}
        buffers: list[bytes] = []
        if found is not None:
            height, width = found.planes.shape[1:]
            content |= {"box": list(found.box), "width": width, "height": height, "labels": labels}
            buffers = [plane.tobytes() for plane in found.planes]
            self._sent[self._number] = (since, last)
        self._last = (content, buffers)
        self._viewer.layer.send(content, buffers)

    def _say(self, sentence: str) -> None:
        """Tell what was learned, and that nothing is wrong any more."""
        if (sentence, "") != (self._sentence, self.error):
            self._sentence, self.error = sentence, ""
            self._tell()

    def _set_closer(self, closer: bool) -> None:
        if closer != self._closer:
            self._closer = closer
            self._tell()

    @property
    def state(self) -> str:
        """What was learned, or what is missing."""
        return f"{self._sentence}; {CLOSER}" if self._closer and self.model is not None else self._sentence

    def _fail(self, error: Exception) -> None:
        text = str(error) or type(error).__name__
        self.error = text if isinstance(error, InvalidInput) else f"{type(error).__name__}: {text}"
        self._tell()

    def _tell(self) -> None:
        self._viewer.layer.live = {
            "id": self.id,
            "paused": self._paused,
            "state": self.state,
            "error": self.error,
        }

    def __repr__(self) -> str:
        names = ", ".join(self._learner.classes)
        state = "paused" if self._paused and not self.stopped else (self.error or self.state)
        return f"<LivePixels {names}, {self._learner.scale}: {state} ({self.timings})>"
