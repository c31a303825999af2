"""Resolution and magnification out of many kinds of metadata."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from wsinb.tiles import metadata, open_slide
from wsinb.tiles.model import level_downsample

TILES = {"photometric": "rgb", "tile": (16, 16), "metadata": None}


@pytest.mark.parametrize("compression", ["jpeg", "deflate", "lzw"])
@pytest.mark.parametrize(
    ("resolution", "unit", "mpp"),
    [
        ((20_000, 20_000), "CENTIMETER", (0.5, 0.5)),
        ((101_600, 50_800), "INCH", (0.25, 0.5)),
        ((72, 72), "INCH", None),
        ((96, 96), "INCH", None),
        ((300, 300), "INCH", None),
        ((1, 1), "NONE", None),
        ((10, 10), "CENTIMETER", None),
        ((20_000, 20_000), "NONE", None),
    ],
)
def test_resolution_tags_count_unless_they_are_a_printers_default(
    compression: str, resolution: tuple, unit: str, mpp: tuple | None, tmp_path: Path
) -> None:
    path = tmp_path / "x.tif"
    image = np.zeros((32, 32, 3), np.uint8)
    tifffile.imwrite(
        path, image, compression=compression, resolution=resolution, resolutionunit=unit, **TILES
    )
    found = open_slide(path).mpp_xy
    assert found == (mpp if mpp is None else pytest.approx(mpp))


@pytest.mark.parametrize(
    ("value", "unit", "mpp"),
    [(0.25, "µm", 0.25), (250, "nm", 0.25), (2.5e-4, "mm", 0.25), (0.25, "pixel", None), (0, "µm", None)],
)
def test_ome_gives_its_resolution_in_any_unit(value: float, unit: str, mpp: float | None) -> None:
    sizes = " ".join(f'PhysicalSize{a}="{value}" PhysicalSize{a}Unit="{unit}"' for a in "XY")
    objective = '<Objective NominalMagnification="40.0"/>'
    xml = f'<OME>{objective}<Pixels ID="Pixels:0" {sizes}><Channel/></Pixels></OME>'
    found = metadata.ome_mpp(xml)
    assert found == (None if mpp is None else pytest.approx((mpp, mpp)))
    assert metadata.xml_magnification(xml) == 40


def test_ome_without_unit_means_micrometres() -> None:
    xml = '<ome:Pixels PhysicalSizeX="0.5" PhysicalSizeY="0.25">'
    assert metadata.ome_mpp(xml) == (0.5, 0.25)
    assert metadata.ome_mpp("<Pixels SizeX='4'>") is None
    assert metadata.ome_mpp("") is None


def test_imagej_counts_pixels_per_unit(tmp_path: Path) -> None:
    image = np.zeros((20, 30), np.uint16)
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, image, imagej=True, resolution=(4, 4), metadata={"unit": "um"})
    assert open_slide(path).mpp == pytest.approx(0.25)
    tifffile.imwrite(path, image, imagej=True, resolution=(1, 1), metadata={"unit": "um"})
    assert open_slide(path).mpp is None


def test_aperio_descriptions_are_split() -> None:
    text = (
        "Aperio Image Library v1\r\n46000x32914 JPEG|AppMag = 20|Time Zone = GMT-05:00|MPP = 0,4990|odd|a=b=c"
    )
    properties = metadata.aperio_properties(text)
    assert properties == {
        "aperio.AppMag": "20",
        "aperio.Time Zone": "GMT-05:00",
        "aperio.MPP": "0,4990",
        "aperio.a": "b=c",
    }
    assert metadata.number(properties["aperio.MPP"]) == 0.499


@pytest.mark.parametrize("value", ["", "x", "nan", "inf", "-1", "0", None, [], (1, 0)])
def test_what_is_no_positive_number_is_none(value: object) -> None:
    assert metadata.number(value) is None


@pytest.mark.parametrize(
    ("l0_size", "lv_size", "downsample"),
    [
        ((1001, 333), (500, 166), 2),
        ((46_000, 32_914), (2875, 2057), 16),
        ((100, 100), (100, 100), 1),
        ((1000, 800), (400, 320), 2.5),
        ((1001, 333), (501, 167), 2),
    ],
)
def test_downsamples_are_whole_where_the_sizes_allow(
    l0_size: tuple, lv_size: tuple, downsample: float
) -> None:
    assert level_downsample(l0_size, lv_size) == downsample
