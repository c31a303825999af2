"""What is told about a slide, and the images that come with it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

import wsinb
from wsinb.testing import synthetic_image

pytestmark = pytest.mark.browser


def test_what_the_slide_is_and_its_properties_are_told(around, project):
    around.press("Shift+E")
    about = around.page.locator(".wsinb-about")
    text = about.inner_text()
    entry = project.slides["liver"]
    for said in ("2,048 × 1,536 px", "1.024 × 0.768 mm", "0.5", "20×", entry.checksum, project.name):
        assert said in text
    rows = about.locator(".wsinb-property:visible")
    every = rows.count()
    about.get_by_label("Filter the properties").fill("compression")
    assert 0 < rows.count() < every
    assert "Compression" in rows.first.inner_text()


def test_label_images_are_not_even_asked_for_before_they_are_wanted(lab, server):
    import tifffile

    path = server.root / "aperio" / "scan.svs"
    path.parent.mkdir(exist_ok=True)
    head, image = "Aperio Image Library v12.0.15 \n", synthetic_image((640, 512))
    with tifffile.TiffWriter(path) as tiff:
        jpeg = {"compression": "jpeg", "photometric": "rgb", "metadata": None}
        sized = head + "640x512 (64x64) JPEG/RGB Q=70|AppMag = 40|MPP = 0.25|User = <b>u1</b>"
        tiff.write(image, tile=(64, 64), description=sized, **jpeg)
        tiff.write(image[::4, ::4].copy(), description=head + "640x512 -> 160x128", **jpeg)
        tiff.write(image[:30, :40], description=f"{head}label 40x30", compression="lzw", metadata=None)
    asked: list[str] = []
    lab.page.on("request", lambda request: asked.append(request.url))
    lab.open_folder("aperio")
    lab.double_click("scan.svs")
    lab.page.wait_for_selector(".wsinb-magnification")
    lab.page.locator(".wsinb-map").focus()
    lab.page.keyboard.press("Shift+E")
    button = lab.page.get_by_text("Show label image: it can show a patient's name")
    button.wait_for()
    assert not [url for url in asked if "associated" in url]
    assert "<b>u1</b>" in lab.page.locator(".wsinb-about").inner_text(), "what a file says is text"
    button.click()
    lab.page.wait_for_function("document.querySelector('.wsinb-associated-image')?.naturalWidth === 40")
    assert len([url for url in asked if "associated/label" in url]) == 1
    lab.page.get_by_text("Hide label image").click()
    expect(lab.page.locator(".wsinb-associated-image")).to_have_count(0)
    assert wsinb.open_slide(path).associated_images["label"].shape == (30, 40, 3)
