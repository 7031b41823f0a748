"""Files of other programs, spoilt, and opened as a user opens them: recorded, prepared, all patterns read."""

import pathlib
import tempfile

import foreign_files
import h5py
import mutation_kinds
import numpy as np
from mutations import AS_WRITTEN, EQUAL, SAID, UNKNOWABLE, WRONG
from source_mutations import Sources

NEW_WORDS = ("with_more", "renamed", "odd_attribute")
"""Mutators that may say what the file did not: whatever is read so is said by the file."""


class Scans(Sources):
    """Files of one program.

    What a file holds may differ from what was written in what the changed array tells, and in what is said on the
    screen. What an array tells is found by changing it a little, in ways that no reader can take for a fault.

    Args:
        name: str. Among `foreign_files.FILES`.
    """

    def __init__(self, name):
        super().__init__((name,))
        self.name = name
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            _, self.known = self.files[name](folder)
            paths = [path.name for path in folder.iterdir() if path.is_file()]
            self.aside = tempfile.TemporaryDirectory()
            self.options = options_for(self.known, pathlib.Path(self.aside.name))
            self.content, self.notes = self._opened(self._written(folder / "intact"))
            self.tells = {(path, key): self._told_by(folder, path, key)
                          for path in paths for key in keys_of(folder / path)}  # fmt: skip

    def judge(self, spoilt):
        """Read the scan, and compare it with the one that was written."""
        content, notes = self._opened(spoilt.path)
        changed = differing(content, self.content)
        if not changed:
            return EQUAL
        if not is_plausible(content):
            return WRONG
        if set(notes) - set(self.notes):
            return SAID
        if spoilt.damaged:
            return WRONG if spoilt.path.suffix == ".npz" else UNKNOWABLE
        if spoilt.how.startswith(NEW_WORDS):
            return AS_WRITTEN
        return AS_WRITTEN if changed <= self.tells.get(spoilt.what, set()) else WRONG

    def _opened(self, path):
        from ptychopinn import read_scan

        scan = read_scan(path, preparation=self.options)
        content = mutation_kinds.content_of(scan)
        content["positions"] = content["positions"] - content["positions"].mean(
            axis=0
        )  # of the object, if there is one
        return content, scan.notes

    def _written(self, folder):
        folder.mkdir()
        return self.files[self.name](folder)[0]

    def _told_by(self, folder, path, key):
        """Return what of a scan changes with an array."""
        told = {"object"} if key.endswith(("object", "objectGuess", "image_2/data")) else set()
        for number, change in enumerate((scaled, rolled, turned)):
            inside = folder / f"{path}{key.replace('/', '-')}{number}"
            given = self._written(inside)
            rewrite(inside / path, key, change)
            try:
                told |= differing(self._opened(given)[0], self.content)
            except (ValueError, OSError):
                continue
        return told


def options_for(known, folder):
    """Return what a user has to say of a file that does not say it."""
    from ptychopinn.preparation.params import Preparation

    said = {}
    if known.get("positions") is None:
        np.save(folder / "positions.npy", foreign_files.METRES)
        said |= {"positions_from": str(folder / "positions.npy"), "units": "m"}
    if known.get("unit") == "step":
        said["scan_step"] = 5.0
    if known.get("unit") not in ("px", "step") and known.get("pixel_size_m") is None:
        said["pixel_size"] = 1e-9 if known.get("electrons") else foreign_files.OBJECT_PIXEL
    return Preparation(**said)


def keys_of(path):
    """List the arrays of a file."""
    if h5py.is_hdf5(path):
        with h5py.File(path) as file:
            found = []
            file.visititems(lambda name, node: found.append("/" + name) if isinstance(node, h5py.Dataset) else None)
        return found
    if path.suffix == ".npz":
        with np.load(path) as file:
            return [key for key in file.files if file[key].dtype.kind in "biufc"]
    return []


def rewrite(path, key, change):
    """Change an array of a file."""
    if path.suffix == ".npz":
        with np.load(path) as file:
            arrays = dict(file)
        np.savez(path, **arrays | {key: change(arrays[key])})
        return
    with h5py.File(path, "r+") as file:
        if file[key].dtype.kind in "biufc":
            file[key][...] = change(file[key][()])


def scaled(values):
    """Make numbers a little larger."""
    return (values * np.float32(1.0625)).astype(values.dtype)


def rolled(values):
    """Move numbers along their first axis."""
    return np.roll(values, 1, axis=0) if np.ndim(values) else values


def turned(values):
    """Move numbers along their last axis."""
    return np.roll(values, 1, axis=-1) if np.ndim(values) else values


def differing(content, other):
    """Return what differs between two contents of scans."""
    both = content.keys() & other.keys()
    return (content.keys() ^ other.keys()) | {
        key for key in both if not mutation_kinds.same({key: content[key]}, {key: other[key]})
    }


def is_plausible(content):
    """Tell whether a scan could be of the world: finite, and lengths, energies and light above 0."""
    numbers = [content[key] for key in ("photons", "pixel_size_m", "energy_eV", "distance_m") if key in content]
    arrays = [content[key] for key in ("amplitudes", "positions", "probe", "object") if key in content]
    finite = all(np.isfinite(array).all() for array in (*arrays, *numbers))
    return finite and all(number > 0 for number in numbers) and content["amplitudes"].min() >= -1
