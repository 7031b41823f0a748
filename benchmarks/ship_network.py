"""Make the bundle that ships with the package of a training: `python benchmarks/ship_network.py RUN FOLDER`."""

import json
import pathlib
import sys
import zipfile

import numpy as np
from train_shipped import BATCH, TESTED, shipped_model

WORDS = """# The network that ships with ptychopinn

What it does: it corrects the transmission of an object, as passes leave it, by what it looks like and by the photons
that fell on its pixels. It sees neither patterns nor probe, and windows of any side.

Trained on: {windows:,} windows of 64 x 64 pixels ({steps:,} steps) of {scans} simulated scans, and nothing else:
lines, dead leaves, Gaussian fields, points, diagonals and Siemens stars, phase and amplitude of one drawing or of two,
0.1 pi to pi of phase, absorbing or not; Gaussian, disc, aberrated and zone plate beams, some of two modes, some a
little wrong; 100 to 10^8 photons a pattern, mostly round 10^4; 0 to 90 % overlap; N = 64 and 128; background and gaps
in some. After 1 to 8 passes, after as many as bring anything, and of single patterns. On scans that it was not trained
on it leaves {held_out:.2f} of the error.

Repeat it: `python benchmarks/drawn_estimates.py --out ESTIMATES --scans {drawn}`, then
`python benchmarks/train_shipped.py --estimates ESTIMATES --out RUN` and `python benchmarks/ship_network.py RUN FOLDER`.
It took {hours:.1f} hours of one core, and {drawing:.1f} for the estimates.

Limits: it knows drawn objects. Where photons are many, passes alone are better. A wrong probe or wrong positions are
not its to mend.

Weights: {size:.1f} MB, values of 16 bits. SHA-256 of model.keras: {sha256}
Licence: Apache-2.0.
"""

DRAWING_S = 8
"""Seconds of one core that the estimates of a scan took."""


def main(run, folder):
    """Write the bundle: weights of 16 bits, compressed, and the card of what they were trained on."""
    from ptychopinn.files import checksum
    from ptychopinn.params import DataParams, TrainingParams
    from ptychopinn.training.bundle import save_bundle
    from ptychopinn.training.record import CARD, MODEL, PARAMS

    model = shipped_model()
    network = model.generators[0]
    with np.load(run / "checkpoint.npz") as held:
        steps, weights = int(held["steps"]), [held[str(index)] for index in range(len(network.weights))]
    network.set_weights([weight.astype(np.float16).astype(np.float32) for weight in weights])
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    history = [{"epoch": number, "loss": row["loss"], "val_loss": row["held out"], "seconds": spent}
               for number, (row, spent) in enumerate(zip(rows, seconds(rows)))]  # fmt: skip
    save_bundle(folder, model, DataParams(), TrainingParams(checkpoint=False, logger="none"), history, [])
    compress(folder / MODEL)
    record = json.loads((folder / PARAMS).read_text())
    record["checksums"][MODEL] = checksum(folder / MODEL)
    (folder / PARAMS).write_text(json.dumps(record, indent=2) + "\n")
    drawn = rows[-1]["scans"]
    figures = {
        "steps": steps, "windows": steps * BATCH, "scans": drawn - TESTED, "drawn": drawn,
        "held_out": rows[-1]["held out"], "hours": sum(seconds(rows)) / 3600, "drawing": DRAWING_S * drawn / 3600,
        "size": (folder / MODEL).stat().st_size / 1e6, "sha256": record["checksums"][MODEL],
    }  # fmt: skip
    (folder / CARD).write_text(WORDS.format(**figures))


def seconds(rows):
    """Return how long each part of a training took, which counts anew where it was taken up again."""
    times = [row["seconds"] for row in rows]
    return [now - before if now > before else now for before, now in zip([0, *times], times)]


def compress(path):
    """Write an archive anew, its members compressed."""
    with zipfile.ZipFile(path) as archive:
        members = [(member.filename, archive.read(member)) for member in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))
