"""How tiles of annotations are painted: by a graphics card, on sharp screens, and without a worker."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import numpy as np
import pytest
import shapely
from playwright.sync_api import expect

import wsinb
from tests.browser.conftest import LOOK_AGAIN_MS, WAIT_MS, Lab
from wsinb.testing.lab import CHROMIUM_FLAGS

pytestmark = pytest.mark.browser

TUMOR, STROMA = (204, 68, 68), (51, 119, 204)
# the second colour of the palette for categories
ORANGE = (230, 159, 0)
LEFT, RIGHT, BARE = (989, 1220), (1011, 1220), (1024, 420)
TILE = re.compile(r"/vector/[0-9a-f]{64}[^/]*/-?\d+/-?\d+/-?\d+")
MANY = 70_000
PITCH, SIDE = 12, 6
# WebGL without a graphics card
WEBGL_FLAGS = ("--enable-unsafe-swiftshader",)

# Goes before every script of the extension. In the worker, the WebGL that the processor computes passes for
# a graphics card, and the clock says that painting without it takes long; bitmaps tell who painted them,
# and the page can take the card away.
CARD = """
if (typeof WorkerGlobalScope !== 'undefined' && !self.cards) {
    const UNMASKED_RENDERER = 0x9246;
    const cards = (self.cards = []);
    const byCard = new WeakSet();
    let tried = 0;
    let late = 0;
    const wrap = (prototype, name, make) => { prototype[name] = make(prototype[name]); };
    wrap(WebGL2RenderingContext.prototype, 'getParameter', original => function (name) {
        return name === UNMASKED_RENDERER ? 'a card' : original.call(this, name);
    });
    wrap(OffscreenCanvas.prototype, 'getContext', original => function (kind, options) {
        const context = original.call(this, kind, options);
        if (kind === 'webgl2' && context) { cards.push([this, context]); }
        return context;
    });
    wrap(OffscreenCanvas.prototype, 'transferToImageBitmap', original => function () {
        const bitmap = original.call(this);
        if (cards.some(([canvas]) => canvas === this)) {
            byCard.add(bitmap);
            postMessage({ id: 0, tried: ++tried }, []);
        }
        return bitmap;
    });
    wrap(OffscreenCanvasRenderingContext2D.prototype, 'putImageData', original => function (...args) {
        late += 10000;
        return original.apply(this, args);
    });
    wrap(Performance.prototype, 'now', original => function () { return original.call(this) + late; });
    wrap(self, 'postMessage', original => (answer, transfer) => {
        if (answer.told?.bitmap) { answer.told.byCard = byCard.has(answer.told.bitmap); }
        original.call(self, answer, transfer);
    });
    addEventListener('message', event => {
        if (event.data === 'lose the card') {
            event.stopImmediatePropagation();
            cards.forEach(([, gl]) => gl.getExtension('WEBGL_lose_context').loseContext());
        }
    });
}
"""
# Knows who painted what each tile shows, and how many of the styles that were asked for are shown.
LISTEN = """
const byCard = new WeakMap();
const painters = new WeakMap();
window.tried = 0;
window.workers = [];
window.styles = { asked: 0, shown: 0 };
const pending = new Set();
window.Worker = class extends Worker {
    constructor(...args) {
        super(...args);
        window.workers.push(this);
        this.addEventListener('message', ({ data }) => {
            if (data.tried) { window.tried = data.tried; }
            if (data.told?.bitmap) { byCard.set(data.told.bitmap, data.told.byCard); }
            if (pending.delete(data.id)) { window.styles.shown += 1; }
        });
    }
    postMessage(call) {
        if (call.method === 'setStyle') {
            window.styles.asked += 1;
            pending.add(call.id);
        }
        super.postMessage(call);
    }
};
const { transferFromImageBitmap } = ImageBitmapRenderingContext.prototype;
ImageBitmapRenderingContext.prototype.transferFromImageBitmap = function (bitmap) {
    painters.set(this.canvas, byCard.get(bitmap));
    return transferFromImageBitmap.call(this, bitmap);
};
window.shownTiles = () => [...document.querySelectorAll('.wsinb-vector-layer .leaflet-tile-container')]
    .filter(({ style }) => style.transform.endsWith('scale(1)'))
    .flatMap(container => [...container.querySelectorAll('canvas')]);
window.paintedBy = (card, tiles) =>
    shownTiles().length === tiles && shownTiles().every(tile => painters.get(tile) === card);
"""
# On a busy machine a script may arrive late: the page shall not do without the worker.
PATIENT = """
const { setTimeout: soon } = window;
window.setTimeout = (act, ms, ...args) => soon(act, ms === 4000 ? 40000 : ms, ...args);
"""
# What a person sees of each tile on black and on white, in numbers, by where the tile lies.
SEEN = """() => {
    const tiles = shownTiles().map(tile => ({ tile, place: new DOMMatrix(tile.style.transform) }));
    const left = Math.min(...tiles.map(({ place }) => place.e));
    const top = Math.min(...tiles.map(({ place }) => place.f));
    return Object.fromEntries(tiles.map(({ tile, place }) => [
        `${place.e - left} ${place.f - top}`,
        ['black', 'white'].map(ground => {
            const canvas = new OffscreenCanvas(tile.width, tile.height);
            const context = canvas.getContext('2d', { willReadFrequently: true });
            context.fillStyle = ground;
            context.fillRect(0, 0, tile.width, tile.height);
            context.drawImage(tile, 0, 0);
            return context.getImageData(0, 0, tile.width, tile.height).data;
        })
    ]));
}"""
KEEP = f"name => {{ (window.kept ??= {{}})[name] = ({SEEN})(); }}"
COMPARE = f"""name => {{
    const before = window.kept[name];
    const now = ({SEEN})();
    let [worst, painted] = [0, 0];
    for (const [place, grounds] of Object.entries(now)) {{
        grounds.forEach((bytes, ground) => bytes.forEach((byte, at) => {{
            worst = Math.max(worst, Math.abs(byte - (before[place]?.[ground][at] ?? 999)));
            painted += ground === 0 && byte !== 0 && at % 4 !== 3;
        }}));
    }}
    return {{ worst, painted, tiles: Object.keys(now).length, before: Object.keys(before).length }};
}}"""


@pytest.fixture(scope="module")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*CHROMIUM_FLAGS, *WEBGL_FLAGS])
        yield browser
        browser.close()


@pytest.fixture
def nuclei(project):
    """6,700 small squares in one corner, so that a tile has more than a row of the table of colours."""
    left, top = (grid.ravel() for grid in np.meshgrid(np.arange(20, 1000, PITCH), np.arange(20, 1000, PITCH)))
    session = project.session(author="model")
    session["liver"].upsert(
        wsinb.new_annotations(
            shapely.box(left, top, left + SIDE, top + SIDE),
            label=np.where(left < 500, "tumor", "stroma"),
            layer="nuclei",
            score=left / 1000,
        )
    )
    session.commit("nuclei")
    return project


@pytest.fixture
def card(lab) -> Lab:
    """The page of somebody with a graphics card."""
    lab.page.add_init_script(LISTEN)
    lab.page.add_init_script(PATIENT)

    def with_card(route) -> None:
        route.fulfill(body=CARD + route.fetch().text(), content_type="text/javascript")

    lab.page.route("**/extensions/wsinb/static/*.js*", with_card)
    return lab


def painted_by_card(lab: Lab, *, card: bool, tiles: int) -> None:
    """Wait until so many tiles are shown, and all have been painted last with or without the card."""
    painted = "([card, tiles]) => window.paintedBy(card, tiles)"
    lab.page.wait_for_function(painted, arg=[card, tiles], polling=LOOK_AGAIN_MS)


def choose_card(lab: Lab) -> None:
    """Wait until the card has been tried, and have everything painted by it."""
    # one tile to begin with, one that counts
    lab.page.wait_for_function("window.tried >= 2", polling=LOOK_AGAIN_MS)
    lab.page.keyboard.press("Shift+B")
    # what is under the pointer is marked, which is not for the card
    lab.page.mouse.move(1, 1)
    lab.page.wait_for_function("styles.shown === styles.asked", polling=LOOK_AGAIN_MS)
    shown = lab.page.evaluate("styles.shown")
    lab.page.locator(".wsinb-by select").select_option("score")
    new = "shown => styles.shown > shown && styles.shown === styles.asked"
    lab.page.wait_for_function(new, arg=shown, polling=LOOK_AGAIN_MS)
    painted_by_card(lab, card=True, tiles=4)


def zoomed(lab: Lab, key: str, text: str) -> None:
    lab.page.locator(".wsinb-map").focus()
    lab.page.keyboard.press(key)
    lab.page.wait_for_selector(f".wsinb-zoom:text-is({text!r})")


def lose_card(lab: Lab) -> None:
    lab.page.evaluate("window.workers.forEach(worker => worker.postMessage('lose the card'))")


def same(lab: Lab, name: str, tiles: int) -> None:
    found = lab.page.evaluate(COMPARE, name)
    assert found["tiles"] == found["before"] == tiles
    assert found["painted"] > 1000
    assert found["worst"] <= 1


def test_a_card_paints_the_same_pixels_and_none_is_lost_with_it(card, nuclei):
    card.open_slide(nuclei.path.name, "liver.tif")
    choose_card(card)
    card.page.evaluate(KEEP, "shapes")
    zoomed(card, "-", "5×")
    painted_by_card(card, card=True, tiles=1)
    card.page.evaluate(KEEP, "density")
    lose_card(card)
    painted_by_card(card, card=False, tiles=1)
    same(card, "density", tiles=1)
    zoomed(card, "+", "10×")
    painted_by_card(card, card=False, tiles=4)
    same(card, "shapes", tiles=4)


def tile_of_many() -> bytes:
    """A tile with more features than 16 bits can number: small boxes with scores, as laid down in page 1."""
    side = int(np.ceil(np.sqrt(MANY)))
    places = np.arange(MANY)
    left, top = places % side * 8 * 512 // side, places // side * 8 * 512 // side
    rows = [np.arange(MANY, dtype="<u4"), np.full(MANY, 2, "<u4")]
    corners = np.stack([left, top, left + 12, top + 12], axis=1).astype("<i2")
    shorts = [np.ones(MANY, "<u2"), np.zeros(MANY, "<u2")]
    bytes_ = [np.ones(MANY, "u1"), (places % 255).astype("u1"), np.zeros(MANY, "u1")]
    header = struct.pack("<IBBH6I", 0x31545657, 1, 0, 1, MANY, MANY, 2 * MANY, 0, 1, 0)
    return header + b"".join(part.tobytes() for part in (*rows, corners, *shorts, *bytes_))


def test_a_card_paints_tiles_of_very_many(card, project):
    body = tile_of_many()
    card.page.route(TILE, lambda route: route.fulfill(body=body))
    card.open_slide(project.path.name, "liver.tif")
    choose_card(card)
    card.page.evaluate(KEEP, "shapes")
    lose_card(card)
    painted_by_card(card, card=False, tiles=4)
    same(card, "shapes", tiles=4)


@pytest.fixture
def pair(project):
    """Two boxes two screen pixels apart."""
    session = project.session(author="model")
    boxes = [shapely.box(980, 1200, 998, 1240), shapely.box(1002, 1200, 1020, 1240)]
    session["liver"].upsert(wsinb.new_annotations(boxes, label=["tumor", "stroma"], layer="pair"))
    session.commit("a pair")
    return project


@pytest.fixture
def sharp(browser, server) -> Iterator[Lab]:
    """The page on a screen with two pixels for one."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, device_scale_factor=2)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield Lab(page, server)
    context.close()
    assert not errors, f"The page raised: {errors}"


def tinted(lab: Lab, place: tuple[float, float], color: tuple[int, int, int]) -> bool:
    """Whether a place is painted in a colour, which the slide shines through."""
    ground = lab.patch(*BARE, half=6).reshape(-1, 3).mean(axis=0)
    shift = lab.patch(*place).reshape(-1, 3).mean(axis=0) - ground
    way = np.array(color) - ground
    return bool(shift @ way > 0.9 * np.linalg.norm(shift) * np.linalg.norm(way) > 0)


def until_painted(lab: Lab) -> None:
    lab.until(lambda: tinted(lab, LEFT, TUMOR), "the left box is painted")
    lab.until(lambda: tinted(lab, RIGHT, STROMA), "the right box is painted")


def tiles_are_wide(lab: Lab, width: int) -> None:
    lab.page.wait_for_function(
        """width => {
            const tiles = [...document.querySelectorAll('.wsinb-vector-tile')];
            return tiles.length > 0 && tiles.every(tile => tile.width === width && tile.clientWidth === 512);
        }""",
        arg=width,
        polling=LOOK_AGAIN_MS,
    )


def points_at(lab: Lab, place: tuple[float, float], text: str) -> None:
    """Hover over a place until the status strip tells what is there."""
    x, y = lab.screen(*place)

    def is_told() -> bool:
        if lab.page.locator(".wsinb-found").inner_text() == text:
            return True
        # what is not painted yet is not told: come again
        lab.page.mouse.move(x, y + 3)
        lab.page.mouse.move(x, y)
        return False

    lab.until(is_told, f"the pointer is over {text}")


def deletes_the_right_one(lab: Lab, project: wsinb.Project) -> None:
    """Hover over both boxes, click one of them and delete it."""
    points_at(lab, LEFT, "tumor · pair")
    points_at(lab, RIGHT, "stroma · pair")
    lab.page.keyboard.down("Control")
    lab.click(*RIGHT)
    lab.page.keyboard.up("Control")
    lab.page.wait_for_selector(".wsinb-selection-text:text-is('1 selected')")
    lab.page.keyboard.press("Delete")
    lab.unsaved("1 unsaved")
    lab.until(lambda: not tinted(lab, RIGHT, STROMA), "the right box is gone")
    lab.save("one less")
    table = project.read("liver")
    assert list(table.loc[table["layer"] == "pair", "label"]) == ["tumor"]


def test_tiles_are_crisp_on_a_sharp_screen_and_a_click_finds_the_right_one(sharp, pair):
    sharp.open_slide(pair.path.name, "liver.tif")
    tiles_are_wide(sharp, 1024)
    until_painted(sharp)
    # enlarged pictures would consist of blocks of two by two equal pixels
    mixed = sharp.page.evaluate(
        """() => [...document.querySelectorAll('.wsinb-vector-tile')].reduce((sum, tile) => {
            const canvas = new OffscreenCanvas(1024, 1024);
            const context = canvas.getContext('2d');
            context.drawImage(tile, 0, 0);
            const pixels = new Uint32Array(context.getImageData(0, 0, 1024, 1024).data.buffer);
            return sum + pixels.filter((pixel, at) =>
                at % 2 === 0 && (at >> 10) % 2 === 0 &&
                [1, 1024, 1025].some(step => pixels[at + step] !== pixel)).length;
        }, 0)"""
    )
    assert mixed > 500
    deletes_the_right_one(sharp, pair)


def test_without_workers_the_page_paints_picks_and_recolours(lab, pair):
    lab.page.add_init_script(
        "window.Worker = class { constructor() { throw new DOMException('Forbidden.', 'SecurityError'); } };"
    )
    lab.open_slide(pair.path.name, "liver.tif")
    until_painted(lab)
    lab.page.keyboard.press("Shift+B")
    lab.page.locator(".wsinb-by select").select_option("layer")
    lab.until(lambda: tinted(lab, LEFT, ORANGE), "the second layer has the second colour")
    lab.page.locator(".wsinb-by select").select_option("label")
    until_painted(lab)
    assert lab.page.workers == []
    deletes_the_right_one(lab, pair)


def test_tiles_follow_the_page_to_another_screen_and_back(lab, pair):
    lab.open_slide(pair.path.name, "liver.tif")
    tiles_are_wide(lab, 512)
    until_painted(lab)
    screen = lab.page.context.new_cdp_session(lab.page)
    # a screen with other pixels leaves another size to the page
    for factor, width in ((2, 1380), (1, 1400)):
        screen.send(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": factor, "mobile": False},
        )
        tiles_are_wide(lab, 512 * factor)
        lab.until(lambda: lab._find_frame() or tinted(lab, LEFT, TUMOR), "the picture has found its place")
        until_painted(lab)
        points_at(lab, LEFT, "tumor · pair")
        points_at(lab, RIGHT, "stroma · pair")


def test_the_worker_runs_once_the_pointer_is_over_a_slide_and_paints_it(lab, pair):
    lab.page.add_init_script(PATIENT)
    lab.open_folder(pair.path.name)
    with lab.page.expect_worker(lambda worker: "/wsinb/" in worker.url) as started:
        lab.page.locator(".jp-DirListing-item", has_text="liver.tif").hover()
    lab.double_click("liver.tif")
    lab.wait_for_viewer()
    until_painted(lab)
    assert [worker for worker in lab.page.workers if "/wsinb/" in worker.url] == [started.value]
