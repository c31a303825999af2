"""Accuracy on real data, against simpler methods in the same run."""
