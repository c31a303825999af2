"""How tiles of annotations are painted: by a graphics card, on sharp screens, and without a worker."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from playwright.sync_api import expect

import wsinb
from tests.browser.conftest import LOOK_AGAIN_MS, WAIT_MS, Lab
from wsinb.testing.lab import CHROMIUM_FLAGS

pytestmark = pytest.mark.browser

TUMOR, STROMA = (204, 68, 68), (51, 119, 204)
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
# Knows who painted what each tile shows.
LISTEN = """
const byCard = new WeakMap();
const painters = new WeakMap();
window.tried = 0;
window.workers = [];
window.Worker = class extends Worker {
    constructor(...args) {
        super(...args);
        window.workers.push(this);
        this.addEventListener('message', ({ data }) => {
            if (data.tried) { window.tried = data.tried; }
            if (data.told?.bitmap) { byCard.set(data.told.bitmap, data.told.byCard); }
        });
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
// scripts that take this way arrive late on a busy machine: the page shall not do without the worker
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
    painted_by_card(lab, card=False, tiles=4)
    # one tile to begin with, one that counts
    lab.page.wait_for_function("window.tried >= 2", polling=LOOK_AGAIN_MS)
    lab.page.keyboard.press("Shift+B")
    # what is under the pointer is marked, which is not for the card
    lab.page.mouse.move(1, 1)
    lab.page.locator(".wsinb-by select").select_option("score")
    painted_by_card(lab, card=True, tiles=4)


def zoomed(lab: Lab, key: str, text: str) -> None:
    lab.page.locator(".wsinb-map").focus()
    lab.page.keyboard.press(key)
    lab.page.wait_for_selector(f".wsinb-zoom:text-is({text!r})")


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
    card.page.evaluate("window.workers.forEach(worker => worker.postMessage('lose the card'))")
    painted_by_card(card, card=False, tiles=1)
    same(card, "density", tiles=1)
    zoomed(card, "+", "10×")
    painted_by_card(card, card=False, tiles=4)
    same(card, "shapes", tiles=4)
