"""Data: scans, the groups of their patterns, and batches of groups."""
