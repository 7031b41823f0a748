"""Reconstruction: from patterns to one stitched object, and passes that refine it."""
