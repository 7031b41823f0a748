"""Whose probe a scan is reconstructed with: its own, or one that training left in a bundle."""

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.physics.probes import agreement
from ptychopinn.training.bundle import Bundle

TOLERANCE = 1e-3
"""By how much probes may agree less than they did in training, and still be the same."""


def choose_probe(wanted: str | None, bundle: Bundle, scan: Scan, sha256: str | None = None) -> tuple[str, np.ndarray]:
    """Choose between the probe of a scan and those of a bundle.

    Of the bundle's probes it is that of the scan with the file's SHA-256, or the only one. The only one is taken by
    itself if the scan's probe agrees with it as well as the probe that the training began with.

    Args:
        wanted: `"scan"`, `"bundle"`, or None to choose.
        bundle: Bundle.
        scan: Scan.
        sha256: str. Of the scan's file, if it came from one.

    Returns:
        `(whose, probe)`: `"scan"` or `"bundle"`, and complex array `(mode, y, x)`.

    Raises:
        ValueError: if the bundle's probe is wanted and it is not known which.
    """
    if wanted == "scan":
        return "scan", scan.probe
    trained_on = bundle.record["training_data"]
    if not trained_on:
        if wanted == "bundle":
            raise ValueError(
                "--probe bundle needs a bundle that keeps the probe of a scan. Received: one of networks alone. Use "
                "--probe scan."
            )
        return "scan", scan.probe
    known = next((index for index, one in enumerate(trained_on) if one["sha256"] == sha256), None)
    if known is None and len(trained_on) > 1:
        if wanted == "bundle":
            raise ValueError(
                f"--probe bundle needs a scan that was trained on, or a bundle of one scan. Received: {scan.name}, "
                f"which is none of the {len(trained_on)} trained on. Use --probe scan."
            )
        return "scan", scan.probe
    probe = bundle.model.diffraction.probe_for(scan.mean_photons, known or 0)
    if probe.shape[-1] != scan.size:
        if wanted == "bundle":
            raise ValueError(
                f"A bundle's probe must be of the patterns' size. Received: {scan.name} with N={scan.size}, a probe of "
                f"{probe.shape[-1]}. Use --probe scan."
            )
        return "scan", scan.probe
    if known is None and wanted is None:
        began = trained_on[0].get("probe_agreement", 1.0)
        if agreement(probe, scan.probe) < began - TOLERANCE:
            return "scan", scan.probe
    return "bundle", probe
