"""Videos and animated GIFs as slides whose time points are frames."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from wsinb.errors import InvalidInput, UnreadableSlide
from wsinb.tiles import open_slide
from wsinb.tiles.sources.video import VideoSource
from wsinb.tiles.sources.video_index import VideoIndex

SIZE = (160, 96)
N_FRAMES = 70
CODECS = {"a.mp4": "mp4v", "a.mov": "mp4v", "a.avi": "MJPG", "a.x.avi": "XVID", "a.mkv": "mp4v"}
CODECS |= {"a.webm": "VP80", "a.vp9.webm": "VP90", "a.mpg": "PIM1", "a.mpeg": "mpg2", "a.wmv": "WMV2"}


def drawn(t: int) -> NDArray[np.uint8]:
    """A frame in which a bright square is at a place of its own."""
    frame = np.full((SIZE[1], SIZE[0], 3), 40, np.uint8)
    y, x = divmod(t, 10)
    frame[y * 12 : y * 12 + 12, x * 16 : x * 16 + 16] = (200, 220, 240)
    return frame


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("films")
    found = {}
    for name, codec in CODECS.items():
        writer = cv2.VideoWriter(str(folder / name), cv2.VideoWriter_fourcc(*codec), 25, SIZE)
        if not writer.isOpened():  # not every build of FFmpeg encodes everything
            continue
        for t in range(N_FRAMES):
            writer.write(drawn(t))
        writer.release()
        found[name] = folder / name
    assert "a.mp4" in found
    return found


def in_order(path: Path) -> list[NDArray[np.uint8]]:
    """All frames as OpenCV gives them one after the other."""
    film = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    frames = []
    while True:
        found, frame = film.read()
        if not found:
            return frames
        frames.append(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))


@pytest.mark.parametrize("name", CODECS)
def test_a_video_is_a_slide_with_frames(name: str, films: dict[str, Path]) -> None:
    if name not in films:
        pytest.skip(f"this FFmpeg cannot write {CODECS[name]}")
    slide = open_slide(films[name])
    assert slide.source_name == "video"
    assert slide.size == SIZE
    assert slide.planes == (1, N_FRAMES, 1)
    assert slide.frame_rate == pytest.approx(25, rel=1e-3)
    assert slide.channels == ()
    assert slide.background == "#ffffff"
    assert slide.properties["video.codec"]
    assert float(slide.properties["video.duration"]) == pytest.approx(N_FRAMES / 25, rel=1e-3)
    frames = in_order(films[name])
    for t in (69, 0, 35, 34, 12, 68, 1):
        assert np.array_equal(slide.read(0, 0, *SIZE, t=t), frames[t])
        brightest = cv2.blur(frames[t], (16, 12)).mean(axis=2).argmax()
        y, x = divmod(int(brightest), SIZE[0])
        assert (y // 12, x // 16) == divmod(t, 10)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.integers(0, N_FRAMES - 1), min_size=1, max_size=8), data=st.data())
def test_any_order_of_frames_gives_the_same_pixels(
    films: dict[str, Path], order: list, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(films)))
    frames = FRAMES.setdefault(name, in_order(films[name]))
    with open_slide(films[name]) as slide:
        for t in order:
            assert np.array_equal(slide.read(0, 0, *SIZE, t=t), frames[t])


FRAMES: dict[str, list[NDArray[np.uint8]]] = {}


@pytest.mark.parametrize(
    "path",
    ["imageio_videos/cockatoo.mp4", "imageio_videos/realshort.mp4"]
    + [f"video_containers/sea-360p.{kind}" for kind in ("avi", "mkv")],
)
@pytest.mark.realdata
def test_real_videos_are_read_to_the_frame(path: str, data_dir: Path) -> None:
    file = data_dir / "media" / path
    frames = in_order(file)
    slide = open_slide(file)
    assert slide.planes.t == len(frames)
    last = len(frames) - 1
    scattered = np.random.default_rng(0).integers(0, last, 6).tolist()
    for t in [last, 0, *scattered, *range(22, 30), *range(16, 10, -1)]:
        assert np.array_equal(slide.read(0, 0, *slide.size, t=t), frames[t]), t
    # read again by a decoder that has been at the end
    slide.read(0, 0, 5, 5, t=len(frames) - 1)
    slide._source._kept.clear()
    assert np.array_equal(slide.read(0, 0, *slide.size, t=3), frames[3])


@pytest.mark.parametrize("known_at_the_start", [True, False])
def test_frames_are_counted_where_their_times_cannot_be_trusted(
    known_at_the_start: bool, films: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = in_order(films["a.mp4"])
    odd = VideoIndex.frame_at
    first = 0 if known_at_the_start else 200  # ms; from then on no packet has the time that a decoder tells
    monkeypatch.setattr(VideoIndex, "frame_at", lambda self, time: None if time > first else odd(self, time))
    slide = open_slide(films["a.mp4"])
    assert slide._source._timed != known_at_the_start
    for t in (2, 40, 3, 69, 1, 0, 41):
        assert np.array_equal(slide.read(0, 0, *SIZE, t=t), frames[t])
    assert not slide._source._timed


def test_frames_that_are_played_are_decoded_once(
    films: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = open_slide(films["a.mp4"])
    grabbed = []
    grab = VideoSource._grab
    monkeypatch.setattr(VideoSource, "_grab", lambda self, t: grabbed.append(t) or grab(self, t))
    for t in range(20, 50):
        slide.read(0, 0, 32, 32, t=t)
        slide.read(64, 32, 32, 32, t=t)
    assert len(grabbed) <= 30 + 20


def test_kept_frames_are_bounded_in_bytes(films: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wsinb.tiles.sources.frames.CACHE_BYTES", 5 * SIZE[0] * SIZE[1] * 3)
    slide = open_slide(films["a.mp4"])
    for t in range(N_FRAMES):
        slide.read(0, 0, 8, 8, t=t)
    assert len(slide._source._kept) == 5
    monkeypatch.setattr("wsinb.tiles.sources.frames.CACHE_BYTES", 1)
    slide = open_slide(films["a.mp4"])
    assert slide.read(0, 0, *SIZE, t=9).std() > 0
    assert len(slide._source._kept) == 1


def test_threads_read_the_frames_they_ask_for(films: dict[str, Path]) -> None:
    path = films["a.mp4"]
    frames = in_order(path)
    order = np.random.default_rng(1).integers(0, N_FRAMES, 120).tolist()
    with open_slide(path) as slide, ThreadPoolExecutor(8) as threads:
        got = list(threads.map(lambda t: slide.read(0, 0, *SIZE, t=t), order))
    assert all(np.array_equal(picture, frames[t]) for t, picture in zip(order, got, strict=True))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_a_forked_child_reads_frames_of_its_own(name: str, films: dict[str, Path], tmp_path: Path) -> None:
    path = films[name] if name in films else write_gif(tmp_path / name)
    slide = open_slide(path)
    expected = slide.read(0, 0, 60, 50, t=2).tobytes()
    slide.read(0, 0, 5, 5, t=4)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with slide._source._lock, slide._source._kept_lock:
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # a child that waits for a lock that nobody will release ends here
        os.write(writer, slide.read(0, 0, 60, 50, t=2).tobytes())
        os._exit(0)
    os.close(writer)
    done.set()
    thread.join()
    with os.fdopen(reader, "rb") as pipe:
        got = pipe.read()
    os.waitpid(child, 0)
    assert got == expected
    assert slide.read(0, 0, 60, 50, t=2).tobytes() == expected


def test_a_frame_that_is_not_there_is_refused(films: dict[str, Path]) -> None:
    slide = open_slide(films["a.mp4"])
    with pytest.raises(InvalidInput, match=f"no t = {N_FRAMES}: use 0 to {N_FRAMES - 1}"):
        slide.read(0, 0, 5, 5, t=N_FRAMES)
    slide.close()
    with pytest.raises(InvalidInput, match="closed"):
        slide.read(0, 0, 5, 5)


@pytest.mark.parametrize("share", [0.0001, 0.02, 0.3, 0.8, 0.97])
@pytest.mark.parametrize("name", ["a.avi", "a.mkv", "a.mp4", "a.mpg"])
def test_a_video_cut_short_raises_or_shows_the_frames_that_are_there(
    share: float, name: str, films: dict[str, Path], tmp_path: Path
) -> None:
    if name not in films:
        pytest.skip("this FFmpeg cannot write it")
    path = tmp_path / name
    data = films[name].read_bytes()
    path.write_bytes(data[: max(1, int(len(data) * share))])
    frames = in_order(films[name])
    try:
        slide = open_slide(path)
    except UnreadableSlide:
        return
    # the last frame that is there may be there in part
    for t in range(slide.planes.t - 2):
        try:
            got = slide.read(0, 0, *SIZE, t=t)
        except UnreadableSlide:
            continue
        assert np.array_equal(got, frames[t])


def test_a_text_that_names_other_files_is_no_video(tmp_path: Path, films: dict[str, Path]) -> None:
    lists = {
        "a.mp4": f"ffconcat version 1.0\nfile '{films['a.mp4']}'\n",
        "b.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{films['a.mp4']}\n#EXT-X-ENDLIST\n",
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(UnreadableSlide):
            open_slide(tmp_path / name)


def write_gif(path: Path, n: int = 12, durations: list[int] | int = 50) -> Path:
    frames = []
    for t in range(n):
        frame = np.zeros((60, 80, 3), np.uint8)
        frame[:, t * 6 : t * 6 + 6] = (250, 30 + t, 10)
        frames.append(Image.fromarray(frame).quantize(16))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return path


def test_an_animated_gif_is_a_slide_with_frames(tmp_path: Path) -> None:
    slide = open_slide(write_gif(tmp_path / "a.gif", durations=[40, 60] * 6))
    assert slide.source_name == "animation"
    assert (slide.size, slide.planes) == ((80, 60), (1, 12, 1))
    assert slide.frame_rate == pytest.approx(20)
    assert slide.properties["gif.duration"] == "0.600"
    for t in (11, 0, 5, 6, 3, 11):
        picture = slide.read(0, 0, 80, 60, t=t)
        assert (picture[:, t * 6 : t * 6 + 6, 0] > 200).all()
        assert (np.delete(picture, range(t * 6, t * 6 + 6), axis=1) < 30).all()


def test_a_still_gif_has_one_frame_and_no_rate(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20), (10, 200, 10)).save(tmp_path / "a.gif")
    slide = open_slide(tmp_path / "a.gif")
    assert slide.planes == (1, 1, 1)
    assert slide.frame_rate is None
    assert (slide.read(0, 0, 30, 20) == [10, 200, 10]).all()


def test_transparent_parts_of_a_gif_are_white(tmp_path: Path) -> None:
    frames = [Image.new("RGBA", (20, 20), (0, 0, 0, 0)) for _ in range(2)]
    frames[0].paste((200, 0, 0, 255), (0, 0, 5, 5))
    frames[1].paste((0, 0, 200, 255), (10, 10, 15, 15))
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=100, disposal=2)
    slide = open_slide(tmp_path / "a.gif")
    first, second = (slide.read(0, 0, 20, 20, t=t) for t in (0, 1))
    assert (first[:5, :5] == [200, 0, 0]).all()
    assert (first[5:] == 255).all()
    assert (second[10:15, 10:15] == [0, 0, 200]).all()
    assert (second[:5, :5] == 255).all()


@pytest.mark.realdata
def test_a_real_gif_shows_what_pillow_shows(data_dir: Path) -> None:
    path = data_dir / "media/imageio_videos/newtonscradle.gif"
    slide = open_slide(path)
    assert slide.planes.t == 36
    with Image.open(path) as image:
        for t in (35, 3, 17, 4, 5):
            image.seek(t)
            assert np.array_equal(slide.read(0, 0, 200, 150, t=t), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("share", [0.01, 0.3, 0.8])
def test_a_gif_cut_short_raises_or_shows_frames(share: float, tmp_path: Path) -> None:
    path = write_gif(tmp_path / "a.gif", 30)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    try:
        slide = open_slide(path)
    except UnreadableSlide:
        return
    for t in range(slide.planes.t):
        try:
            slide.read(0, 0, 80, 60, t=t)
        except UnreadableSlide:
            continue
