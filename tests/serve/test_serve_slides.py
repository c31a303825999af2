"""What a viewer is told of a slide: its file, its levels, and what the project keeps with it."""

from __future__ import annotations

import wsinb


def test_the_file_and_its_levels_are_told(server, slide_file):
    described = server.get("slide", {"path": "slides/example.tif"}).json
    assert described["file"] == slide_file.name
    with wsinb.open_slide(slide_file) as slide:
        assert described["levels"] == [list(level.size) for level in slide.levels]
    assert described["levels"][0] == [described["width"], described["height"]]


def test_checksum_and_metadata_of_the_project_are_told(server, study):
    project = wsinb.open_project(server.root / study["project"])
    project.slides.set_metadata(study["slide"], {"patient": "P-17", "stain": "HE"})
    described = server.get("slide", study).json["project"]
    assert described["metadata"] == {"patient": "P-17", "stain": "HE"}
    assert described["checksum"] == project.slides[study["slide"]].checksum
