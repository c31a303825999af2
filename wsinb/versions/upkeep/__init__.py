"""Keeping the store in order: merging, folding, clearing away, checking. Tables and history stay equal."""
