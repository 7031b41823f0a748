"""Estimates of drawn objects beside their truth: `python benchmarks/drawn_estimates.py --out FOLDER --scans 600`.

What the shipped network is trained to correct: objects as passes leave them, early and at the end, and patches that
single patterns or groups of four make by themselves; each with the photons that fell on its pixels.
"""

import argparse
import pathlib

import numpy as np
from drawn_scans import draw

COUNTS = {64: 144, 128: 49}
"""Sides of patterns, and patterns of a scan."""

LARGE = 0.25
"""Part of the scans that is of the largest size."""

EARLY = (1, 2, 4, 8)
"""Passes after which an object is taken away early."""

LATE = 100
"""Passes after which it is taken away at the end, unless the photons held out end them before."""

ROUNDS = (1, 4, 16, 32)
"""Rounds of data consistency of a single pattern."""

PATCHES = 24
"""Patches that are made of patterns alone."""

WRONG = 0.7
"""Relative error from which an estimate is none, and nothing can be learnt from it."""


def estimates(seed):
    """Return arrays of one drawn scan, of whole objects and of patches: `(estimate, y, x)`, and `dose`, `(y, x)`."""
    from ptychopinn.engine.engine import Moves
    from ptychopinn.reconstruction.refinement import refine
    from ptychopinn.reconstruction.starts import flat

    random = np.random.default_rng((2, seed))
    size = 128 if random.random() < LARGE else 64
    scan = draw(size, COUNTS[size], seed)
    start = flat(scan, scan.probe)
    dose = start.weight * light_of(scan.probe).max()
    truth = shown(scan.object, start.origin, start.object.shape)
    passes = int(random.choice(EARLY)), LATE
    wholes = [refine(start, scan, most, Moves(probe=False)).reconstruction.object for most in passes]
    patches, wanted = of_patterns(scan, random)
    return {**beside("whole", wholes, dose, [truth] * len(wholes)),
            **beside("patch", patches, light_of(scan.probe), wanted)}  # fmt: skip


def of_patterns(scan, random):
    """Return what some single patterns make of flat patches by rounds of data consistency, and their truth."""
    from keras import ops

    from ptychopinn.physics.consistency import consistency_step
    from ptychopinn.physics.numpy_physics import cut_exactly

    some = random.permutation(len(scan))[:PATCHES]
    amplitudes = ops.convert_to_tensor(scan.amplitudes(some))
    probe = tuple(ops.convert_to_tensor(part.astype("float32")) for part in (scan.probe.real, scan.probe.imag))
    made = ops.ones_like(amplitudes), ops.zeros_like(amplitudes)
    for _ in range(int(random.choice(ROUNDS))):
        made = tuple(part + step for part, step in zip(made, consistency_step(made, amplitudes, probe)))
    real, imag = map(ops.convert_to_numpy, made)
    return real + 1j * imag, cut_exactly(scan.object, scan.positions[some], scan.size)


def beside(kind, estimates, dose, truths):
    """Return the arrays of some estimates, each turned by a constant phase to its truth; those that are none, not."""
    turned = [turned_to(truth, one, dose) for one, truth in zip(estimates, truths)]
    kept = [number for number, one in enumerate(turned) if error(one, truths[number], dose) < WRONG]
    return {
        f"{kind}_estimate": np.array([turned[number] for number in kept], np.complex64).reshape(-1, *dose.shape),
        f"{kind}_truth": np.array([truths[number] for number in kept], np.complex64).reshape(-1, *dose.shape),
        f"{kind}_dose": dose.astype(np.float32),
    }


def light_of(probe):
    """Return the light of a probe `(mode, y, x)`, photons a pixel."""
    return np.sum(np.abs(probe) ** 2, axis=0)


def shown(obj, origin, shape):
    """Return the part of an object that a canvas shows; beyond its edge its pixels go on."""
    rows = np.clip(np.arange(shape[0]) + origin[0], 0, obj.shape[0] - 1)
    columns = np.clip(np.arange(shape[1]) + origin[1], 0, obj.shape[1] - 1)
    return obj[rows[:, None], columns]


def turned_to(truth, estimate, dose):
    """Turn an estimate by the constant phase that it has besides its truth, where light is."""
    agreement = np.vdot(estimate * dose, truth)
    return estimate * agreement / abs(agreement) if agreement else estimate


def error(estimate, truth, dose):
    """Return the relative error of an estimate where light is."""
    return np.sqrt(np.sum(dose * np.abs(estimate - truth) ** 2) / np.sum(dose * np.abs(truth) ** 2))


def keep(path, arrays):
    """Write arrays to an NPZ, whole or not at all."""
    from ptychopinn.files import write_whole

    def write(aside):
        with open(aside, "wb") as file:
            np.savez(file, **arrays)

    write_whole(path, write)


def main():
    """Draw the estimates that a folder does not hold yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--scans", type=int, default=600)
    parser.add_argument("--first", type=int, default=0, help="seed of the first scan")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for seed in range(asked.first, asked.first + asked.scans):
        path = asked.out / f"{seed:05d}.npz"
        if not path.exists():
            keep(path, estimates(seed))


if __name__ == "__main__":
    main()
