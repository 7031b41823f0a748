"""Pictures of a reconstruction, and its arrays and numbers in files."""

import functools
import json
import pathlib

import numpy as np
from matplotlib.figure import Figure

from ptychopinn.files import write_together

WELL_SEEN = 0.15
"""Pictures show where the weight exceeds this part of its largest; the rest is left blank."""

REPORT, COMPARISON = "report.json", "comparison.png"


def write_reconstruction(folder, reconstruction, probe, record, pixel_size_m=None, aligned=None):
    """Write `reconstruction.npz`, the pictures and `report.json` of a reconstruction, all or none of them.

    Args:
        folder: path.
        reconstruction: Reconstruction.
        probe: complex array `(mode, y, x)`.
        record: dict: the content of `report.json`.
        pixel_size_m: float. Side of an object pixel, where it is known.
        aligned: Aligned. Reconstruction and truth, if the truth is known.
    """
    stitched = reconstruction.stitched
    arrays = {
        "object": stitched.object,
        "weight": stitched.weight,
        "origin": np.array(stitched.origin),
        "ramp": np.array(stitched.ramp),
        "probe": probe,
    }
    if pixel_size_m is not None:
        arrays["pixel_size_m"] = np.array(pixel_size_m)
    rows, columns = well_seen(stitched.weight)
    seen = stitched.weight[rows, columns] > WELL_SEEN * stitched.weight.max()
    image = np.where(seen, stitched.object[rows, columns], np.nan)
    extent = picture_extent(stitched.origin, rows, columns)
    figures = {
        "amplitude.png": panels({"amplitude": np.abs(image)}, extent),
        "phase.png": panels({"phase / rad": np.angle(image)}, extent),
        "probe.png": panels({f"probe mode {i}: modulus": np.abs(mode) for i, mode in enumerate(probe)}),
    }
    if aligned is not None:
        figures[COMPARISON] = comparison(aligned)
    writers = {name: functools.partial(figure.savefig, bbox_inches="tight") for name, figure in figures.items()}

    def write_arrays(path):
        with open(path, "wb") as file:
            np.savez_compressed(file, **arrays)

    writers["reconstruction.npz"] = write_arrays
    writers[REPORT] = lambda path: path.write_text(json.dumps(record, indent=2) + "\n")
    write_together(folder, writers, last=REPORT)
    if aligned is None:
        (pathlib.Path(folder) / COMPARISON).unlink(missing_ok=True)  # of an earlier scan


def well_seen(weight):
    """Return the slices `(rows, columns)` of the box that holds all well-seen pixels."""
    seen = weight > WELL_SEEN * weight.max()
    return tuple(slice(*(np.flatnonzero(seen.any(axis=axis))[[0, -1]] + [0, 1])) for axis in (1, 0))


def picture_extent(origin, rows, columns):
    """Return matplotlib's extent of a box of the canvas, in pixels of the scan's positions."""
    top, left = origin[0] + rows.start - 0.5, origin[1] + columns.start - 0.5
    return left, left + columns.stop - columns.start, top + rows.stop - rows.start, top


def panels(images, extent=None, limits=None):
    """Draw images side by side, each with its colour bar; colours span the middle 98 % unless limits are given."""
    figure = Figure(figsize=(5.6 * len(images), 4.8), layout="constrained")
    for axes, (title, image) in zip(figure.subplots(1, len(images), squeeze=False)[0], images.items()):
        low, high = np.nanpercentile(image, (1, 99)) if limits is None else limits[title]
        colours = "twilight" if "phase" in title and high - low > 5.5 else "gray" if "probe" not in title else "magma"
        shown = axes.imshow(image, vmin=low, vmax=high, cmap=colours, extent=extent, interpolation="none")
        figure.colorbar(shown, ax=axes)
        axes.set(title=title, xlabel="x / px", ylabel="y / px")
    return figure


def comparison(aligned):
    """Draw reconstruction and truth, amplitude and phase, on common scales."""
    mean = np.exp(-1j * np.angle(np.mean(aligned.truth)))
    images, limits = {}, {}
    for name, part in (("amplitude", np.abs), ("phase / rad", np.angle)):
        pair = {f"{name}: {whose}": part(image * mean) for whose, image in
                (("reconstruction", aligned.object), ("truth", aligned.truth))}  # fmt: skip
        scale = np.percentile(pair[f"{name}: truth"], (0.5, 99.5))
        limits |= dict.fromkeys(pair, scale if np.ptp(scale) > 1e-3 else (scale[0] - 0.1, scale[0] + 0.1))
        images |= pair
    return panels(images, limits=limits)
