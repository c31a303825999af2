"""Benchmarks: each module prints one JSON line per comparison, see `benchmarks._report`."""
