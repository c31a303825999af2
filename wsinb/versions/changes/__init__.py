"""Differences between versions: as values, found, explained, merged and undone."""
