"""What stands under a path of an HDF5 file, followed link by link: none may lead in circles or nowhere."""

import pathlib

import h5py

from ptychopinn.formats.unpacking import Damaged
from ptychopinn.printable import printable

MOST_LINKS = 32
"""Links that are followed on the way to an array."""


def resolve(group: h5py.Group, path: str, name: str, links: int = MOST_LINKS) -> h5py.Group | h5py.Dataset | None:
    """Return the group or dataset under a path, or None where there is none.

    Args:
        group: h5py.Group that the path begins at, or its file's root where it begins with a slash.
        path: str.
        name: str. What to call the file.
        links: int. How many links may be followed.

    Raises:
        Damaged: if links lead in circles, or to a file that is not there.
    """
    here: h5py.Group | h5py.Dataset = group.file["/"] if path.startswith("/") else group
    parts = [part for part in path.split("/") if part not in ("", ".")]
    for place, part in enumerate(parts):
        if not isinstance(here, h5py.Group):
            return None
        link = here.get(part, getlink=True)
        if isinstance(link, h5py.HardLink):
            here = here[part]
            continue
        if not isinstance(link, h5py.SoftLink | h5py.ExternalLink):
            return None
        if not links:
            raise Damaged(
                f"{name}: links under {printable(path)[:100]} must lead to an array. Received: more than {MOST_LINKS} "
                "links, one after the other. Mend the links, or give the file that holds the array."
            )
        rest = "/".join([link.path, *parts[place + 1 :]])
        if isinstance(link, h5py.SoftLink):
            return resolve(here, rest, name, links - 1)
        return resolve(linked_file(here, link, name), rest, name, links - 1)
    return here if isinstance(here, h5py.Group | h5py.Dataset) else None


def linked_file(group: h5py.Group, link: h5py.ExternalLink, name: str) -> h5py.Group:
    """Open the file that an external link leads to, beside the file of the link unless it says where: its root.

    Raises:
        Damaged: if there is no such HDF5 file.
    """
    path = beside(group.file.filename, link.filename)
    if path is None:
        raise Damaged(
            f"{name} must find the file that it links to. Received: link={printable(link.filename)[:200]}, which is no "
            "file there. Copy that file beside it."
        )
    if not h5py.is_hdf5(path):
        raise Damaged(
            f"{name} must link to HDF5 files. Received: link={printable(link.filename)[:200]}, which is none, or "
            "truncated. Copy that file again."
        )
    return h5py.File(path)["/"]


def beside(file: str, name: str) -> pathlib.Path | None:
    """Return the regular file of a name that is meant from another file, or None: where it says, else beside that."""
    said = pathlib.Path(file).parent / name
    for path in (said, pathlib.Path(file).parent / said.name):
        try:
            if path.is_file():
                return path
        except (OSError, ValueError):
            return None
    return None
