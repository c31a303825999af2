"""Real blood cells, cut out of photographs by their boxes."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import cv2
import numpy as np
import pytest

from wsinb.trees import LeafClassifier, cross_validate, load_model


@pytest.fixture(scope="module")
def cells(data_dir):
    """The platelets and white cells, and as many red ones, of 24 photographs."""
    folder = data_dir / "classification" / "bccd_blood_cells" / "BCCD"
    images, names, groups = [], [], []
    for name in (folder / "ImageSets" / "Main" / "train.txt").read_text().split()[:24]:
        photograph = cv2.imread(str(folder / "JPEGImages" / f"{name}.jpg"))[..., ::-1]
        red = 0
        for cell in ET.parse(folder / "Annotations" / f"{name}.xml").getroot().iter("object"):
            x0, y0, x1, y1 = (
                int(cell.findtext(f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax")
            )
            red += cell.findtext("name") == "RBC"
            if cell.findtext("name") != "RBC" or red <= 2:
                images.append(np.ascontiguousarray(photograph[y0:y1, x0:x1]))
                names.append(cell.findtext("name"))
                groups.append(name)
    return images, np.array(names), np.array(groups)


@pytest.mark.realdata
def test_kinds_of_blood_cells_are_told_apart_in_photographs_never_seen(cells, tmp_path):
    images, names, groups = cells
    model = LeafClassifier(
        n_windows=10, n_trees=10, min_samples_leaf=5, min_size=0.5, class_weight="balanced"
    )
    validation = cross_validate(model, images, names, groups, n_splits=3)
    assert validation.balanced_accuracy > 0.85
    assert all(len(set(folds)) == 1 for _, folds in validation.table.groupby("slide")["fold"])
    model.fit(images, names).header["scores"] = validation.scores
    model.save(tmp_path / "cells.npz")
    loaded = load_model(tmp_path / "cells.npz")
    assert loaded.header["scores"]["grouped"] is True
    np.testing.assert_array_equal(loaded.predict(images), model.predict(images))
    assert np.isfinite(loaded.importance(images[0])).all()
