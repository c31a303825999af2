"""Reading tiles: 512 px regions at random places of a tiled JPEG pyramid, and channels in colours.

Compared with large_image's OpenSlide source reading the same regions, and with bare libjpeg-turbo decoding
the same stored tiles from memory, which is the limit. The file is in the page cache, and every run reads
places that no run before it has read. Four channels of 16 bits are composed, compared with the same
formula on whole arrays.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks._report import compare
from wsinb.tiles import open_slide, write_pyramid
from wsinb.tiles.channels import Paint
from wsinb.tiles.sources.jpeg_tiff import JpegTiffSource
from wsinb.tiles.sources.pixels import compose

EDGE = 20_480
READ = 512
N_READS = 25


def tissue_pyramid(folder: Path, edge: int = EDGE) -> Path:
    """Write a square pyramid of real stained tissue, mirrored over and over, under uneven light."""
    import pyvips

    skimage_data = import_module("skimage.data")
    tissue = pyvips.Image.new_from_array(skimage_data.immunohistochemistry())
    row = tissue.join(tissue.fliphor(), "horizontal")
    block = row.join(row.flipver(), "vertical")
    times = -(-edge // block.width)
    whole = block.replicate(times, times).crop(0, 0, edge, edge)
    light = pyvips.Image.gaussnoise(160, 160, mean=1, sigma=0.06, seed=1).resize(edge / 160, kernel="linear")
    image = (whole * light.crop(0, 0, edge, edge)).cast("uchar")
    return write_pyramid(image, folder / "tissue.tif", mpp=0.5)


def large_image_reader(path: Path) -> Callable[[int, int], np.ndarray]:
    """Read a region by large_image's OpenSlide source."""
    source = import_module("large_image_source_openslide").open(str(path), noCache=True)

    def read(x: int, y: int) -> np.ndarray:
        region = {"left": x, "top": y, "width": READ, "height": READ, "units": "base_pixels"}
        image, _format = source.getRegion(region=region, format="numpy")
        return np.asarray(image)

    return read


def stored_tiles(path: Path, x: int, y: int) -> list[bytes]:
    """Return the JPEG files of the tiles under a region."""
    source = JpegTiffSource(path)
    width, height = source.levels[0].tile_size
    columns = range(x // width, -(-(x + READ) // width))
    rows = range(y // height, -(-(y + READ) // height))
    tiles = [source.encoded_tile(0, t_col, t_row) for t_row in rows for t_col in columns]
    source.close()
    return [tile for tile in tiles if tile is not None]


def places() -> Iterator[tuple[int, int]]:
    """Yield random places without end, the same ones on every call."""
    rng = np.random.default_rng(0)
    while True:
        x, y = rng.integers(0, EDGE - READ, 2)
        yield int(x), int(y)


def run_over(read: Callable[[int, int], object]) -> Callable[[], None]:
    """Return a run of `N_READS` reads; every run goes on to new places, so that no cache can know them."""
    place = places()

    def run() -> None:
        for x, y in islice(place, N_READS):
            read(x, y)

    return run


def composition() -> bool:
    """Compare the composition of four channels with the plain formula."""
    rng = np.random.default_rng(0)
    parts = [rng.integers(0, 4096, (READ, READ, 1), np.uint16) for _ in range(4)]
    colours = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.2, 0.4, 1.0), (1.0, 1.0, 1.0)]
    paints = [Paint(c, 10, 3000, weights) for c, weights in enumerate(colours)]

    def plain() -> np.ndarray:
        total = np.zeros((READ, READ, 3))
        for part, weights in zip(parts, colours, strict=True):
            total += np.clip((part - 10.0) / 2990, 0, 1) * weights
        return np.rint(255 * np.clip(total, 0, 1)).astype(np.uint8)

    return compare(
        "4 channels of 16 bits composed, 512 px",
        lambda: compose(parts, paints, (READ, READ)),
        plain,
        peer_name="the formula on whole numpy arrays",
        amount=1,
        unit="tiles",
        target=3,
        runs=15,
    )


def main() -> int:
    """Print the comparisons; return 0 if all targets are met."""
    import simplejpeg

    with tempfile.TemporaryDirectory() as folder:
        path = tissue_pyramid(Path(folder))
        with open_slide(path) as slide:
            fast = compare(
                "512 px reads",
                run_over(lambda x, y: slide.read(x, y, READ, READ)),
                run_over(large_image_reader(path)),
                peer_name="large_image with its OpenSlide source",
                amount=N_READS,
                unit="reads",
                target=5,
            )
            some = list(islice(places(), N_READS))
            encoded = [tile for place in some for tile in stored_tiles(path, *place)]
            lean = compare(
                "512 px reads against decoding alone",
                lambda: [slide.read(x, y, READ, READ) for x, y in some],
                lambda: [simplejpeg.decode_jpeg(tile) for tile in encoded],
                peer_name="simplejpeg on the same tiles in memory",
                amount=N_READS,
                unit="reads",
                target=0.7,
            )
    return 0 if composition() and fast and lean else 1


if __name__ == "__main__":
    sys.exit(main())
