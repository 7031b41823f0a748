"""The table of sources: each tells a file from its content, and says what it holds as a `Recording`."""

import typing

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.sources import (
    bare_arrays,
    csaxs,
    cxi,
    description,
    eiger,
    emd,
    fold_slice,
    nanomax,
    nsls2,
    nsls2_matlab,
    nxcxi,
    ptychodus,
    ptychodus_cxi,
    ptychodus_training,
    ptychopinn_hdf5,
    ptylab,
    ptypy,
    received,
    slac_npz,
)


class Source(typing.Protocol):
    """What a module that reads scans of one format offers."""

    NAME: str
    """The format in words, with its keys."""

    def recognises(self, opened: Opened) -> bool:
        """Tell whether the file is of this format, from its content and not its name."""

    def record(self, opened: Opened) -> Recording:
        """Say what the file holds, in its own units; its patterns are read as they are indexed."""


BEFORE_PTYCHOPINN: tuple[Source, ...] = (slac_npz,)
"""What shares a key with PtychoPINN's own NPZ, and is told from it by others."""

SOURCES: tuple[Source, ...] = (
    description, received, ptychodus_training, ptychodus, nxcxi, ptychodus_cxi, cxi, ptypy, ptylab, nanomax, csaxs,
    nsls2_matlab, nsls2, fold_slice, ptychopinn_hdf5, eiger, emd, bare_arrays,
)  # fmt: skip
"""Formats in the order that they are looked for: those with many words of their own before those with few."""
