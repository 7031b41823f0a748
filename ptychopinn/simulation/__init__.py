"""Scans with a known answer, reproducible from a seed."""
