"""Edits that are not committed yet, on disk at once."""
