"""What a reconstruction begins with, once what was asked for is known to fit bundle and scan."""

import dataclasses
import pathlib

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.params import ExecutionParams
from ptychopinn.physics.optics import Optics
from ptychopinn.reconstruction.asked import check, start_of, takes_the_shipped
from ptychopinn.reconstruction.modes import with_modes
from ptychopinn.reconstruction.params import ReconstructionParams, refuse_training_options
from ptychopinn.reconstruction.ways import optics_of
from ptychopinn.reconstruction.whose_probe import choose_probe
from ptychopinn.training.bundle import Bundle, load_bundle
from ptychopinn.training.shipped import shipped


@dataclasses.dataclass(frozen=True)
class Known:
    """What is known of a scan from before.

    Args:
        sha256: str. Of its file: it tells whether a bundle was trained on it.
        focus: float. By how much a probe that is out of focus is propagated (see `focused`). Defaults to what few
            passes find.
    """

    sha256: str | None = None
    focus: float | None = None


NOTHING = Known()


@dataclasses.dataclass(frozen=True, eq=False)
class Plan:
    """What a reconstruction begins with.

    Args:
        scan: Scan, without the patterns that hold no light.
        bundle: Bundle, or None.
        whose: str. Whose the probe is, `"scan"` or `"bundle"`.
        probe: complex array `(mode, y, x)`.
        start: str. `"network"`, `"flat"`, or the path of an earlier reconstruction.
        optics: Optics.
    """

    scan: Scan
    bundle: Bundle | None
    whose: str
    probe: np.ndarray
    start: str
    optics: Optics


def plan_of(
    scan: Scan, bundle: Bundle | pathlib.Path | str | None, params: ReconstructionParams, execution: ExecutionParams,
    sha256: str | None,
) -> Plan:  # fmt: skip
    """Return the `Plan` of a reconstruction; arguments and errors are those of `reconstruct`."""
    scan = scan.lit()
    refuse_training_options(execution)
    if bundle is None and takes_the_shipped(scan, params):
        bundle = shipped()
    bundle = bundle if bundle is None or isinstance(bundle, Bundle) else load_bundle(bundle)
    whose, probe = ("scan", scan.probe) if bundle is None else choose_probe(params.probe, bundle, scan, sha256)
    check(bundle, params, scan)
    probe = probe if params.modes is None else with_modes(probe, params.modes)
    return Plan(scan, bundle, whose, probe, start_of(bundle, params, execution), optics_of(params, scan))
