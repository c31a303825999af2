"""Where versions are kept: bytes under keys, immutable but for the refs."""
