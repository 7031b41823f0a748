"""Train the network that ships with the package: `python benchmarks/train_shipped.py --estimates FOLDER --out RUN`.

It corrects objects that passes, or single patterns, left unfinished (`drawn_estimates.py`): simulated ones alone. A run
goes on from its last checkpoint; `ship_network.py` makes the bundle of it.
"""

import argparse
import functools
import json
import math
import pathlib
import time

import keras
import numpy as np
from drawn_estimates import keep
from keras import ops

SIDE, BATCH = 64, 16
"""Side of a window, in pixels, and windows of a step."""

STEPS, RATE, FINAL, WARMUP = 16_000, 1e-3, 0.01, 500
EPOCH = 500
"""Steps from a test and a checkpoint to the next."""

TESTED = 40
"""Scans, the first ones, that are never trained on."""

OF_PATCHES, EARLY = 0.15, 0.2
"""Parts of the windows that single patterns made, and of the others that were taken away after few passes."""

SMALL = 0.01
"""Relative error beside which none is small."""

ENOUGH = 0.3
"""Part of the largest dose from which a pixel counts in full."""


class Windows(keras.utils.PyDataset):
    """Random windows of estimates, turned and mirrored, beside their truth.

    Args:
        paths: list of path: files of `drawn_estimates.py`.
        seed: tuple of int.
        steps: int. Batches.
    """

    def __init__(self, paths, seed, steps, **kwargs):
        super().__init__(**kwargs)
        self.paths, self.seed, self.steps = paths, seed, steps

    def __len__(self):
        return self.steps

    def __getitem__(self, step):
        random = np.random.default_rng((*self.seed, step))
        estimate, dose, truth, counts = (np.stack(part) for part in zip(*(self.draw(random) for _ in range(BATCH))))
        seen = estimate.real[:, None], estimate.imag[:, None], dose[:, None]
        before = np.sqrt(np.sum(counts * np.abs(estimate - truth) ** 2, axis=(1, 2)) / np.sum(counts, axis=(1, 2)))
        wanted = np.stack([truth.real, truth.imag, counts], axis=-1)[:, None]
        return seen, wanted, 1 / (before + SMALL)

    def draw(self, random):
        """Draw a window: estimate, dose, truth, and how much its pixels count."""
        kind = "patch" if random.random() < OF_PATCHES else "whole"
        held = read(self.paths[random.integers(len(self.paths))])
        while not len(held[f"{kind}_estimate"]):
            held = read(self.paths[random.integers(len(self.paths))])
        number, dose = random.integers(len(held[f"{kind}_estimate"])), held[f"{kind}_dose"]
        if kind == "whole" and random.random() > EARLY:
            number = -1  # the last one, which passes went on with until they brought no more
        row, column = lit_pixel(dose, random)
        rows, columns = (begin(at, side) for at, side in zip((row, column), dose.shape))
        parts = held[f"{kind}_estimate"][number], dose, held[f"{kind}_truth"][number], counted(dose)
        turns, mirrored, conjugated = random.integers(4), random.random() < 0.5, random.random() < 0.5
        windows = [np.rot90(part[rows : rows + SIDE, columns : columns + SIDE], turns) for part in parts]
        if mirrored:
            windows = [window.T for window in windows]
        return [window.conj() for window in windows] if conjugated else windows


@functools.cache
def read(path):
    """Return the arrays of a file, read once."""
    with np.load(path) as arrays:
        return dict(arrays)


def counted(dose):
    """Return how much the pixels of an object count, 0 to 1."""
    return np.clip(dose / (ENOUGH * dose.max()), 0.02, 1)


def lit_pixel(dose, random):
    """Draw a pixel `(y, x)` that light fell on."""
    lit = np.flatnonzero(dose > ENOUGH * dose.max())
    return np.unravel_index(lit[random.integers(len(lit))], dose.shape)


def begin(middle, side):
    """Return where a window round a pixel begins, within an object of a side."""
    return int(np.clip(middle - SIDE // 2, 0, side - SIDE))


def loss(wanted, made):
    """Return the root mean square of the error of each window, by what its pixels count; weights make it a ratio."""
    counts = wanted[..., 2]
    error = ops.sum(ops.square(wanted[..., :2] - made), axis=-1) * counts
    return ops.sqrt(ops.sum(error, axis=(-3, -2, -1)) / ops.sum(counts, axis=(-3, -2, -1)) + 1e-8)


def rate(step):
    """Return the learning rate of a step: up, and down by a cosine."""
    falling = FINAL + (1 - FINAL) * 0.5 * (1 + math.cos(math.pi * min(step / STEPS, 1)))
    return RATE * min(1, (step + 1) / WARMUP) * falling


def shipped_model():
    """Make the PtychoModel that ships."""
    import ptychopinn as library

    params = library.ModelParams(
        input="estimate",
        unroll=1,
        physics_rounds=16,
        group_side=1,
        n_filters_scale=1.0,
        probe_trainable=False,
        scale_trainable=False,
    )
    return library.PtychoModel(params)


def restore(path, corrector):
    """Read a checkpoint, if there is one: how many steps it has seen."""
    if not path.exists():
        return 0
    with np.load(path) as held:
        for index, variable in enumerate(variables_of(corrector)):
            variable.assign(held[str(index)])
        return int(held["steps"])


def variables_of(corrector):
    """Return the weights of the networks and the optimizer's own."""
    return [*corrector.model.generators[0].variables, *corrector.optimizer.variables]


def main():
    """Train, or go on training."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--estimates", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of checkpoint and log")
    parser.add_argument("--until", type=int, default=STEPS, help="step to stop after")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(0)
    from ptychopinn.reconstruction.prior import Corrector

    corrector = Corrector(shipped_model())
    optimizer = keras.optimizers.Adam(RATE, global_clipnorm=1.0)
    optimizer.build(corrector.model.generators[0].trainable_variables)
    corrector.compile(optimizer, loss=loss)
    path, began = asked.out / "checkpoint.npz", time.process_time()
    steps = restore(path, corrector)
    schedule = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: setattr(optimizer, "learning_rate", rate(steps + batch))
    )
    while steps < asked.until:
        paths = sorted(asked.estimates.glob("[0-9]*[0-9].npz"))
        windows = Windows(paths[TESTED:], (1, steps), EPOCH)
        found = corrector.fit(windows, epochs=1, shuffle=False, verbose=0, callbacks=[schedule]).history["loss"][0]
        steps += EPOCH
        held = {str(index): ops.convert_to_numpy(variable) for index, variable in enumerate(variables_of(corrector))}
        keep(path, {"steps": steps, **held})
        held_out = corrector.evaluate(Windows(paths[:TESTED], (2,), 40), verbose=0)
        row = {"steps": steps, "scans": len(paths), "loss": float(found), "held out": float(held_out),
               "seconds": round(time.process_time() - began, 1)}  # fmt: skip
        with open(asked.out / "log.jsonl", "a") as log:
            log.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
