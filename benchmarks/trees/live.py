"""Strokes learned and shown while one draws: seconds to learn anew, and to predict the visible field.

A field of 1024 x 768 pixels of stained tissue is in view; 5 to 20 strokes are drawn, one after the other.
"first" is a prediction of every second row and column, or fewer, which is shown before that of every pixel,
"whole"; "moved" is that of a field that was not seen before. The peer computes the same kinds of features
with SciPy once a field, and learns and predicts with scikit-learn, with as many trees of the same depth, on
all cores. In a browser the same is done by a hand in a notebook: "retrain" lasts from the end of a stroke
until the viewer says that it was learned, "shown" from then until a prediction is painted.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from benchmarks.trees import live_screen

__all__ = ["run"]

FIELD = (1024, 768)
N_STROKES = (5, 20)
# of which some lie where a hand can draw
N_DRAWN = 200
TARGETS = {"retrain": 1.0, "first": 0.5, "shown": 0.5}
SCALES = (1.0, 2.0, 4.0, 8.0)
N_TREES, DEPTH = 50, 12
WIDTH = 5.0

Image = NDArray[np.uint8]


def picture() -> Image:
    """Return real tissue, immunohistochemistry of a colon, mirrored to three fields side by side."""
    from skimage import data

    read: Any = data.immunohistochemistry
    tissue = np.ascontiguousarray(read(), np.uint8)
    return np.ascontiguousarray(np.pad(tissue, ((0, 256), (0, 2560), (0, 0)), mode="reflect"))


def strokes(image: Image, n: int) -> list[tuple[shapely.LineString, str]]:
    """Return lines of about 100 pixels in dark and in pale places, in turns."""
    rng = np.random.default_rng(0)
    gray = image.mean(axis=2)
    height, width = gray.shape
    limits = {"dark": np.quantile(gray, 0.3), "pale": np.quantile(gray, 0.7)}
    found: list[tuple[shapely.LineString, str]] = []
    while len(found) < n:
        label = "dark" if len(found) % 2 == 0 else "pale"
        places = gray < limits["dark"] if label == "dark" else gray > limits["pale"]
        y, x = (int(part) for part in divmod(int(rng.choice(np.flatnonzero(places))), width))
        turn = rng.uniform(0, 2 * np.pi)
        end = (x + 100 * np.cos(turn), y + 100 * np.sin(turn))
        if 0 < end[0] < width and 0 < end[1] < height:
            found.append((shapely.LineString([(x, y), end]), label))
    return found


class Ours:
    """A viewer without a browser: what the kernel does."""

    def __init__(self, image: Image, folder: Path) -> None:
        from PIL import Image as Pillow

        from wsinb.view import SlideViewer

        path = folder / "tissue.png"
        Pillow.fromarray(image).save(path)
        self.viewer = SlideViewer(slide=path)
        self.viewer.layer.view = [0.0, 0.0, *map(float, FIELD)]
        self.live = self.viewer.live(
            ["dark", "pale"], n_trees=N_TREES, max_depth=DEPTH, scales=SCALES, stroke_width=WIDTH
        )
        self.live.wait()

    def draw(self, drawn: list[tuple[shapely.LineString, str]]) -> tuple[float, float, float]:
        """Return seconds to learn these strokes, then to a first prediction, and to that of every pixel."""
        import wsinb

        lines, labels = zip(*drawn, strict=True)
        table = wsinb.new_annotations(list(lines), label=list(labels))
        start = time.perf_counter()
        self.viewer.drawn = table
        self.live.wait(None)
        total = time.perf_counter() - start
        timings = self.live.timings
        if timings.retrain is None or timings.predict is None:
            raise RuntimeError(f"nothing was learned: {self.live.error or self.live.state}")
        return timings.retrain, timings.predict, total - timings.retrain

    def move(self, x: int) -> float:
        """Return seconds to predict every pixel of another field."""
        start = time.perf_counter()
        self.viewer.layer.view = [float(x), 0.0, float(x + FIELD[0]), float(FIELD[1])]
        self.live.wait(None)
        return time.perf_counter() - start


class Peer:
    """Features by SciPy, trees by scikit-learn."""

    def __init__(self, image: Image) -> None:
        start = time.perf_counter()
        self.features = np.concatenate(list(scipy_features(image)), axis=2)
        self.seconds = time.perf_counter() - start

    def draw(self, drawn: list[tuple[shapely.LineString, str]]) -> tuple[float, float]:
        """Return seconds to learn these strokes and to predict the whole field."""
        from sklearn.ensemble import ExtraTreesClassifier

        from wsinb.trees.outlines.raster import rasterise

        start = time.perf_counter()
        height, width = self.features.shape[:2]
        classes = np.full((height, width), -1)
        for line, label in drawn:
            classes[rasterise([line.buffer(WIDTH / 2)], (height, width))] = label == "pale"
        known = classes >= 0
        trees = ExtraTreesClassifier(
            N_TREES, max_depth=DEPTH, min_samples_leaf=2, random_state=42, n_jobs=-1
        ).fit(self.features[known], classes[known])
        learned = time.perf_counter()
        trees.predict_proba(self.features.reshape(-1, self.features.shape[2]))
        return learned - start, time.perf_counter() - learned


def scipy_features(image: Image) -> Iterator[NDArray[np.float32]]:
    """Yield the kinds of features that a pixel forest has by default, of each channel."""
    from scipy import ndimage

    for channel in np.moveaxis(image.astype(np.float32), 2, 0):
        yield channel[..., None]
        before = channel
        for scale in SCALES:
            smooth = ndimage.gaussian_filter(channel, scale, truncate=3.0)
            dy, dx = np.gradient(smooth)
            (yy, yx), (_, xx) = np.gradient(dy), np.gradient(dx)
            mean, root = (xx + yy) / 2, np.sqrt(((xx - yy) / 2) ** 2 + yx**2)
            parts = [smooth, np.hypot(dx, dy), mean + root, mean - root, before - smooth]
            yield np.stack(parts, axis=2).astype(np.float32)
            before = smooth


def run() -> bool:
    """Measure the kernel beside the peer, then the browser; whether the targets are met."""
    whole = picture()
    image = np.ascontiguousarray(whole[:, : FIELD[0]])
    drawn = strokes(image, N_STROKES[1])
    seconds: dict[str, list[float]] = {"retrain": [], "first": [], "whole": [], "moved": []}
    peers: dict[str, list[float]] = {"retrain": [], "whole": [], "moved": []}
    with tempfile.TemporaryDirectory() as folder:
        ours, peer = Ours(whole, Path(folder)), Peer(image)
        ours.draw(drawn[:2])
        for n in range(N_STROKES[0], N_STROKES[1] + 1):
            for part, value in zip(("retrain", "first", "whole"), ours.draw(drawn[:n]), strict=True):
                seconds[part].append(value)
            if n % 5 == 0:
                learned, predicted = peer.draw(drawn[:n])
                peers["retrain"].append(learned)
                peers["whole"].append(predicted)
                # features of the field anew
                peers["moved"].append(Peer(image).seconds + predicted)
                # features of one field are kept: of three in turns none is known
                seconds["moved"] += [ours.move(number * FIELD[0]) for number in (1, 2, 0)]
        ours.viewer.close()
    kernel = within(f"live, kernel, {N_STROKES[0]} to {N_STROKES[1]} strokes", seconds, peers)
    browser = within("live, browser", live_screen.measure(image, strokes(image, N_DRAWN)), {})
    return kernel and browser


def within(name: str, seconds: dict[str, list[float]], peers: dict[str, list[float]]) -> bool:
    """Print medians and worst cases as a JSON line; whether the medians are within the targets."""
    line: dict[str, Any] = {"name": name, "unit": "s"}
    for part, values in seconds.items():
        median = statistics.median(values)
        line[part] = {"median": round(median, 3), "worst": round(max(values), 3), "n": len(values)}
        if part in peers:
            peer = statistics.median(peers[part])
            line[part] |= {"peer": round(peer, 3), "ratio": round(peer / median, 2)}
        if part in TARGETS:
            line[part] |= {"target": TARGETS[part]}
    line["met"] = all(line[part]["median"] <= TARGETS.get(part, np.inf) for part in seconds)
    print(json.dumps(line))
    sys.stdout.flush()
    return bool(line["met"])
