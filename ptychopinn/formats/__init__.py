"""File formats: sources of scans (`scans.SCANS`) and of results (`results.RESULTS`), each a file of this folder."""

from ptychopinn.formats.results import read_reconstruction
from ptychopinn.formats.scans import holds_patterns, read_scan, scan_files

__all__ = ["holds_patterns", "read_reconstruction", "read_scan", "scan_files"]
