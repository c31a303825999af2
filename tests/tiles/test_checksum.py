"""Checksums and the files that belong to a slide."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from wsinb.tiles.checksum import companions, slide_checksum


def dicom(path: Path, series: str, name: str) -> Path:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = meta.MediaStorageSOPInstanceUID = generate_uid()
    data = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    data.SeriesInstanceUID, data.PatientName = series, name
    pydicom.dcmwrite(path, data)
    return path


def test_all_files_of_a_dicom_series_have_one_checksum(tmp_path: Path) -> None:
    one, two = dicom(tmp_path / "1.dcm", "1.2.3", "a"), dicom(tmp_path / "2.dcm", "1.2.3", "b")
    other = dicom(tmp_path / "3.dcm", "1.2.4", "c")
    (tmp_path / "4.dcm").write_bytes(b"no dicom")
    assert companions(one) == [two]
    assert companions(other) == []
    assert slide_checksum(one) == slide_checksum(two) != slide_checksum(other)
    before = slide_checksum(one)
    dicom(two, "1.2.3", "changed")
    assert slide_checksum(one) != before


def test_the_folder_of_a_mrxs_counts(tmp_path: Path) -> None:
    slide, folder = tmp_path / "s.mrxs", tmp_path / "s"
    slide.write_bytes(b"index")
    alone = slide_checksum(slide)
    (folder / "deep").mkdir(parents=True)
    (folder / "Slidedat.ini").write_text("x")
    (folder / "deep" / "Data0.dat").write_text("y")
    first = slide_checksum(slide)
    (folder / "deep" / "Data0.dat").write_text("z")
    assert len({alone, first, slide_checksum(slide)}) == 3


def test_a_vms_names_its_pictures_but_none_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    (tmp_path / "secret.jpg").write_text("secret")
    (folder / "a.jpg").write_text("a")
    slide = folder / "s.vms"
    slide.write_text(
        "[Virtual Microscope Specimen]\nImageFile=a.jpg\nMapFile=../secret.jpg\nMacroImage=gone.jpg\n"
    )
    assert companions(slide) == [folder / "a.jpg"]


@pytest.mark.parametrize("content", [b"", b"x", bytes(3 << 20)])
def test_a_checksum_does_not_depend_on_where_a_slide_lies(content: bytes, tmp_path: Path) -> None:
    places = [tmp_path / "a", tmp_path / "b"]
    for place in places:
        place.mkdir()
        (place / "s.mrxs").write_bytes(content)
        (place / "s").mkdir()
        (place / "s" / "d.dat").write_bytes(content)
    assert slide_checksum(places[0] / "s.mrxs") == slide_checksum(places[1] / "s.mrxs")
