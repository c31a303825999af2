"""What a person does and reads around the picture, whatever way up it is."""

from __future__ import annotations

import io
import re

import numpy as np
import shapely
from PIL import Image

from wsinb.testing import synthetic_regions

__all__ = ["MPP", "SIZE", "TUMOR", "Around", "assert_framed", "assert_same_picture"]

SIZE = (2048, 1536)
TUMOR = synthetic_regions(SIZE)["tumor"]
MPP = 0.5


class Around:
    """What a person does and reads around the picture."""

    def __init__(self, lab) -> None:
        self.lab = lab
        self.page = lab.page

    def box(self) -> dict[str, float]:
        return self.page.locator(".wsinb-map").bounding_box()

    def place(self, dx: float, dy: float) -> tuple[float, float]:
        """A place of the screen, as a part of the picture's width and height."""
        box = self.box()
        return box["x"] + round(dx * box["width"]), box["y"] + round(dy * box["height"])

    def under(self, x: float, y: float) -> np.ndarray:
        """Slide pixels under a place of the screen, as the read-out tells."""
        self.page.mouse.move(float(x - 3), float(y))
        self.page.mouse.move(float(x), float(y))
        text = self.page.locator(".wsinb-position").inner_text()
        l0_x, l0_y = re.match(r"(-?[\d.]+), (-?[\d.]+) µm", text).groups()
        return np.array([float(l0_x), float(l0_y)]) / MPP

    def middle(self) -> np.ndarray:
        return self.under(*self.place(0.5, 0.5))

    def frame(self) -> np.ndarray:
        """The affine map from slide pixels to the screen, (2, 3), learned from three places."""
        places = np.array([self.place(0.3, 0.4), self.place(0.6, 0.4), self.place(0.3, 0.7)])
        slide = np.array([[*self.under(*place), 1] for place in places])
        return np.linalg.solve(slide, places).T

    def screen(self, l0_x: float, l0_y: float) -> tuple[float, float]:
        """Where a place of the slide is on the screen now."""
        x, y = self.frame() @ (l0_x, l0_y, 1)
        return float(x), float(y)

    def click(self, l0_x: float, l0_y: float) -> None:
        x, y = self.screen(l0_x, l0_y)
        self.page.mouse.move(x - 2, y - 2)
        self.page.mouse.click(x, y)

    def press(self, keys: str) -> None:
        self.page.keyboard.press(keys)

    def zoom(self, number: int, text: str) -> None:
        """Take one of the magnifications, and wait until the view is there."""
        self.press(f"Shift+Digit{number}")
        self.page.wait_for_selector(f".wsinb-zoom:text-is({text!r})")
        self.page.wait_for_selector(".leaflet-zoom-anim", state="detached")

    def turn(self, degrees: int, flipped: bool) -> None:
        """Turn by keys and the wheel."""
        if flipped:
            self.press("Shift+Y")
        for _ in range(degrees // 90):
            self.press("Shift+T")
        self.page.mouse.move(*self.place(0.5, 0.5))
        self.page.keyboard.down("Alt")
        for _ in range(degrees % 90 // 5):
            self.page.mouse.wheel(0, 100)
        self.page.keyboard.up("Alt")
        told = f"{degrees}°{' flipped' if flipped else ''}"
        self.page.wait_for_selector(f".wsinb-compass-angle:text-is({told!r})", state="attached")

    def go_to(self, text: str) -> None:
        self.press("Shift+G")
        self.page.get_by_label("Position or id of an annotation").fill(text)
        self.press("Enter")

    def picture(self) -> np.ndarray:
        """What is on the screen in place of the map, (height, width, 3)."""
        shot = self.page.locator(".wsinb-map").screenshot()
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)

    def saved_picture(self, caption: str = "") -> tuple[str, np.ndarray]:
        """Name and pixels of the picture that the viewer saves."""
        # a shape that was in hand may just be giving up the focus
        self.page.wait_for_selector(".wsinb-mod-selected", state="detached")
        self.page.locator(".wsinb-map").focus()
        self.press("Shift+X")
        self.page.get_by_label("Caption of the picture").fill(caption)
        with self.page.expect_download() as download:
            self.press("Enter")
        with Image.open(download.value.path()) as image:
            return download.value.suggested_filename, np.asarray(image.convert("RGB")).astype(int)


def assert_framed(around: Around) -> None:
    """The frame in the minimap is what is seen."""
    points = around.page.locator(".wsinb-minimap polygon").get_attribute("points")
    framed = shapely.Polygon([[float(n) for n in pair.split(",")] for pair in points.split()])
    body = around.page.locator(".wsinb-minimap-body").bounding_box()
    framed = shapely.transform(framed, lambda xy: xy * SIZE[0] / body["width"])
    box = around.box()
    back = np.linalg.inv(np.vstack([around.frame(), [0, 0, 1]]))
    right, bottom = box["x"] + box["width"], box["y"] + box["height"]
    view = shapely.box(box["x"], box["y"], right, bottom)
    seen = shapely.Polygon([(back @ (x, y, 1))[:2] for x, y in view.exterior.coords])
    assert framed.symmetric_difference(seen).area < 0.03 * seen.area


def assert_same_picture(around: Around, saved: np.ndarray) -> None:
    """A saved picture is what is on the screen, away from the panels."""
    around.page.mouse.move(*around.place(0.5, 0.02))
    seen = around.picture()
    height, width = saved.shape[:2]
    rows, columns = slice(height // 10, height * 8 // 10), slice(width // 10, width * 7 // 10)
    difference = np.abs(seen[rows, columns] - saved[rows, columns]).max(axis=2)
    assert np.median(difference) <= 2
    assert (difference > 24).mean() < 0.02
