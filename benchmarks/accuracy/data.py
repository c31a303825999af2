"""Real pictures with classes, of the whole or of each pixel, from the folder of test data."""

from __future__ import annotations

import csv
import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Masked", "Pictures", "bccd_pictures", "data_folder", "em_sections", "nuclei", "read_image",
    "wbc_pictures",
]  # fmt: skip

Image = NDArray[np.uint8]
WBC_NAMES = {"1": "neutrophil", "2": "lymphocyte", "3": "monocyte", "4": "eosinophil", "5": "basophil"}


class Pictures(NamedTuple):
    """Pictures (h, w, 3) uint8, the class of each, and the image that each was cut from."""

    images: list[Image]
    labels: NDArray[np.str_]
    groups: NDArray[np.str_]


class Masked(NamedTuple):
    """Pictures (h, w, 3) or (h, w) uint8, the class of each pixel (h, w) int16, 0 or 1, and their names."""

    images: list[Image]
    masks: list[NDArray[np.int16]]
    names: list[str]


def data_folder() -> Path:
    """Return the folder of real test data: WSINB_TEST_DATA, or ``../shared/data`` beside the repository."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("WSINB_TEST_DATA", beside))
    if not folder.is_dir():
        raise SystemExit(f"no real data at {folder}: set WSINB_TEST_DATA to the folder that holds it")
    return folder


def read_image(path: Path) -> Image:
    """Read a picture as RGB."""
    import cv2

    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise SystemExit(f"{path} cannot be read: fetch it again, see SOURCE.md beside it")
    return np.ascontiguousarray(np.asarray(bgr, np.uint8)[..., ::-1])


def bccd_pictures(split: str, field: int | None = None) -> Pictures:
    """Return the boxes of blood cells of a split, "trainval" or "test", 640 x 480 px an image.

    Parameters
    ----------
    field : int, optional
        Take a square of so many pixels around the centre of a box, white outside of the image, so that cells
        keep their size; None takes what is in the box. Boxes less than 4 px wide or high are left out, the
        same whatever is cut.
    """
    folder = data_folder() / "classification" / "bccd_blood_cells" / "BCCD"
    images: list[Image] = []
    labels: list[str] = []
    groups: list[str] = []
    for name in (folder / "ImageSets" / "Main" / f"{split}.txt").read_text().split():
        image = read_image(folder / "JPEGImages" / f"{name}.jpg")
        for each in ET.parse(folder / "Annotations" / f"{name}.xml").getroot().iter("object"):
            sides = ("xmin", "ymin", "xmax", "ymax")
            x0, y0, x1, y1 = (int(each.findtext(f"bndbox/{side}") or 0) for side in sides)
            if min(_cut(image, x0, y0, x1, y1, None).shape[:2]) < 4:
                continue
            images.append(_cut(image, x0, y0, x1, y1, field))
            labels.append(each.findtext("name") or "")
            groups.append(name)
    return Pictures(images, np.array(labels), np.array(groups))


def _cut(image: Image, x0: int, y0: int, x1: int, y1: int, field: int | None) -> Image:
    if field is None:
        return np.ascontiguousarray(image[max(0, y0) : y1, max(0, x0) : x1])
    half = field // 2
    padded = np.pad(image, ((half, half), (half, half), (0, 0)), constant_values=255)
    y, x = (y0 + y1) // 2, (x0 + x1) // 2
    return np.ascontiguousarray(padded[y : y + field, x : x + field])


def wbc_pictures() -> Pictures:
    """Return the white blood cells of set 1, without the class that has one picture.

    Where a cell was photographed is not known: each is a group of its own.
    """
    folder = data_folder() / "classification" / "wbc_cells"
    (table,) = folder.glob("*.csv")
    with table.open() as file:
        rows = list(csv.DictReader(file))
    kept = [row for row in rows if WBC_NAMES[row["class label"]] != "basophil"]
    images = [read_image(folder / "Dataset_1" / f"{int(row['image ID']):03d}.bmp") for row in kept]
    labels = np.array([WBC_NAMES[row["class label"]] for row in kept])
    return Pictures(images, labels, np.array([row["image ID"] for row in kept]))


def em_sections() -> Masked:
    """Return the 24 sections of 512 x 512 px of a nerve cord in order, gray; class 1 is membrane."""
    folder = data_folder() / "segmentation" / "em_membrane"
    names = sorted((path.stem for path in (folder / "image").glob("*.png")), key=int)
    images = [read_image(folder / "image" / f"{name}.png")[..., 0].copy() for name in names]
    labels = [read_image(folder / "label" / f"{name}.png")[..., 0] for name in names]
    return Masked(images, [(label < 128).astype(np.int16) for label in labels], names)


def nuclei() -> Masked:
    """Return 41 pictures of nuclei by fluorescence or stained, RGB; class 1 is nucleus."""
    import cv2

    folder = data_folder() / "segmentation" / "dsb2018_nuclei" / "stage1_train"
    images, masks, names = [], [], []
    for home in sorted(path for path in folder.iterdir() if path.is_dir()):
        (picture,) = (home / "images").glob("*.png")
        labels = cv2.imread(str(home / "labels.png"), cv2.IMREAD_UNCHANGED)
        images.append(read_image(picture))
        masks.append((np.asarray(labels) > 0).astype(np.int16))
        names.append(home.name)
    return Masked(images, masks, names)
