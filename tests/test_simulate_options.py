"""The law that an option acts, for a simulation: each changes the arrays or the files that are written."""

import numpy as np
import pytest
from refusal import ptycho
from skimage.io import imsave

from ptychopinn.simulation import objects, probes
from ptychopinn_cli.options import user_fields
from ptychopinn_cli.simulate import SECTIONS

SMALL = {"object_file": "--size 32 --step 16", "positions_file": "--size 32 --object-size 72"}
"""What keeps a simulation small, where it is not the same for all: a file has its own size or step."""

ZONE_PLATE = "--probe zone-plate --distance-m 0.5"
GEOMETRY = "--energy-eV 9000 --distance-m 1 --detector-pixel-m 1e-4"
CHANGES = {
    "object": ("", "--object grf"),
    "object_size": ("", "--object-size 88"),
    "phase_max": ("", "--phase-max 1"),
    "image_file": ("--object from-image --image-file {a.png}", "--image-file {b.png}"),
    "phase_file": ("--object from-image --image-file {a.png}", "--phase-file {b.png}"),
    "object_file": ("--object from-file --object-file {a.npz}", "--object-file {b.npz}"),
    "probe": ("", "--probe gaussian"),
    "size": ("", "--size 40"),
    "disc_diameter": ("", "--disc-diameter 0.5"),
    "gaussian_width": ("--probe gaussian", "--gaussian-width 0.2"),
    "gaussian_curvature": ("--probe gaussian", "--gaussian-curvature 2"),
    "zone_plate_diameter_m": (ZONE_PLATE, "--zone-plate-diameter-m 1e-4"),
    "outer_zone_width_m": (ZONE_PLATE, "--outer-zone-width-m 6e-8"),
    "central_stop_m": (ZONE_PLATE, "--central-stop-m 4e-5"),
    "defocus_m": (ZONE_PLATE, "--defocus-m 1e-4"),
    "zernike_pupil": ("--probe zernike", "--zernike-pupil 0.5"),
    "zernike_rms": ("--probe zernike", "--zernike-rms 2"),
    "probe_file": ("--probe from-file --probe-file {a.npz}", "--probe-file {b.npz}"),
    "probe_resize": ("--probe from-file --probe-file {a.npz}", "--probe-resize interpolate"),
    "modes": ("", "--modes 2"),
    "mode_power": ("--modes 2", "--mode-power 0.6"),
    "energy_eV": (GEOMETRY, "--energy-eV 8000"),
    "distance_m": (GEOMETRY, "--distance-m 2"),
    "detector_pixel_m": (GEOMETRY, "--detector-pixel-m 2e-4"),
    "scan": ("", "--scan spiral"),
    "step": ("", "--step 12"),
    "jitter": ("", "--jitter 0.1"),
    "positions_file": ("--scan from-file --positions-file {a.csv}", "--positions-file {b.csv}"),
    "position_error": ("", "--position-error 0.5"),
    "photons": ("", "--photons 1e6"),
    "background": ("", "--background 5"),
    "dead_pixels": ("", "--dead-pixels 0.1"),
    "fresnel_number": ("", "--fresnel-number 0.1"),
    "beamstop": ("", "--beamstop 3"),
    "seed": ("", "--seed 1"),
    "objects": ("", "--objects 2"),
    "train_fraction": ("--object-size 128", "--train-fraction 0.4"),
}
"""What is simulated, and the option that changes it."""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two of every kind of file that a simulation reads, by name."""
    folder = tmp_path_factory.mktemp("files")
    y, x = np.mgrid[:72, :72].astype(np.uint8)
    for name, image, seed in (("a", x + 1, 1), ("b", y + 1, 2)):
        imsave(folder / f"{name}.png", image, check_contrast=False)
        probe = probes.gaussian(64, width=0.1 * seed)
        np.savez(folder / f"{name}.npz", objectGuess=objects.lines(72, seed=seed), probeGuess=probe)
        (folder / f"{name}.csv").write_text(f"30,3{seed}\n40,40\n")
    return {path.name: path for path in folder.iterdir()}


def written(folder, words):
    done = ptycho("simulate", folder / "s.npz", *words.split())
    assert done.exit_code == 0, done.output
    return {path.name: dict(np.load(path)) for path in folder.glob("*.npz")}


@pytest.mark.parametrize("name", [field.name for section in SECTIONS for field in user_fields(section)])
def test_every_option_of_a_simulation_changes_what_is_written(tmp_path, files, name):
    base, change = CHANGES[name]
    for path in files:
        base, change = (words.replace(f"{{{path}}}", str(files[path])) for words in (base, change))
    small = SMALL.get(name, "--size 32 --object-size 72 --step 16")
    before = written(tmp_path / "before", f"{small} {base}")
    after = written(tmp_path / "after", f"{small} {base} {change}")
    assert set(before) != set(after) or any(
        array.shape != other.get(key, np.zeros(0)).shape or np.any(array != other[key])
        for one, other in zip(after.values(), before.values())
        for key, array in one.items()
        if key != "_metadata"
    )
