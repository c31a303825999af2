"""The browser's form of annotations: plain JSON objects with GeoJSON geometry.

A feature is ``{id, shape, shape_params, label, layer, score, geometry, properties}``;
coordinates are level-0 pixels with y down. It leaves out the columns that a person does
not edit in the viewer; a session keeps their stored values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from wsinb.annotate.checks import validate
from wsinb.errors import InvalidAnnotation
from wsinb.numbers import real

__all__ = ["FEATURE_KEYS", "from_features", "to_features"]

FEATURE_KEYS = ("id", "shape", "shape_params", "label", "layer", "score", "geometry", "properties")
MAX_REASON = 120
_TEXTS = ("id", "shape", "label", "layer")
_OBJECTS = ("shape_params", "properties")


def to_features(gdf: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return one feature a row of a validated annotation table."""
    geometries = shapely.to_geojson(np.asarray(gdf["geometry"].array, dtype=object))
    features: list[dict[str, Any]] = []
    for row, geometry in zip(gdf.to_dict("records"), geometries, strict=True):
        feature: dict[str, Any] = {name: _value(row[name]) for name in FEATURE_KEYS if name != "geometry"}
        feature["geometry"] = None if geometry is None else json.loads(geometry)
        feature["shape_params"] = _loads(feature["shape_params"])
        feature["properties"] = _loads(feature["properties"]) or {}
        features.append(feature)
    return features


def from_features(features: Any) -> gpd.GeoDataFrame:
    """Return features as a validated table with the columns that features have.

    Nothing in `features` is trusted. Rows without id get a new one. Columns that no
    feature names are left out, so that an update keeps their stored values.

    Raises
    ------
    InvalidAnnotation
        If a feature is malformed or describes no valid annotation.
    """
    if not isinstance(features, Sequence) or isinstance(features, str | bytes):
        raise InvalidAnnotation(f"Features are a list of JSON objects, not {type(features).__name__}.")
    for number, feature in enumerate(features):
        _check_feature(feature, number)
    named = [name for name in FEATURE_KEYS if any(name in feature for feature in features)]
    columns = {
        name: pd.Series([feature.get(name) for feature in features], dtype=object)
        for name in named
        if name not in ("geometry", "score")
    }
    if "score" in named:
        columns["score"] = pd.Series([feature.get("score") for feature in features], dtype="float64")
    geometries = np.empty(len(features), dtype=object)
    for number, feature in enumerate(features):
        geometries[number] = _geometry(feature.get("geometry"), number)
    frame = gpd.GeoDataFrame(columns, geometry=gpd.array.from_shapely(geometries), index=range(len(features)))
    kept = {"id", "geometry", "shape", "shape_params", *named}
    valid = validate(frame)
    return valid[[name for name in valid.columns if name in kept]]


def _check_feature(feature: Any, number: int) -> None:
    if not isinstance(feature, Mapping):
        raise InvalidAnnotation(f"Feature {number} is not a JSON object.")
    extra = sorted(str(name) for name in feature.keys() - set(FEATURE_KEYS))
    if extra:
        raise InvalidAnnotation(
            f"Feature {number} has an unknown member {extra[0]!r}: put such data into properties."
        )
    for name in _TEXTS:
        if not isinstance(feature.get(name), str | None):
            raise InvalidAnnotation(f"Feature {number} needs a text or null as its {name}.")
    for name in _OBJECTS:
        if not isinstance(feature.get(name), dict | None):
            raise InvalidAnnotation(f"Feature {number} needs a JSON object or null as its {name}.")
    score = feature.get("score")
    if isinstance(score, bool) or not isinstance(score, int | float | None):
        raise InvalidAnnotation(f"Feature {number} needs a number or null as its score.")
    if score is not None and real(score) is None:
        raise InvalidAnnotation(
            f"Feature {number} has a score that is not finite: give a number from 0 to 1 or null."
        )


def _geometry(geojson: Any, number: int) -> shapely.Geometry | None:
    if geojson is None:
        return None
    if not isinstance(geojson, Mapping):
        raise InvalidAnnotation(f"Feature {number} needs a GeoJSON geometry or null as its geometry.")
    try:
        return shapely.from_geojson(json.dumps(geojson, allow_nan=False))
    except (shapely.GEOSException, ValueError, TypeError, RecursionError) as error:
        reason = str(error).removesuffix(".")
        reason = reason if len(reason) <= MAX_REASON else f"{reason[:MAX_REASON]}..."
        raise InvalidAnnotation(
            f"Feature {number} has no readable geometry ({reason}): send GeoJSON with finite numbers."
        ) from error


def _value(value: Any) -> Any:
    return None if value is None or value is pd.NA or value != value else value


def _loads(text: str | None) -> Any:
    return None if text is None else json.loads(text)
