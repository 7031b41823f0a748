"""Simulated experiments: from options to scans, and to files."""

import dataclasses
import functools
import importlib.metadata
import json
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.files import write_all
from ptychopinn.formats import ptychopinn_npz
from ptychopinn.physics.experiment import Experiment
from ptychopinn.physics.optics import optics_at
from ptychopinn.physics.wavelengths import far_field_pixel_m, wavelength_m
from ptychopinn.simulation import modes, probes, pupils, sources
from ptychopinn.simulation import positions as places
from ptychopinn.simulation.detector import bad_pixels
from ptychopinn.simulation.memory import check_simulation
from ptychopinn.simulation.objects import OBJECTS, transmission
from ptychopinn.simulation.params import ObjectParams, PositionParams, ProbeParams, SimulationParams
from ptychopinn.simulation.scans import simulate_experiment

STREAMS = ("positions", "errors", "noise", "aberrations", "dead")
"""What is random, besides the object, which has the seed itself: each has a seed of its own."""

ZONE_PLATE_GEOMETRY = {"energy_eV": 8800.0, "distance_m": 1.0, "detector_pixel_m": 75e-6}


@dataclasses.dataclass(frozen=True)
class Simulated:
    """A simulated scan and how it was made.

    Args:
        scan: Scan, at the positions that a user would be told.
        true_positions: float array `(pattern, 2)`, pixels; `None` where they are the scan's.
        metadata: dict for JSON: the options that made it.
    """

    scan: Scan
    true_positions: np.ndarray | None
    metadata: dict[str, Any]

    def part(self, indices: np.ndarray, **metadata: Any) -> "Simulated":
        """Return the experiment with some of its patterns only."""
        kept, true = self.scan, self.true_positions
        return Simulated(
            dataclasses.replace(kept, patterns=kept.patterns[indices], positions=kept.positions[indices]),
            None if true is None else true[indices],
            self.metadata | metadata,
        )


def run(params: SimulationParams) -> dict[str, Simulated]:
    """Simulate the scans that the options ask for.

    Args:
        params: SimulationParams.

    Returns:
        dict from what the file's name ends in (`""`, or `"-train"`, `"-test-2"` and the like) to `Simulated`.

    Raises:
        MemoryError: if the scans would not fit in memory.
        ValueError: where the options cannot belong together.
    """
    check_simulation(params)
    count, fraction = params.files.objects, params.files.train_fraction
    if count > 1:
        training = min(max(round(count * (0.5 if fraction is None else fraction)), 1), count - 1)
        names = (*numbered("-train", training), *numbered("-test", count - training))
        return {name: experiment(params, index) for index, name in enumerate(names)}
    whole = experiment(params)
    if fraction is None:
        return {"": whole}
    ways = [whole.scan.positions, *([] if whole.true_positions is None else [whole.true_positions])]
    train, test = places.split(np.stack(ways), params.probe.size, fraction)
    return {"-train": whole.part(train, part="train"), "-test": whole.part(test, part="test")}


def experiment(params: SimulationParams, index: int = 0) -> Simulated:
    """Simulate the scan of one object, the `index`-th of the options' seed: `Simulated`."""
    files, detector = params.files, params.detector
    shared, own = seeds(files.seed), seeds(files.seed + index)
    obj = make_object(params.object, files.seed + index)
    known: Any = geometry(params.probe)
    probe = make_probe(params.probe, known, shared["aberrations"])
    stored, true = make_positions(params.positions, obj.shape, params.probe.size, own)
    bad = bad_pixels(params.probe.size, detector.dead_pixels, detector.beamstop, shared["dead"])
    whole = Experiment(obj, probe, optics=optics_at(detector.fresnel_number), background=detector.background)
    scan = simulate_experiment(whole, true, detector.photons, own["noise"], bad)
    known.pop("detector_pixel_m", None)
    versions = {name: importlib.metadata.version(name) for name in ("ptychopinn", "numpy", "scipy", "scikit-image")}
    metadata = {"simulated": params.to_dict(), "object_seed": files.seed + index, "part": "all", "versions": versions}
    return Simulated(dataclasses.replace(scan, positions=stored, **known), None if true is stored else true, metadata)


def make_object(params: ObjectParams, seed: int) -> np.ndarray:
    """Make the object that the options name: complex64 array `(y, x)`."""
    if params.object == "from-file":
        return sources.read_object(str(params.object_file))
    if params.object == "from-image":
        image = sources.read_image(str(params.image_file), params.object_size)
        second = sources.read_image(params.phase_file, params.object_size) if params.phase_file else None
        return transmission(image, params.phase_max, second)
    return transmission(OBJECTS[params.object](params.object_size, seed), params.phase_max)


def make_probe(params: ProbeParams, known: Mapping[str, float], seed: int) -> np.ndarray:
    """Make the probe that the options name: complex64 array `(mode, y, x)`; `known` is its `geometry`."""
    if params.probe == "disc":
        probe = probes.disc(params.size, params.disc_diameter)
    elif params.probe == "gaussian":
        probe = probes.gaussian(params.size, params.gaussian_width, params.gaussian_curvature)
    elif params.probe == "zone-plate":
        probe = pupils.zone_plate(
            params.size, known["pixel_size_m"], wavelength_m(known["energy_eV"]), params.outer_zone_width_m,
            params.zone_plate_diameter_m, params.central_stop_m, params.defocus_m,
        )  # fmt: skip
    elif params.probe == "zernike":
        probe = pupils.zernike(params.size, params.zernike_pupil, params.zernike_rms, seed)
    else:
        probe = modes.resize(sources.read_probe(str(params.probe_file)), params.size, params.probe_resize)
    return probe if params.modes is None else modes.incoherent(probe, params.modes, params.mode_power)


def make_positions(
    params: PositionParams, shape: tuple[int, ...], size: int, streams: Mapping[str, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Make the positions that the options name: `(stored, true)`, one array where there is no error."""
    margin = places.largest_error(params.position_error)
    if params.scan == "raster":
        stored = places.raster(shape, size, params.step, margin)
    elif params.scan == "jittered":
        stored = places.jittered_raster(shape, size, params.step, params.jitter, streams["positions"], margin)
    elif params.scan == "spiral":
        stored = places.fermat_spiral(shape, size, params.step, margin)
    else:
        stored = sources.read_positions(str(params.positions_file))
    true = places.displaced(stored, params.position_error, streams["errors"]) if params.position_error else stored
    places.check_inside(true, shape, size)
    return stored, true


def geometry(params: ProbeParams) -> dict[str, float]:
    """Return what is known of `energy_eV`, `distance_m`, `detector_pixel_m`, and the `pixel_size_m` that they make."""
    given = {name: getattr(params, name) for name in ZONE_PLATE_GEOMETRY if getattr(params, name) is not None}
    known = {**(ZONE_PLATE_GEOMETRY if params.probe == "zone-plate" else {}), **given}
    if len(known) == len(ZONE_PLATE_GEOMETRY):
        known["pixel_size_m"] = far_field_pixel_m(
            wavelength_m(known["energy_eV"]), known["distance_m"], params.size, known["detector_pixel_m"]
        )
    return known


def seeds(seed: int) -> dict[str, int]:
    """Return independent seeds for `STREAMS`, by name, all from one."""
    return dict(zip(STREAMS, np.random.SeedSequence(seed).generate_state(len(STREAMS)).tolist()))


def numbered(name: str, count: int) -> list[str]:
    """Return `count` names: numbered, unless there is one."""
    return [name] if count == 1 else [f"{name}-{i}" for i in range(1, count + 1)]


def write(path: pathlib.Path, parts: Mapping[str, Simulated]) -> dict[pathlib.Path, Simulated]:
    """Write each scan to PtychoPINN's NPZ, and its metadata to JSON beside it: all of them, or none.

    Args:
        path: pathlib.Path, `x.npz`; a part named `-test` goes to `x-test.npz` and `x-test.json`. Its folder is made.
        parts: dict from name to `Simulated`.

    Returns:
        dict from the paths of the NPZ files to `Simulated`.
    """
    named = {path.with_name(f"{path.stem}{name}.npz"): made for name, made in parts.items()}
    writers: dict[pathlib.Path, Callable[[pathlib.Path], object]] = {}
    for scan, made in named.items():
        writers[scan] = functools.partial(
            ptychopinn_npz.write, scan=made.scan, true_positions=made.true_positions, metadata=made.metadata
        )
        text = json.dumps(made.metadata, indent=2) + "\n"
        writers[scan.with_suffix(".json")] = functools.partial(pathlib.Path.write_text, data=text)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_all(writers)
    return named
