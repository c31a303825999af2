"""Speed and memory of versions: ``python -m benchmarks.versions`` prints one JSON line a figure."""
