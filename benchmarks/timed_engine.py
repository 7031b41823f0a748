"""Reconstruct a scan without training, once, and say how long it took and how near the truth it came.

    python timed_engine.py '{"scan": "scan.npz", "passes": 8, "refine_probe": false}'

The last line is JSON: `error`; `seconds` of the processor, from the call to the object; of those, `once_s`, by which
the first pass took longer than the second (reading, compiling); `passes` allowed, `made` and `kept`; and `versions`.
Without passes (null), the package chooses.
"""

import dataclasses
import importlib.metadata
import json
import os
import sys
import time

import numpy as np

PASSES = {"passes": "refinement_passes_allowed", "made": "refinement_passes_made", "kept": "refinement_passes"}


def main(task):
    """Reconstruct what a task says: a dict, see above."""
    from ptychopinn.formats import read_scan
    from ptychopinn.reconstruction.params import ReconstructionParams
    from ptychopinn.reconstruction.reconstruct import reconstruct

    scan = read_scan(task["scan"])
    scan = dataclasses.replace(scan, patterns=np.asarray(scan.patterns))
    params = ReconstructionParams(passes=task["passes"], refine_probe=task["refine_probe"])
    ends, began = [], time.process_time()
    found = reconstruct(scan, params=params, progress=lambda *_: ends.append(time.process_time() - began))
    seconds = time.process_time() - began
    once = 2 * ends[0] - ends[1] if len(ends) > 1 else None
    said = {"error": error(found, scan), "seconds": seconds, "once_s": once, "versions": versions()}
    said |= {short: found.record[name] for short, name in PASSES.items()}
    print(json.dumps(said))


def error(reconstruction, scan):
    """Return the complex error of a reconstruction inside the box of the scan's positions."""
    from ptychopinn.data.reconstruction import Reconstruction
    from ptychopinn.evaluation.against_truth import score

    truth = Reconstruction(scan.object, origin=(0, 0), positions=scan.positions, name="truth")
    return float(score(reconstruction, truth, region="scan").figures["nrmse_complex"])


def versions():
    """Return the versions of this package and of what it computes with."""
    names = ("ptychopinn", "keras", os.environ.get("KERAS_BACKEND", "tensorflow"))
    return {name: importlib.metadata.version(name) for name in names if name_is_installed(name)}


def name_is_installed(name):
    """Tell whether there is a distribution of a name: TensorFlow has several."""
    return any(found.metadata["Name"] == name for found in importlib.metadata.distributions())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
