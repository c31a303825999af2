"""The slide viewer of a notebook cell."""

from __future__ import annotations

import base64
import logging
import math
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipyleaflet import Map, projections
from ipywidgets import Layout

from wsinb.errors import InvalidInput, UnknownMpp, UnknownProject, WsinbError
from wsinb.frames import Box
from wsinb.view.layer import SlideLayer

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.project import Project
    from wsinb.tiles import Slide
    from wsinb.versions import Commit

__all__ = ["SlideViewer"]

logger = logging.getLogger(__name__)

VIEW_MIME = "application/vnd.wsinb.view+json"
MAX_ZOOM = 4.0
# what a cell is usually as wide as; only the still picture needs it
_CELL_WIDTH_PX = 900
_CELL_HEIGHT_PX = 500


class SlideViewer(Map):  # type: ignore[misc]
    """A slide in a cell: pan, zoom, draw, edit and save annotations.

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
    height : str
        Height of the viewer, as in CSS.
    **options : Any
        Further traits of `ipyleaflet.Map`.

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
    """

    def __init__(
        self,
        project: Project | str | Path | None = None,
        slide: str | Path | Slide | None = None,
        version: str | None = None,
        height: str = "500px",
        *,
        compare: str | None = None,
        branch: str = "main",
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

    @property
    def bounds_l0(self) -> Box:
        """The part that is in view, in level-0 pixels; the whole slide before it is displayed."""
        if not self._displayed:
            return Box(0, 0, *self.slide.size)
        return Box(*self.layer.view)

    def go_to(
        self, l0_x: float, l0_y: float, *, um_per_px: float | None = None, zoom: float | None = None
    ) -> None:
        """Bring a place to the middle of the view.

        Parameters
        ----------
        l0_x, l0_y : float
            The place, in level-0 pixels.
        um_per_px : float, optional
            Micrometres per screen pixel; the viewer takes the nearest zoom that is a power of two.
        zoom : float, optional
            Instead of `um_per_px`: 0 is one slide pixel per screen pixel, each step doubles.

        Raises
        ------
        InvalidInput
            If both or none usable of the two are given, or a number is not finite.
        UnknownMpp
            If `um_per_px` is given and the slide does not say how large its pixels are.
        """
        if um_per_px is not None and zoom is not None:
            raise InvalidInput("Give either um_per_px or zoom, not both.")
        if not (math.isfinite(l0_x) and math.isfinite(l0_y)):
            raise InvalidInput(f"({l0_x}, {l0_y}) is no place: give finite level-0 pixels.")
        if um_per_px is not None:
            zoom = self._zoom_for(um_per_px)
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
            version = self.layer.version or self._branch
            annotations = self.project.read(self._name, version=version, bbox=box)
            labels = self.project.labels_at(version)
            if self.layer.compare is not None:
                difference = self.project.diff(self.layer.compare, version, self._name)[self._name]
        return draw_picture(
            self.slide, annotations, labels, difference=difference, within=box, max_size=max_size
        )

    @property
    def _branch(self) -> str:
        return self.layer.branch or "main"

    @property
    def _displayed(self) -> bool:
        return bool(self.layer.view)

    def _shown_box(self) -> Box | None:
        """Return the part that a reader of the notebook should see: None is the whole slide."""
        if self._displayed:
            return self.bounds_l0
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
        """Show the live viewer in JupyterLab and a picture everywhere else.

        The live view has a type of its own that our extension forwards to the widget manager:
        nbconvert prefers the common widget type over a picture whenever a notebook holds widget
        state, and would then load the classes of this viewer from the web, where they are not.
        """
        bundle: dict[str, Any] = {
            "text/plain": self._text,
            VIEW_MIME: {"model_id": self.model_id},
        }
        try:
            bundle["image/png"] = base64.b64encode(self.picture()).decode("ascii")
        except (WsinbError, OSError) as error:
            # the live viewer says the same sentence where a person sees it
            logger.warning("There is no picture of %s: %s", self._text, error)
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
