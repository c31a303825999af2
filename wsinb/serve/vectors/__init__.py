"""Annotations as binary tiles: laid out once a version, drawn by tile, brought up to date by edits."""
