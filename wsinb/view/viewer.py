"""The slide viewer of a notebook cell."""

from __future__ import annotations

import base64
import logging
import math
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipyleaflet import Map, projections
from ipywidgets import Layout, Widget
from traitlets import Tuple, Unicode

from wsinb import __version__
from wsinb.errors import (
    InvalidInput,
    UnknownAnnotation,
    UnknownColumn,
    UnknownMpp,
    UnknownProject,
    WsinbError,
)
from wsinb.frames import Box
from wsinb.names import unknown
from wsinb.view.appearance import Appearance
from wsinb.view.layer import MODULE, SlideLayer

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.project import Project
    from wsinb.tiles import Slide
    from wsinb.versions import Commit, Session
    from wsinb.versions.checkout import SlideCheckout

__all__ = ["VIEW_MIME", "SlideViewer", "view_bundle"]

logger = logging.getLogger(__name__)

VIEW_MIME = "application/vnd.wsinb.view+json"
MAX_ZOOM = 4.0
COLUMNS = ("label", "layer", "score", "created_by", "updated_by", "verified", "shape")
# what a cell is usually as wide as; only the still picture needs it
_CELL_WIDTH_PX = 900
_CELL_HEIGHT_PX = 500


class SlideViewer(Appearance, Map):  # type: ignore[misc]
    """A slide in a cell: pan, zoom, draw, edit and save annotations.

    Its settings are traits (see `Appearance`): set them, or ``observe`` what the person in front of the
    browser does with them.

    Coordinates are level-0 pixels; the map underneath uses ``lat = -l0_y``, ``lng = l0_x``,
    and at zoom 0 one slide pixel is one screen pixel. Where the notebook is only read, a
    picture of the view stands in its place.

    Parameters
    ----------
    project : Project, str or Path, optional
        The project, or its folder.
    slide : str, Path or Slide
        With a project the name of a slide in it, else a slide or its path.
    version : str, optional
        The version whose annotations are shown, read-only; the newest of a branch by default, also
        when it changes.
    compare : str, optional
        A version: what changed from it to the shown one is painted on the slide.
    branch : str
        The branch that is shown and edited.
    session : Session, optional
        An open session of the project: its edits are shown as they are made, before they are committed.
    height : str
        Height of the viewer, as in CSS.
    **options : Any
        Settings of `Appearance`, and further traits of `ipyleaflet.Map`.

    Attributes
    ----------
    bounds : Box
        What is in view, in level-0 pixels; the whole slide before it is displayed. Can be observed.

    Raises
    ------
    InvalidInput
        If there is no slide to show.
    UnknownProject, UnknownSlide, UnknownVersion
        If something named is not there.
    UnreadableSlide, SlideNotFound
        If the file cannot be shown.

    Examples
    --------
    >>> viewer = project.view("cmu-1")  # doctest: +SKIP
    >>> viewer.drawn                     # doctest: +SKIP
    >>> viewer.color_by = "score"        # doctest: +SKIP
    >>> viewer.observe(print, "selection")  # doctest: +SKIP
    """

    _model_name = Unicode("SlideMapModel").tag(sync=True)
    _model_module = Unicode(MODULE).tag(sync=True)
    _model_module_version = Unicode(__version__).tag(sync=True)

    bounds = Tuple(read_only=True)
    _unwatch: Callable[[], None] | None = None

    def __init__(
        self,
        project: Project | str | Path | None = None,
        slide: str | Path | Slide | None = None,
        version: str | None = None,
        height: str = "500px",
        *,
        compare: str | None = None,
        branch: str = "main",
        session: Session | None = None,
        **options: Any,
    ) -> None:
        self.project = _project(project)
        self.slide, self._name, source = _slide(self.project, slide)
        for asked in (version, compare):
            if asked is not None:
                if self.project is None:
                    raise InvalidInput("A version needs a project: give one, or leave the version away.")
                self.project.resolve(asked)
        if self.project is not None:
            self.project.head(branch)  # an unknown branch is refused here, before the browser asks for it
        self.layer = SlideLayer(source=source, version=version, compare=compare, branch=branch)
        width, height_l0 = self.slide.size
        self._fit_zoom = math.floor(
            math.log2(min(_CELL_WIDTH_PX / width, _pixels(height) / height_l0, 2**MAX_ZOOM))
        )
        defaults: dict[str, Any] = {
            "center": (-height_l0 / 2, width / 2),
            "zoom": self._fit_zoom,
            "min_zoom": min(self._fit_zoom, 0) - 3,
            "max_zoom": MAX_ZOOM,
            "scroll_wheel_zoom": True,
            "box_zoom": False,
            "layout": Layout(height=height),
        }
        super().__init__(
            crs=projections.Simple,
            layers=(self.layer,),
            zoom_control=False,
            attribution_control=False,
            **{**defaults, **options},
        )
        self.set_trait("bounds", Box(0, 0, *self.slide.size))
        self.follow(self.layer)
        self.layer.observe(self._on_view, "view")
        if session is not None:
            self.show(session)

    @property
    def drawn(self) -> gpd.GeoDataFrame:
        """The unsaved shapes, in level-0 pixels, with the columns of a feature."""
        from wsinb.annotate import empty_annotations, from_features

        return from_features(self.layer.drawn) if self.layer.drawn else empty_annotations()

    @drawn.setter
    def drawn(self, annotations: gpd.GeoDataFrame) -> None:
        from wsinb.annotate import to_features, validate

        self.layer.drawn = to_features(validate(annotations))

    @property
    def saved(self) -> str | None:
        """Id of the last commit made from this viewer, by its button or by `save`."""
        return self.layer.saved

    @property
    def error(self) -> str:
        """The last sentence that the viewer showed about something that went wrong."""
        return self.layer.error

    def selected(self) -> gpd.GeoDataFrame:
        """Return the stored annotations that are marked (`selection`), in level-0 pixels.

        Those that the shown version no longer has are left out.
        """
        from wsinb.annotate import empty_annotations

        stored = self._annotations
        return empty_annotations() if stored is None else stored.find(self.selection)

    def go_to(
        self,
        place: float | str,
        l0_y: float | None = None,
        *,
        um_per_px: float | None = None,
        zoom: float | None = None,
    ) -> None:
        """Bring a place or an annotation to the middle of the view.

        Parameters
        ----------
        place : float or str
            The place along x, in level-0 pixels, with `l0_y`; or the id of a stored annotation.
        l0_y : float, optional
            The place along y, in level-0 pixels.
        um_per_px : float, optional
            Micrometres per screen pixel; the viewer takes the nearest zoom that is a power of two.
        zoom : float, optional
            Instead of `um_per_px`: 0 is one slide pixel per screen pixel, each step doubles. By default
            an annotation fills a good part of the view, and a place does not change the zoom.

        Raises
        ------
        InvalidInput
            If both or none usable of the two are given, or a number is not finite.
        UnknownAnnotation
            If the shown version has no annotation of that id.
        UnknownMpp
            If `um_per_px` is given and the slide does not say how large its pixels are.

        Examples
        --------
        >>> viewer.go_to(20_000, 13_500, um_per_px=0.5)  # doctest: +SKIP
        """
        if um_per_px is not None and zoom is not None:
            raise InvalidInput("Give either um_per_px or zoom, not both.")
        if um_per_px is not None:
            zoom = self._zoom_for(um_per_px)
        if isinstance(place, str):
            l0_x, l0_y, closest = self._place_of(place)
            zoom = closest if zoom is None else zoom
        else:
            l0_x = place
        if l0_y is None or not (math.isfinite(l0_x) and math.isfinite(l0_y)):
            raise InvalidInput(f"({l0_x}, {l0_y}) is no place: give finite level-0 pixels.")
        level: float = self.zoom if zoom is None else zoom  # type: ignore[has-type]
        if not math.isfinite(level):
            raise InvalidInput(f"A zoom is a finite number, not {level}.")
        level = min(max(float(level), self.min_zoom), self.max_zoom)
        center = (-float(l0_y), float(l0_x))
        self.layer.fit = False
        if self._displayed:
            # two traits would move the map in two steps, of which the second undoes part of the first
            self.layer.send({"event": "go_to", "center": center, "zoom": level})
        else:
            self.center, self.zoom = center, level

    def fit_bounds(self, bounds: tuple[float, float, float, float]) -> None:
        """Bring a box into view as large as it fits: xmin, ymin, xmax, ymax in level-0 pixels."""
        box = Box(*bounds)
        if not all(math.isfinite(value) for value in box) or box.width < 0 or box.height < 0:
            raise InvalidInput(f"{tuple(box)} is no box: give xmin, ymin, xmax, ymax in level-0 pixels.")
        x, y, zoom = self._middle(box)
        self.go_to(x, y, zoom=zoom)

    def save(self, message: str) -> Commit:
        """Commit the unsaved shapes and deletions from Python, and clear them.

        Raises
        ------
        InvalidInput
            If the viewer has no project, or nothing is unsaved.
        Conflict
            If somebody else changed the same annotations since they were read.
        """
        if self.project is None or self._name is None:
            raise InvalidInput(
                "This viewer shows a file without a project: open it by project.view(name) to save shapes."
            )
        drawn, deleted = self.drawn, list(self.layer.deleted)
        if not len(drawn) and not deleted:
            raise InvalidInput("There is nothing to save: draw something first.")
        session = self.project.session(self._branch, base=self.layer.edit_base)
        if len(drawn):
            session[self._name].upsert(drawn)
        if deleted:
            session[self._name].delete(deleted)
        commit = session.commit(message)
        with self.layer.hold_sync():
            self.layer.drawn, self.layer.deleted, self.layer.saved = [], [], commit.id
        return commit

    def picture(self, max_size: int = 800) -> bytes:
        """Return a PNG of what is in view, with the annotations of the shown version."""
        from wsinb.view.picture import draw_picture

        box = self._shown_box()
        annotations, labels, difference = None, None, None
        if self.project is not None and self._name is not None:
            version = self._version
            annotations = self.project.read(self._name, version=version, bbox=box)
            labels = self.project.labels_at(version)
            if self.layer.compare is not None:
                difference = self.project.diff(self.layer.compare, version, self._name)[self._name]
        return draw_picture(
            self.slide, annotations, labels, difference=difference, within=box, max_size=max_size
        )

    def show(self, session: Session | None) -> None:
        """Show what an open session of the project sees, as it edits; None shows the version again.

        Raises
        ------
        InvalidInput
            If the viewer has no project, or the session is of another one.
        """
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if session is None:
            self.layer.draft = {}
            return
        if self.project is None or not session.belongs_to(self.project.repository):
            raise InvalidInput("A session is shown by a viewer of its own project: open it by project.view.")
        self._unwatch = session.watch(self._on_session)
        self._on_session(session)

    def _on_session(self, session: Session) -> None:
        edited = session.journal is not None and self._name in session.changes
        revision = int(self.layer.draft.get("revision", 0)) + 1
        self.layer.draft = {"id": session.journal, "revision": revision} if edited else {}

    def _on_view(self, _change: Any) -> None:
        self.set_trait("bounds", Box(*self.layer.view) if self.layer.view else Box(0, 0, *self.slide.size))

    def _observe_bounds(self, change: Any) -> None:
        """Leave `bounds` to the slide's frame: ipyleaflet would write latitudes into it."""

    def _check_column(self, name: str) -> None:
        if self.project is None or name in COLUMNS:
            return
        known = [*COLUMNS, *self.project.checkout(self._version).columns]
        if name not in known:
            remedy = "add one with project.columns.add, or colour by another one."
            raise UnknownColumn(unknown("column", name, known, remedy))

    def _check_plane_exists(self, plane: tuple[int, int]) -> None:
        counts = self.slide.planes
        for axis, index, count in zip("zt", plane, (counts.z, counts.t), strict=True):
            if index >= count:
                raise InvalidInput(f"{self.slide.name} has no {axis} = {index}: use 0 to {count - 1}.")

    def _check_channel_count(self, channels: list[dict[str, Any]] | None) -> None:
        count = self.slide.planes.c
        if channels is not None and len(channels) != count:
            raise InvalidInput(f"{self.slide.name} has {count} channels: give settings for each of them.")

    @property
    def _version(self) -> str:
        return self.layer.version or self._branch

    @property
    def _annotations(self) -> SlideCheckout | None:
        if self.project is None or self._name is None:
            return None
        return self.project.checkout(self._version)[self._name]

    def _place_of(self, annotation: str) -> tuple[float, float, float]:
        """Return the middle of an annotation and the zoom at which it fills a good part of the view."""
        stored = self._annotations
        if stored is None:
            raise UnknownAnnotation("This viewer shows a file without a project: it has no annotations.")
        found = stored.find([annotation])
        if not len(found) or found.geometry.iloc[0] is None:
            raise UnknownAnnotation(
                f"Slide {self._name!r} has no annotation {annotation!r} in {self._version!r}: "
                "take ids from the column 'id' of project.read."
            )
        return self._middle(Box(*found.geometry.iloc[0].bounds), part=0.4)

    def _middle(self, box: Box, part: float = 1.0) -> tuple[float, float, float]:
        """Return the middle of a box, and the zoom at which it takes up that part of a usual cell."""
        side = max(box.width / _CELL_WIDTH_PX, box.height / _pixels(self.layout.height), 2.0**-MAX_ZOOM)
        x, y = (box.l0_xmin + box.l0_xmax) / 2, (box.l0_ymin + box.l0_ymax) / 2
        return x, y, float(math.floor(math.log2(part / side)))

    @property
    def _branch(self) -> str:
        return self.layer.branch or "main"

    @property
    def _displayed(self) -> bool:
        return bool(self.layer.view)

    def _shown_box(self) -> Box | None:
        """Return the part that a reader of the notebook should see: None is the whole slide."""
        if self._displayed:
            return Box(*self.layer.view)
        if self.layer.fit:
            return None
        scale = 2.0**-self.zoom
        half_width, half_height = _CELL_WIDTH_PX / 2 * scale, _pixels(self.layout.height) / 2 * scale
        l0_y, l0_x = -self.center[0], self.center[1]
        return Box(l0_x - half_width, l0_y - half_height, l0_x + half_width, l0_y + half_height)

    def _zoom_for(self, um_per_px: float) -> float:
        if self.slide.mpp is None:
            raise UnknownMpp(f"{self.slide.name} has no mpp: set slide.mpp, or go to a zoom instead.")
        if not (math.isfinite(um_per_px) and um_per_px > 0):
            raise InvalidInput(f"um_per_px is {um_per_px}: give a positive number.")
        return round(math.log2(self.slide.mpp / um_per_px))

    @cached_property
    def _text(self) -> str:
        where = "" if self.project is None else f" of project {self.project.name!r}"
        width, height = self.slide.size
        return f"SlideViewer({self._name or self.slide.name!r}{where}, {width} x {height} px)"

    def __repr__(self) -> str:
        return self._text

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return view_bundle(self, self._text, self.picture)


def view_bundle(widget: Widget, text: str, picture: Callable[[], bytes]) -> dict[str, Any]:
    """Return what a cell shows: the live widget in JupyterLab, and a picture everywhere else.

    The live view has a type of its own that our extension forwards to the widget manager:
    nbconvert prefers the common widget type over a picture whenever a notebook holds widget
    state, and would then load the classes of this viewer from the web, where they are not.
    """
    bundle: dict[str, Any] = {"text/plain": text, VIEW_MIME: {"model_id": widget.model_id}}
    try:
        bundle["image/png"] = base64.b64encode(picture()).decode("ascii")
    except (WsinbError, OSError) as error:
        # the live viewer says the same sentence where a person sees it
        logger.warning("There is no picture of %s: %s", text, error)
    return bundle


def _project(project: Project | str | Path | None) -> Project | None:
    if project is None:
        return None
    if isinstance(project, str | Path):
        from wsinb.project import open_project

        return open_project(project)
    if not hasattr(project, "slides"):
        raise UnknownProject(f"{project!r} is no project: give one or its folder.")
    return project


def _slide(
    project: Project | None, slide: str | Path | Slide | None
) -> tuple[Slide, str | None, dict[str, str]]:
    """Return the slide, its name in the project, and the source that the browser asks for."""
    from wsinb.tiles import Slide, open_slide

    if slide is None:
        raise InvalidInput("There is no slide to show: give a name in the project, a path or a Slide.")
    if project is None:
        opened = slide if isinstance(slide, Slide) else open_slide(slide)
        return opened, None, {"path": str(opened.path.absolute())}
    if isinstance(slide, Slide):
        slide = _name_of(project, slide)
    name = str(slide)
    return project.slides.open(name), name, {"project": str(project.path), "slide": name}


def _name_of(project: Project, slide: Slide) -> str:
    wanted = slide.path.resolve()
    for name in project.slides:
        if project.slides.path(name).resolve() == wanted:
            return name
    raise InvalidInput(
        f"{slide.name} is not in the project {project.name!r}: "
        f"add it by project.slides.add({str(slide.path)!r})."
    )


def _pixels(height: str | None) -> float:
    """Return the number of a CSS length in px, or a usual height for any other length."""
    text = (height or "").removesuffix("px")
    return float(text) if text.isdigit() and int(text) > 0 else _CELL_HEIGHT_PX
