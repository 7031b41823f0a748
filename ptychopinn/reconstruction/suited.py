"""How a model of networks suits a scan: its size, probe, groups and canvas, of which none has weights."""

import dataclasses
import math

import numpy as np

from ptychopinn.data.checks import check_far_field
from ptychopinn.data.grouping import typical_reach
from ptychopinn.data.scan import Scan
from ptychopinn.model import PtychoModel
from ptychopinn.params import ModelParams


def reach_of(params: ModelParams) -> float:
    """Return how far a member of a group may lie from its anchor, so that the group fits its canvas, in pixels."""
    return (params.canvas - params.size) / 2 - 1


def own_probe(model: PtychoModel, scan: Scan) -> np.ndarray:
    """Return the one probe of a model, as bright as a scan's patterns need it; refuse a model of several."""
    if model.params.scans > 1:
        raise ValueError(
            f"A model of several probes must be told which to use. Received: probe=None, and {model.params.scans} "
            "scans trained on. Give scan.probe, or model.diffraction.probe_for(scan.mean_photons, index)."
        )
    return model.diffraction.probe_for(scan.mean_photons)


def group_side_for(scan: Scan, params: ModelParams) -> int:
    """Return the side of the groups that a model sees a scan in: its own, or 1 where patterns are few or far apart."""
    if len(scan) < params.positions or params.group_side == 1:
        return 1
    return 1 if typical_reach(scan.positions, 1) > scan.size / 2 else params.group_side


def suited_to(scan: Scan, model: PtychoModel, probe: np.ndarray, precision: str = "float32") -> PtychoModel:
    """Return a model with the networks of another, and the size, probe, groups and canvas that suit a scan.

    None of these has weights. The canvas is as wide as it was in training, or wider where the patterns of the scan lie
    farther apart; those that are too few for a group, or too far apart, are seen one by one.

    Args:
        scan: Scan.
        model: PtychoModel.
        probe: complex array `(mode, y, x)`.
        precision: str. Of the networks. Defaults to float32.
    """
    check_far_field(scan)
    side, canvas = group_side_for(scan, model.params), scan.size + model.params.canvas - model.params.size
    if side > 1:
        apart = min(typical_reach(scan.positions, side**2 - 1), scan.size / 2)
        canvas = max(canvas, 8 * math.ceil((scan.size + 2 * (apart + 1)) / 8))
    params = dataclasses.replace(
        model.params, size=scan.size, scans=1, modes=len(probe), group_side=side, canvas=canvas
    )
    suited = PtychoModel(params, model.loss_params, precision, generator=model.generator)
    suited.take_generators(model)
    suited.diffraction.set_probes([probe], [scan.mean_photons])
    return suited
