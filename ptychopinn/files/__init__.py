"""Files that are written whole or not at all, in folders that have one writer."""

from ptychopinn.files.generation import is_standing, read_standing, write_together
from ptychopinn.files.lock import writing
from ptychopinn.files.whole import checksum, sweep, write_all, write_whole

__all__ = ["checksum", "is_standing", "read_standing", "sweep", "write_all", "write_together", "write_whole", "writing"]
