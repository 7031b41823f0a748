"""Read and write CXI with cdtools; runs in cdtools's environment, which needs no ptychopinn.

    python peer_cdtools.py '{"do": "read", "path": "scan.cxi", "out": "found.npz"}'
    python peer_cdtools.py '{"do": "write", "known": "known.npz", "path": "scan.cxi", "turned": false}'

What was read goes to `out`, an NPZ in the words of `counterparts.py`; positions are those at which cdtools's models put
the probe, in pixels from the first. The last line is JSON: the version.
"""

import importlib.metadata
import json
import sys

import numpy as np
import torch
from cdtools.datasets import Ptycho2DDataset
from cdtools.tools.initializers import exit_wave_geometry
from cdtools.tools.interactions import translations_to_pixel

HC_EV_M = 1.239841984e-6


def read(task):
    """Read a scan."""
    scan = Ptycho2DDataset.from_cxi(task["path"])
    geometry, side = scan.detector_geometry, scan.patterns.shape[-2:]
    basis = exit_wave_geometry(geometry["basis"], side, scan.wavelength, geometry["distance"])
    pixels = translations_to_pixel(basis, scan.translations)
    np.savez(
        task["out"], patterns=scan.patterns.numpy(), bad_pixels=~scan.mask.numpy().astype(bool),
        positions_px=(pixels - pixels[0]).numpy(), energy_eV=HC_EV_M / float(scan.wavelength),
        distance_m=float(geometry["distance"]), detector_pixel_m=np.linalg.norm(geometry["basis"][:, 1]),
        pixel_m=float(torch.linalg.norm(basis[:, 1])),
    )  # fmt: skip


def write(task):
    """Write a scan on a detector whose rows run down and columns to the right, or one that lies on its side."""
    with np.load(task["known"]) as file:
        known = dict(file)
    pixel, (y, x) = float(known["detector_pixel_m"]), known["positions_m"].T
    if task["turned"]:
        basis, translations = np.array([[-pixel, 0], [0, -pixel], [0, 0]]), np.stack([-y, -x, 0 * x], axis=1)
    else:
        basis, translations = np.array([[0, -pixel], [-pixel, 0], [0, 0]]), np.stack([-x, -y, 0 * x], axis=1)
    geometry = {"distance": float(known["distance_m"]), "basis": torch.as_tensor(basis), "corner": None}
    scan = Ptycho2DDataset(
        torch.as_tensor(translations, dtype=torch.float32), torch.as_tensor(known["patterns"].astype(np.float32)),
        wavelength=HC_EV_M / float(known["energy_eV"]), detector_geometry=geometry,
        mask=torch.as_tensor(~known["bad_pixels"]),
    )  # fmt: skip
    scan.to_cxi(task["path"])


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    {"read": read, "write": write}[wanted["do"]](wanted)
    print(json.dumps({"version": importlib.metadata.version("cdtools-py")}))
