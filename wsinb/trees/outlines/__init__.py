"""From masks to polygons and back, and joined over the seams of tiles."""
