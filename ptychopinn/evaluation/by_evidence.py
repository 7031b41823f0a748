"""Reconstruct a scan with the physics that its photons spoke for, and once more where that went astray."""

import dataclasses
from collections.abc import Callable
from typing import TypeAlias

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.evaluation.evidence import Evidence
from ptychopinn.reconstruction.params import ReconstructionParams

Make: TypeAlias = Callable[[Scan, ReconstructionParams], Reconstruction]

ASTRAY = (
    "Passes over the whole scan predict photons held out worse than those over its middle did: they are made again, "
    "from the probe that was found there."
)


def reconstruct_by(
    evidence: Evidence, scan: Scan, make: Make, say: Callable[[str], object] = lambda words: None
) -> Reconstruction:  # fmt: skip
    """Reconstruct a scan as photons spoke for, from the probe that trials found as well where its own leads astray.

    Modes, positions and a probe that varies can hold one another in a minimum that passes do not leave. Trials, which
    begin with all of them, may have found a better one: what predicts photons held out better is kept.

    Args:
        evidence: Evidence of the scan.
        scan: Scan.
        make: function that reconstructs a scan as parameters say.
        say: called with what is done besides, in words.

    Returns:
        Reconstruction. `again` in its `record` says that it began from the probe of the trials.
    """
    found = make(scan, evidence.params)
    if evidence.probe is None or not went_astray(found, evidence):
        return found
    say(ASTRAY)
    params = dataclasses.replace(evidence.params, focus="keep")
    again = make(dataclasses.replace(scan, probe_guess=evidence.probe), params)
    if missed_by(again) >= missed_by(found):
        return found
    return dataclasses.replace(again, record={**again.record, "again": True})


def went_astray(found: Reconstruction, evidence: Evidence) -> bool:
    """Tell whether a whole scan is predicted worse than its middle was in trials, from the same flat object."""
    if not evidence.chosen or found.record["interrupted"] or found.record["start"] != "flat":
        return False
    return found.record["probe"] == "scan" and missed_by(found) > evidence.deviance


def missed_by(found: Reconstruction) -> float:
    """Return the deviance per photon of those held out, of the pass that was kept."""
    return float(found.record["refinement_deviances"][found.record["refinement_passes"]])
