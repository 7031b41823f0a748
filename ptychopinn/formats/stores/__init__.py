"""Containers of named arrays, of whatever format, that sources read in one way: HDF5, NPZ, NPY and MATLAB's MAT."""

from ptychopinn.formats.stores.store import Store

__all__ = ["Store"]
