"""Commits, refs and how they hang together."""
