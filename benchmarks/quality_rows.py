"""The scans of `time_to_quality.py`, by name: what is scanned, with how much light, and how well its probe is known."""

import dataclasses
import fnmatch

import numpy as np

WIDTH, CURVATURE_RAD = 10 / 64, 1.5
"""Of the beam: its standard deviation, of the side, and its phase there."""

STEP, JITTER = 6 / 64, 0.25
"""Between neighbours, of the side; and the largest displacement, in steps."""


@dataclasses.dataclass(frozen=True)
class Row:
    """A scan.

    Args:
        object: str. A drawing of `ptychopinn.simulation`.
        photons: float. Of a pattern.
        size: int. Side of a pattern, in pixels.
        grid: int pair `(rows, columns)`: positions.
        overlap: float. Of neighbours, of the beam's diameter; that of `STEP` if not given.
        defocus_rad: float. Phase by which the probe is wrong at first, at its rms frequency; it is known where this is
            0, and moves where not.
    """

    object: str
    photons: float
    size: int = 64
    grid: tuple[int, int] = (28, 28)
    overlap: float | None = None
    defocus_rad: float = 0.0

    @property
    def name(self):
        """What the row is chosen by, as `leaves-1e5-64-defocused`."""
        drawn = self.object.removeprefix("dead_")
        light = f"{self.photons:.0e}".replace("e+0", "e")
        more = ["sparse"] * (self.overlap is not None) + ["defocused"] * self.moves_probe
        return "-".join([drawn, light, str(self.size), *more])

    @property
    def moves_probe(self):
        """Whether the probe has to be found too."""
        return self.defocus_rad != 0


DRAWINGS = ("lines", "dead_leaves")
QUICK = Row("lines", 1e5, size=32, grid=(8, 8))
ROWS = [
    *(Row(drawn, photons, size) for size in (64, 128) for drawn in DRAWINGS for photons in (1e5, 1e9)),
    *(Row(drawn, photons) for drawn in DRAWINGS for photons in (1e4, 1e3)),
    *(Row(drawn, 1e5, grid=(8, 10), overlap=0.3) for drawn in DRAWINGS),
    *(Row(drawn, photons, defocus_rad=1.0) for drawn in DRAWINGS for photons in (1e5, 1e9)),
]


def chosen(patterns):
    """Return the rows whose names are as one of some shell patterns; all if there are none."""
    return [row for row in ROWS if not patterns or any(fnmatch.fnmatchcase(row.name, one) for one in patterns)]


def simulate(row, seed=0):
    """Simulate the scan of a row: Scan, with its object, and with the probe to start from."""
    from ptychopinn.simulation import objects, positions, probes, scans

    probe = probes.gaussian(row.size, WIDTH, CURVATURE_RAD)
    step = STEP * row.size if row.overlap is None else (1 - row.overlap) * diameter(probe)
    shape = tuple(4 * int(np.ceil((row.size + (count - 1 + 2 * JITTER) * step) / 4)) for count in row.grid)
    drawing = objects.OBJECTS[row.object](max(shape), seed)
    places = positions.jittered_raster(shape, row.size, step, JITTER, seed)
    scan = scans.simulate(objects.transmission(drawing), probe, places, row.photons, seed)
    return dataclasses.replace(scan, probe_guess=defocused(scan.probe_guess, row.defocus_rad))


def diameter(probe):
    """Return the diameter of the disc that has the area which a probe `(mode, y, x)` lights, in pixels."""
    from ptychopinn.physics.probes import effective_area

    return 2 * np.sqrt(effective_area(probe) / np.pi)


def defocused(probe, phase_rad):
    """Propagate a probe `(mode, y, x)` so far that the phase at the rms of its frequencies is turned by an angle."""
    from ptychopinn.physics.numpy_physics import near_field
    from ptychopinn.physics.probes import mean_square_frequency

    if not phase_rad:
        return probe
    return near_field(probe, -phase_rad / (np.pi * mean_square_frequency(probe))).astype(np.complex64)
