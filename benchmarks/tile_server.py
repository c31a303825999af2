"""How many image tiles a second the server's process gives, and whether it bears 50 viewers.

Run ``python -m benchmarks.tile_server [--only tiles,viewers] [--seconds 60]``. The asking is done in a
process of its own, over connections that stay open, as a browser does.
"""

from __future__ import annotations

import argparse
import http.client
import http.cookies
import json
import multiprocessing
import random
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psutil

from benchmarks.viewer.data import SLIDE, Ground
from benchmarks.viewer.figures import Figures, percentile
from wsinb.testing.lab import TOKEN, RunningLab, running_lab

CONNECTIONS = (1, 4, 8)
VIEWERS = 50
ANNOTATIONS = 100_000
WARM_UP_S = 2.0
LOAD_S = 10.0
EVERY_S = 10.0
TILES_PER_S = 400
BUSY_RATIO = 1.5
FLAT_RATIO = 1.2
PATIENCE_S = 30
PAUSE_S = (0.3, 1.5)
"""A person looks at what is there before the next movement: at least and at most so long."""
BROWSER_CONNECTIONS = 6
BUSY_CODE = "while True: sum(range(10_000))"


class Asker:
    """Asks the server of a source, over a connection for each thread, logged in as a browser is."""

    def __init__(self, url: str, source: dict[str, str]) -> None:
        self._host = urlsplit(url).netloc
        self._source = source
        self._own = threading.local()
        cookies: http.cookies.SimpleCookie = http.cookies.SimpleCookie()
        request = urllib.request.Request(f"{url}api/status", headers={"Authorization": f"token {TOKEN}"})
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            for line in response.headers.get_all("Set-Cookie"):
                cookies.load(line)
        cookie = "; ".join(f"{name}={each.value}" for name, each in cookies.items())
        self._headers = {"Cookie": cookie, "Accept-Encoding": "gzip"}

    def get(self, route: str, **query: Any) -> bytes:
        """Return the body of an answer; anything but 200 is an error."""
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection(self._host, timeout=PATIENCE_S)
        address = f"/wsinb/api/{route}?{urlencode({**self._source, **query})}"
        self._own.connection.request("GET", address, headers=self._headers)
        answer = self._own.connection.getresponse()
        body = bytes(answer.read())
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} to {route}: {body[:300]!r}")
        return body

    def json(self, route: str, **query: Any) -> Any:
        """Return an answer that is JSON."""
        return json.loads(self.get(route, **query))


@dataclass
class Load:
    """What came of a load: milliseconds of each answer, and sentences about what went wrong."""

    seconds: float = 0.0
    ms: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def timed(self, what: str, call: Callable[[], object]) -> None:
        """Add the time of a call."""
        start = time.perf_counter()
        try:
            call()
        except (OSError, http.client.HTTPException, RuntimeError) as error:
            self.errors.append(f"{what}: {type(error).__name__}: {error}")
        self.ms.setdefault(what, []).append((time.perf_counter() - start) * 1e3)


def image_place(info: dict[str, Any], z: int, rng: random.Random) -> str:
    """Return the route of a tile at a random place of a zoom."""
    l0_step = info["tile_size"] << -z
    x, y = (rng.randrange(-(-info[side] // l0_step)) for side in ("width", "height"))
    return f"tile/{z}/{x}/{y}"


def image_load(url: str, source: dict[str, str], connections: int, seconds: float) -> Load:
    """Ask for tiles at random places of the two finest zooms, without a pause, on some connections."""
    asker, load = Asker(url, source), Load()
    info = asker.json("slide")
    start = time.perf_counter()

    def ask(seed: int) -> None:
        rng = random.Random(seed)
        while time.perf_counter() < start + seconds:
            route = image_place(info, rng.choice((0, -1)), rng)
            load.timed("tile", partial(asker.get, route, v=info["fingerprint"]))

    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(ask, range(connections)))
    load.seconds = time.perf_counter() - start
    return load


class SimulatedViewer:
    """Opens a slide, pans and zooms about it, and asks now and then for the newest version."""

    def __init__(self, asker: Asker, project: str, slide: str, load: Load, seed: int) -> None:
        self._asker, self._load, self._rng = asker, load, random.Random(seed)
        self._place = {"project": project, "slide": slide}

    def run(self, end: float) -> None:
        """Go on until `end`, on `time.perf_counter`."""
        with ThreadPoolExecutor(BROWSER_CONNECTIONS) as pool:
            while time.perf_counter() < end:
                self._load.timed("open", self._open)
                for _ in range(self._rng.randint(5, 15)):
                    if time.perf_counter() > end:
                        return
                    self._move(pool)
                    time.sleep(self._rng.uniform(*PAUSE_S))
                self._load.timed("poll", lambda: self._asker.json("refs", project=self._place["project"]))

    def _open(self) -> None:
        self._info = self._asker.json("slide")
        self._meta = self._asker.json("vector/meta", **self._place)

    def _move(self, pool: ThreadPoolExecutor) -> None:
        """Ask for six tiles of each kind at a zoom, as a pan or a turn of the wheel does."""
        z = self._rng.randint(self._info["min_zoom"], 0)
        version, slide = self._meta["version"], self._info["fingerprint"]
        images = [image_place(self._info, z, self._rng) for _ in range(6)]
        vectors = [image_place({**self._info, "tile_size": 512}, z, self._rng) for _ in range(6)]
        asked = [pool.submit(self._ask, "image tile", route, {"v": slide}) for route in images]
        for route in vectors:
            place = route.replace("tile/", f"vector/{version}/")
            asked.append(pool.submit(self._ask, "vector tile", place, self._place))
        for each in asked:
            each.result()

    def _ask(self, what: str, route: str, query: dict[str, str]) -> None:
        self._load.timed(what, partial(self._asker.get, route, **query))


def viewers_load(url: str, source: dict[str, str], viewers: int, seconds: float) -> Load:
    """Let some viewers look about for some seconds."""
    asker, load = Asker(url, source), Load()
    info = asker.json("slide")["project"]
    start = time.perf_counter()
    askers = [Asker(url, source) for _ in range(viewers)]
    each = [SimulatedViewer(one, info["path"], info["slide"], load, seed) for seed, one in enumerate(askers)]
    threads = [threading.Thread(target=viewer.run, args=(start + seconds,)) for viewer in each]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.seconds = time.perf_counter() - start
    return load


def in_process(load: Callable[..., Load], *given: Any) -> Load:
    """Run a load in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(load, given)


@contextmanager
def busy_kernel(lab: RunningLab, state: Path) -> Iterator[None]:
    """Let a kernel of the server compute until the block ends."""
    from jupyter_client.blocking.client import BlockingKernelClient

    kernel = json.loads(_kernels(lab, "POST"))["id"]
    connection = next(state.rglob(f"kernel-{kernel}.json"))
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    client.execute(BUSY_CODE)
    time.sleep(1)
    try:
        yield
    finally:
        client.stop_channels()
        _kernels(lab, "DELETE", f"/{kernel}")


def _kernels(lab: RunningLab, method: str, path: str = "") -> bytes:
    body = b"{}" if method == "POST" else None
    request = urllib.request.Request(f"{lab.url}api/kernels{path}", body, method=method)
    request.add_header("Authorization", f"token {TOKEN}")
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        return bytes(response.read())


def server_process(lab: RunningLab) -> psutil.Process:
    """Return the process of the server, which is a child of this one."""
    port = f"--port={urlsplit(lab.url).port}"
    return next(child for child in psutil.Process().children() if port in child.cmdline())


def processor_seconds(lab: RunningLab) -> float:
    """Return what the server has computed so far, on all processors."""
    times = server_process(lab).cpu_times()
    return float(times.user + times.system)


def measure_tiles(lab: RunningLab, state: Path, source: dict[str, str], figures: Figures) -> None:
    """Report tiles a second at several numbers of connections, and what a busy kernel changes."""
    in_process(image_load, lab.url, source, 4, WARM_UP_S)
    processor = processor_seconds(lab)
    idle = {n: in_process(image_load, lab.url, source, n, LOAD_S) for n in CONNECTIONS}
    processor = processor_seconds(lab) - processor
    with busy_kernel(lab, state):
        busy = {n: in_process(image_load, lab.url, source, n, LOAD_S) for n in CONNECTIONS}
    for name, loads in (("idle kernel", idle), ("busy kernel", busy)):
        for n, load in loads.items():
            what = f"{n} connections, {name}"
            if load.errors:
                raise RuntimeError(f"{len(load.errors)} errors, the first: {load.errors[0]}")
            figures.told(f"tiles a second, {what}", len(load.ms["tile"]) / load.seconds, "1/s")
            figures.told(f"a tile, median, {what}", statistics.median(load.ms["tile"]), "ms")
            figures.told(f"a tile, 95th percentile, {what}", percentile(load.ms["tile"], 0.95), "ms")
    count = sum(len(load.ms["tile"]) for load in idle.values())
    figures.told("processor time of the server for a tile", processor / count * 1e3, "ms")
    best = max(len(load.ms["tile"]) / load.seconds for load in idle.values())
    figures.at_least("tiles a second, idle kernel", best, TILES_PER_S, "1/s")
    ratio = statistics.median(busy[1].ms["tile"]) / statistics.median(idle[1].ms["tile"])
    figures.at_most("a tile, median, busy kernel to idle kernel", ratio, BUSY_RATIO, "x")


def measure_viewers(lab: RunningLab, source: dict[str, str], seconds: float, figures: Figures) -> None:
    """Report errors and memory of the server under many viewers."""
    process = server_process(lab)
    memory: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(in_process, viewers_load, lab.url, source, VIEWERS, seconds)
        while not running.done():
            time.sleep(EVERY_S)
            memory.append(process.memory_info().rss / 1e6)
    load = running.result()
    figures.none(f"errors under {VIEWERS} viewers for {seconds:g} s", len(load.errors))
    for error in load.errors[:5]:
        figures.note("error", error)
    figures.told("answers a second", sum(map(len, load.ms.values())) / load.seconds, "1/s")
    for what, ms in load.ms.items():
        figures.told(f"{what}, median", statistics.median(ms), "ms")
        figures.told(f"{what}, 95th percentile", percentile(ms, 0.95), "ms")
    figures.note("server's memory every 10 s", " ".join(f"{mb:.0f}" for mb in memory) + " MB")
    if len(memory) > 2:
        figures.at_most(
            "server's memory at the end to that after 20 s", memory[-1] / memory[1], FLAT_RATIO, "x"
        )


def main() -> int:
    """Print the figures; return 0 if every target is met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="tiles,viewers", help="tiles, viewers or both")
    parser.add_argument("--seconds", type=float, default=60, help="how long the viewers look about")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "wsinb-viewer-benchmark"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    ground, figures = Ground(options.folder), Figures()
    folder = ground.cells(ANNOTATIONS)
    with tempfile.TemporaryDirectory() as state, running_lab(ground.root, Path(state)) as lab:
        source = {"path": f"{folder}/{SLIDE}"}
        if "tiles" in options.only:
            measure_tiles(lab, Path(state), source, figures)
        if "viewers" in options.only:
            measure_viewers(lab, source, options.seconds, figures)
    print(figures.table())
    return 0 if figures.met else 1


if __name__ == "__main__":
    sys.exit(main())
