"""Speed of extra-trees, as ratios to peers in the same run."""
