"""Ways to tamper with a result, for the tests of its receipt: some forget the checksums, some make them anew."""

import hashlib
import json

import numpy as np

MASK = np.ones((32, 32), bool)
MASK[3:5, 7] = False


def arrays(folder, **change):
    """Change arrays of the result by functions; None removes one, and what is not a function stands for itself."""
    path = folder / "out" / "reconstruction.npz"
    with np.load(path) as file:
        held = dict(file)
    for name, made in change.items():
        held[name] = made(held[name].copy()) if callable(made) else made
    np.savez_compressed(path, **{name: array for name, array in held.items() if array is not None})


def record(folder, change):
    """Change the record by a function that returns nothing."""
    path = folder / "out" / "report.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content, indent=2))


def sealed(folder):
    """Make all checksums anew, of files that went in and came out, and of the record."""

    def anew(content):
        content["outputs"] = {name: sha256(folder / "out" / name) for name in content["outputs"]}
        for one in content["inputs"].values():
            one["sha256"] = sha256(one["path"])
        content.pop("record_sha256")
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        content["record_sha256"] = hashlib.sha256(text.encode()).hexdigest()

    record(folder, anew)


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def rewritten(path, change):
    """Change the bytes of a file."""
    path.write_bytes(change(bytearray(path.read_bytes())))


def put(where, value, *keys):
    """Put a value into a record, under keys one in the other; a function is of what is there."""
    *outer, last = keys
    for key in outer:
        where = where[key]
    where[last] = value(where[last]) if callable(value) else value


def of_record(value, *keys):
    return lambda folder: record(folder, lambda content: put(content, value, *keys))


def of_arrays(**change):
    return lambda folder: arrays(folder, **change)


def at(rows, columns, value):
    """Return a function that changes some of the pixels of an array, by a function."""

    def change(array):
        array[..., rows, columns] = value(array[..., rows, columns])
        return array

    return change


def flipped(content):
    content[len(content) // 2] ^= 1
    return content


def other_scan(folder):
    """Give the scan's file the patterns of another noise."""
    with np.load(folder / "scan.npz") as file:
        held = dict(file)
    held["diff3d"] = np.random.default_rng(8).poisson(held["diff3d"]).astype(held["diff3d"].dtype)
    np.savez_compressed(folder / "scan.npz", **held)


def exchanged(folder, name="phase.png"):
    """Exchange two pictures."""
    one, other = folder / "out" / name, folder / "out" / "amplitude.png"
    one.rename(folder / "aside")
    other.rename(one)
    (folder / "aside").rename(other)


WHOLE = slice(None)
INNER = slice(30, 34)

FORGED = {
    "pixels": of_arrays(object=at(INNER, INNER, lambda part: np.ones_like(part))),
    "one pixel, by a tenth": of_arrays(object=at(31, 33, lambda part: 1.1 * part)),
    "object brighter": of_arrays(object=lambda a: 1.05 * a),
    "object mirrored": of_arrays(object=lambda a: a[:, ::-1]),
    "object conjugate": of_arrays(object=np.conj),
    "object of a stronger phase": of_arrays(object=lambda a: np.abs(a) * np.exp(1.2j * np.angle(a))),
    "object a pixel further": of_arrays(object=lambda a: np.roll(a, 1, axis=0)),
    "object smoothed": of_arrays(object=lambda a: (a + np.roll(a, 1, axis=1)) / 2),
    "origin": of_arrays(origin=lambda a: a + 1),
    "ramp": of_arrays(ramp=lambda a: a + 0.01),
    "probe brighter": of_arrays(probe=lambda a: 1.02 * a),
    "probe conjugate": of_arrays(probe=np.conj),
    "probe further": of_arrays(probe=lambda a: np.roll(a, 1, axis=-1)),
    "probe without its mode": of_arrays(probe=lambda a: a[:1]),
    "positions": of_arrays(positions=lambda a: a + np.random.default_rng(1).normal(0, 0.2, a.shape)),
    "one position": of_arrays(positions=at(0, 1, lambda part: part + 0.5)),
    "positions in another order": of_arrays(positions=lambda a: a[::-1]),
    "flux": of_arrays(flux=lambda a: a[::-1]),
    "flux of one pattern": of_arrays(flux=lambda a: a * np.where(np.arange(len(a)) == 7, 1.1, 1)),
    "background": of_arrays(background=lambda a: 3 * a),
    "no background": of_arrays(background=None),
    "blur": of_arrays(blur=np.array(0.8)),
    "no blur": of_arrays(blur=None),
    "pixel size": of_arrays(pixel_size_m=np.array(2e-8)),
    "energy": of_arrays(energy_eV=lambda a: 2 * a),
    "R-factor": of_record(lambda was: 0.99 * was, "figures", "r_factor"),
    "deviance": of_record(lambda was: 0.99 * was, "figures", "deviance_per_photon"),
    "deviance of the photons held out": of_record(lambda was: 0.99 * was, "figures", "held_out_deviance_per_photon"),
    "error against no object": of_record(0.001, "error_against_file_object"),
    "patterns": of_record(64, "patterns"),
    "size": of_record(64, "size_px"),
    "mode powers": of_record([0.5, 0.5], "mode_powers"),
    "how far positions moved": of_record(0.0, "positions_moved_rms_px"),
    "flux that was found": of_record([1.0, 1.0], "flux_least_most"),
    "background that was found": of_record(lambda was: [2 * one for one in was], "background_mean_most"),
    "optics": of_record(0.0, "optics", "blur"),
    "read as amplitudes": of_record("amplitude", "reading", "measurement"),
    "read from the corner": of_record("corner", "reading", "zero_frequency"),
    "turned as it was not": of_record({"orient": "fliplr"}, "reading", "preparation"),
    "cropped as it was not": of_record({"pad": 40}, "reading", "preparation"),
    "without its mask": of_record({}, "reading", "preparation"),
    "another mask": lambda folder: np.save(folder / "mask.npy", np.roll(MASK, 12, axis=0)),
    "another scan": other_scan,
    "a path to another scan": of_record(lambda was: was.replace("scan.npz", "other.npz"), "reading", "path"),
}
"""What whoever makes all checksums anew may have changed: computing again finds it."""

CHANGED = {
    "archive, by a bit": lambda folder: rewritten(folder / "out" / "reconstruction.npz", flipped),
    "archive cut short": lambda folder: rewritten(
        folder / "out" / "reconstruction.npz", lambda content: content[:-900]
    ),
    "archive gone": lambda folder: (folder / "out" / "reconstruction.npz").unlink(),
    "weight": of_arrays(weight=lambda a: 2 * a),
    "how the probe varies": of_arrays(probe_weights=lambda a: a[::-1]),
    "tiff cut short": lambda folder: rewritten(folder / "out" / "reconstruction.tiff", lambda content: content[:-5]),
    "pictures exchanged": exchanged,
    "picture gone": lambda folder: (folder / "out" / "probe.png").unlink(),
    "seconds": of_record(0.1, "seconds", "passes"),
    "versions": of_record("1.0", "versions", "numpy"),
    "a loss on the way": of_record(0.0, "refinement_deviances", 1),
    "passes": of_record(10**6, "refinement_passes_made"),
    "one more word": of_record("true", "verified"),
    "a word less": lambda folder: record(folder, lambda content: content.pop("backend")),
    "a file less": lambda folder: record(folder, lambda content: content["outputs"].pop("probe.png")),
    "scan, by a bit": lambda folder: rewritten(folder / "scan.npz", flipped),
    "scan cut short": lambda folder: rewritten(folder / "scan.npz", lambda content: content[:-100]),
    "scan gone": lambda folder: (folder / "scan.npz").unlink(),
    "mask gone": lambda folder: (folder / "mask.npy").unlink(),
    "start": lambda folder: rewritten(folder / "start.npz", flipped),
}
"""What checksums find."""
