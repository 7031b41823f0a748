"""Files of other programs, spoilt, and opened through the table of sources: for `mutations.py`."""

import foreign_files
import h5py
import hdf5_mutators
import mutators
import numpy as np
from mutation_kinds import Spoilt, applied, spoilt_archive
from mutations import AS_WRITTEN, EQUAL, WRONG

UNITS = (None, "px", "m", "mm", "um", "nm", "step")
TEXT = b":/-_ .*[]{}&!'\"#\n\t\x00\xff0123456789eEnNaAiIfF,;"


class Sources:
    """Files of every foreign format, as their sources read them."""

    def __init__(self, names=tuple(foreign_files.FILES), files=foreign_files.FILES):
        self.names, self.files = names, files

    def spoil(self, draw, folder):
        """Write files as a program does, and spoil one of them."""
        name = self.names[draw.integers(len(self.names))]
        given, self.known = self.files[name](folder)
        paths = sorted(path for path in folder.iterdir() if path.is_file())
        path = paths[draw.integers(len(paths))]
        what = None
        if h5py.is_hdf5(path):
            how, damaged, what = self._spoil_hdf5(draw, path)
        elif path.suffix == ".npz":
            with np.load(path) as file:
                spoilt = spoilt_archive(
                    draw, {key: file[key] for key in file.files if file[key].dtype.kind != "U"}, path
                )
            how, damaged, what = spoilt.how, spoilt.damaged, spoilt.what
        else:
            how, damaged = self._spoil_bytes(draw, path), True
        return Spoilt(given, f"{how} in {path.name} of {name}", damaged, what=what)

    def judge(self, spoilt):
        """Read what the file holds, and look whether it can be what a recording holds."""
        from ptychopinn.formats.opened import Opened
        from ptychopinn.formats.sources.table import BEFORE_PTYCHOPINN, SOURCES

        opened = Opened(spoilt.path)
        source = next((one for one in (*BEFORE_PTYCHOPINN, *SOURCES) if one.recognises(opened)), None)
        if source is None:
            raise ValueError(f"No source. Received: {opened.contents}. Convert it.")
        recording = source.record(opened)
        values = recording.patterns[: max(1, min(len_of(recording), (1 << 24) // pixels_of(recording)))]
        if not is_plausible(recording, values):
            return WRONG
        return EQUAL if is_known(recording, values, self.known) else AS_WRITTEN

    @staticmethod
    def _spoil_hdf5(draw, path):
        if draw.random() < 0.3:
            return Sources._spoil_bytes(draw, path), True, None
        with h5py.File(path, "r+") as file:
            found = []
            file.visititems(lambda name, node: found.append(name) if isinstance(node, h5py.Dataset) else None)
            where = "/" + found[draw.integers(len(found))] if found else "/"
            how, _ = applied(draw, hdf5_mutators.MUTATORS, file, where) if found else ("nothing", None)
        return f"{how} of {where}", False, (path.name, where)

    @staticmethod
    def _spoil_bytes(draw, path):
        content = path.read_bytes()
        if path.suffix in (".yaml", ".csv"):
            content = bytearray(content)
            for place in draw.integers(0, len(content), draw.integers(1, 6)):
                content[place] = TEXT[draw.integers(len(TEXT))]
            path.write_bytes(content)
            return "other characters"
        ways = (mutators.flip, lambda draw, whole: mutators.flip(draw, whole, 0, 0.1), mutators.cut, mutators.blank)
        path.write_bytes(ways[draw.integers(len(ways))](draw, content))
        return "other bytes"


class Results(Sources):
    """Reconstructions of every foreign format, as `read_reconstruction` opens them."""

    def __init__(self):
        super().__init__(tuple(foreign_files.RESULTS), foreign_files.RESULTS)

    def judge(self, spoilt):
        """Read the image, and look whether what is beside it can be."""
        from ptychopinn.formats import read_reconstruction

        found = read_reconstruction(spoilt.path)
        positions, pixel = found.positions, found.pixel_size_m
        finite = np.isfinite(found.object).all() and (positions is None or np.isfinite(positions).all())
        if not finite or not (pixel is None or pixel > 0):
            return WRONG
        return EQUAL if np.array_equal(found.object, self.known["object"]) else AS_WRITTEN


def same_numbers(one, other):
    return np.shape(one) == np.shape(other) and np.allclose(one, other)


def len_of(recording):
    return recording.patterns.shape[0]


def pixels_of(recording):
    return int(np.prod(recording.patterns.shape[1:]))


def is_plausible(recording, values):
    """Tell whether the fields of a recording are of the kinds that its docstring names."""
    frame = tuple(recording.patterns.shape[1:])
    positions, numbers = recording.positions, (recording.energy_eV, recording.distance_m, recording.pixel_size_m)
    pixels = recording.detector_pixel_m or ()
    checks = [
        values.ndim == 3 and values.dtype.kind in "biuf" and values.shape[1:] == frame,
        positions is None or (positions.ndim == 2 and positions.shape[1] == 2 and np.isfinite(positions).all()),
        recording.unit in UNITS and (positions is not None or recording.unit is None),
        all(one is None or (isinstance(one, float) and np.isfinite(one) and one > 0) for one in (*numbers, *pixels)),
        recording.mask is None or (recording.mask.dtype == bool and recording.mask.shape == frame),
        recording.probe is None or (recording.probe.ndim == 3 and np.isfinite(recording.probe).all()),
        recording.object is None or recording.object.ndim == 2,
        recording.measurement in (None, "counts", "amplitude"),
        all("\n" not in note and note.isprintable() for note in recording.notes),
    ]
    return all(checks)


def is_known(recording, values, known):
    """Tell whether patterns, positions and geometry are what the program wrote."""
    if values.shape != known["patterns"].shape or not np.array_equal(values, known["patterns"]):
        return False
    for field in ("positions", "unit", "energy_eV", "distance_m", "detector_pixel_m", "pixel_size_m", "mask", "probe"):
        found, wanted = getattr(recording, field), known.get(field)
        if (found is None) != (wanted is None):
            return False
        if found is not None and not (found == wanted if isinstance(wanted, str) else same_numbers(found, wanted)):
            return False
    return True
