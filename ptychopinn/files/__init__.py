"""Files that are written whole or not at all, in folders that have one writer."""

from ptychopinn.files.generation import read_standing, write_together
from ptychopinn.files.lock import writing
from ptychopinn.files.whole import checksum, sweep, write_all, write_whole

__all__ = ["checksum", "read_standing", "sweep", "write_all", "write_together", "write_whole", "writing"]
