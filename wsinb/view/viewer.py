"""The slide viewer of a notebook cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipyleaflet import Map, projections
from ipywidgets import Layout
from traitlets import Unicode

from wsinb import __version__
from wsinb.errors import InvalidInput, UnknownAnnotation
from wsinb.frames import Box
from wsinb.view.appearance import Appearance
from wsinb.view.bundle import view_bundle
from wsinb.view.layer import MODULE, SlideLayer
from wsinb.view.overlays import Overlaid
from wsinb.view.places import MAX_ZOOM, Places, whole_zoom
from wsinb.view.subject import find_subject

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.project import Project
    from wsinb.tiles import Slide
    from wsinb.versions import Commit, Session
    from wsinb.versions.checkout import SlideCheckout
    from wsinb.view.live import LivePixels

__all__ = ["SlideViewer"]


class SlideViewer(Appearance, Overlaid, Places, Map):  # type: ignore[misc]
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

    _unwatch: Callable[[], None] | None = None
    _live: LivePixels | None = None

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
        subject = find_subject(project, slide)
        self.slide, self.project, self._name = subject
        self._text = f"SlideViewer({subject})"
        for asked in (version, compare):
            if asked is not None:
                self._check_version(asked)
        if self.project is not None:
            self.project.head(branch)  # an unknown branch is refused here, before the browser asks for it
        self.layer = SlideLayer(source=subject.source, version=version, compare=compare, branch=branch)
        l0_width, l0_height = self.slide.size
        fit_zoom = whole_zoom(self.slide.size, height)
        defaults: dict[str, Any] = {
            "center": (-l0_height / 2, l0_width / 2),
            "zoom": fit_zoom,
            "min_zoom": min(fit_zoom, 0) - 3,
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
        self.follow(self.layer)
        self.follow_view()
        self.follow_overlays()
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
    def shown_version(self) -> str:
        """The version whose annotations are shown; a branch where its newest one is."""
        return self.layer.version or self._branch

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
        """Return a PNG of what is in view, with overlays and the annotations of the shown version."""
        from wsinb.view.picture import draw_picture

        box = self.shown_box()
        annotations, labels, difference = None, None, None
        if self.project is not None and self._name is not None:
            version = self.shown_version
            annotations = self.project.read(self._name, version=version, bbox=box)
            labels = self.project.labels_at(version)
            if self.layer.compare is not None:
                difference = self.project.diff(self.layer.compare, version, self._name)[self._name]
        return draw_picture(
            self.slide,
            annotations,
            labels,
            difference=difference,
            overlays=self.overlays,
            within=box,
            max_size=max_size,
        )

    def live(self, labels: str | Sequence[str], um_per_px: float | None = None, **options: Any) -> LivePixels:
        """Learn to tell labels apart from what is drawn, and show what is found in view, while one draws.

        It learns from stored annotations of the shown version and from unsaved shapes: lines are strokes,
        points discs, polygons regions. Another call ends the one before.

        Parameters
        ----------
        labels : str or sequence of str
            What to tell apart; where strokes overlap, the label named first holds.
        um_per_px : float, optional
            Resolution of the model. By default 1 µm, or the slide's own if that is coarser or unknown.
        **options
            `background_label`, the label of what none of `labels` is, which is not painted; `stroke_width` in
            pixels of the model; `downsample`, level-0 pixels per pixel of the model, instead of `um_per_px`;
            parameters of `wsinb.trees.PixelForest`.

        Returns
        -------
        LivePixels
            With the model, and what to pause, stop and save it by.

        Raises
        ------
        InvalidInput
            If there is only one label, or a parameter is out of range.
        UnknownMpp
            If `um_per_px` is given and the slide does not know its pixel size.

        Examples
        --------
        >>> live = viewer.live(["tumor", "stroma"], um_per_px=1.0)  # doctest: +SKIP
        >>> live.save("tumor-or-stroma")  # doctest: +SKIP
        """
        from wsinb.view.live import LivePixels

        before, self._live = self._live, None
        if before is not None:
            before.stop()
        self._live = LivePixels(self, labels, um_per_px, **options)
        return self._live

    def close(self) -> None:
        """Take the viewer away; what it learns live ends."""
        if self._live is not None:
            self._live.stop()
        super().close()

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

    def _check_column(self, name: str) -> None:
        from wsinb.serve.vectors.colouring import check_colouring

        project = self.project
        if project is not None:
            check_colouring(name, lambda: project.checkout(self.shown_version).columns.values())

    def _check_version(self, version: str) -> None:
        if self.project is None:
            raise InvalidInput("A version needs a project: give one, or leave the version away.")
        self.project.resolve(version)

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
    def slide_name(self) -> str | None:
        """The name of the slide in its project; None without a project."""
        return self._name

    @property
    def _annotations(self) -> SlideCheckout | None:
        if self.project is None or self._name is None:
            return None
        return self.project.checkout(self.shown_version)[self._name]

    def _box_of(self, annotation: str) -> Box:
        stored = self._annotations
        if stored is None:
            raise UnknownAnnotation("This viewer shows a file without a project: it has no annotations.")
        found = stored.find([annotation])
        if not len(found) or found.geometry.iloc[0] is None:
            raise UnknownAnnotation(
                f"Slide {self._name!r} has no annotation {annotation!r} in {self.shown_version!r}: "
                "take ids from the column 'id' of project.read."
            )
        return Box(*found.geometry.iloc[0].bounds)

    @property
    def _branch(self) -> str:
        return self.layer.branch or "main"

    def __repr__(self) -> str:
        return self._text

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return view_bundle(self, self._text, self.picture)
