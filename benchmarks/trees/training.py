"""Training on random projections of the outputs against training on all outputs.

Both models learn the same windows of the same pictures of nuclei, real ones, three quarters of them (see the
folder of test data), and tell nuclei in the other quarter. Scored is the average precision over all pixels of
these; over five seeds, because trees are random. Times are those of the processor for a whole `fit`: drawing
windows, growing trees, filling leaves, scoring windows set aside.

The more projections, the slower: with 16 in place of 8 it is 7.5 times as fast instead of 8.5, and no more
precise.
"""

from __future__ import annotations

import json
import statistics
from time import process_time
from typing import Any

import numpy as np

from benchmarks._report import report
from benchmarks.accuracy.data import Masked, nuclei
from wsinb.trees import SegmentationForest, TrainingRegion

__all__ = ["run"]

SEEDS, SMALL_SEEDS = 5, 2
N_WINDOWS, SMALL_WINDOWS = 30_000, 2_000
N_PROJECTIONS = 8
EVERY = 4
TARGET, LARGEST_LOSS = 8.0, 0.01


def score(model: SegmentationForest, pictures: Masked, numbers: list[int]) -> float:
    """Return the average precision over all pixels of some pictures."""
    from sklearn.metrics import average_precision_score

    found = [model.predict_proba(pictures.images[number])[..., 1].ravel() for number in numbers]
    truth = [pictures.masks[number].ravel() > 0 for number in numbers]
    return float(average_precision_score(np.concatenate(truth), np.concatenate(found)))


def run(small: bool = False) -> bool:
    """Train by seed with and without projections; whether the targets are met."""
    pictures = nuclei()
    numbers = list(range(len(pictures.images)))
    held = numbers[::EVERY]
    regions = [TrainingRegion(pictures.images[n], pictures.masks[n]) for n in numbers if n not in held]
    seconds: dict[str, list[float]] = {"ours": [], "peer": []}
    precision: dict[str, list[float]] = {"ours": [], "peer": []}
    for seed in range(SMALL_SEEDS if small else SEEDS):
        for name, projections in (("ours", N_PROJECTIONS), ("peer", None)):
            settings: dict[str, Any] = {"n_windows": SMALL_WINDOWS if small else N_WINDOWS, "colour": "rgb"}
            model = SegmentationForest(**settings, n_projections=projections, random_state=seed)
            start = process_time()
            model.fit(regions)
            seconds[name].append(process_time() - start)
            precision[name].append(score(model, pictures, held))
    faster = report(
        f"training on {N_PROJECTIONS} projections of {model.window**2} outputs",
        ours=statistics.median(seconds["ours"]),
        peer=statistics.median(seconds["peer"]),
        peer_name="training on all outputs",
        unit="s of one core",
        target=TARGET,
        smaller_is_better=True,
    )
    losses = [peer - ours for ours, peer in zip(precision["ours"], precision["peer"], strict=True)]
    loss = statistics.mean(losses)
    facts = {
        "name": f"average precision over {len(held)} pictures held out, {len(losses)} seeds",
        "projections": spread(precision["ours"]),
        "all outputs": spread(precision["peer"]),
        "loss": spread(losses),
        "target": LARGEST_LOSS,
        "met": loss <= LARGEST_LOSS,
    }
    print(json.dumps(facts), flush=True)
    return faster and loss <= LARGEST_LOSS


def spread(values: list[float]) -> dict[str, float]:
    """Return the mean and the standard deviation."""
    return {"mean": round(statistics.mean(values), 4), "sd": round(statistics.stdev(values), 4)}
