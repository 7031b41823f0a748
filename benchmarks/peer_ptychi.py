"""Reconstruct a scan with pty-chi; runs in pty-chi's own environment, which needs no ptychopinn.

    python peer_ptychi.py '{"scan": "scan.npz", "out": "out.npz", "algorithm": "LSQML", "epochs": 50, ...}'

The scan is PtychoPINN's NPZ with counts. out.npz holds `object`, its `origin` in the scan's pixels, and `probe`. With
a list of epochs, what each made goes to a file of its own, out-50.npz. The last line is JSON: `seconds`, `versions`,
and `cpu_s`, a list: the processor's seconds up to each, in the epochs alone.
"""

import importlib.metadata
import json
import pathlib
import sys
import time

import numpy as np


def main(task):
    """Reconstruct what a task says: a dict, see above."""
    import torch

    torch.set_num_threads(task["threads"])
    torch.set_default_device(task["device"])
    from ptychi.api.task import PtychographyTask
    from ptychi.utils import set_default_complex_dtype

    set_default_complex_dtype(torch.complex64)
    scan = read(task["scan"])
    options, data = options_of(task), data_of(*scan)
    began = time.perf_counter()
    work = PtychographyTask(options, **data)
    epochs = task["epochs"] if isinstance(task["epochs"], list) else [task["epochs"]]
    spent, saving = [0.0], 0.0
    for last, now in zip([0, *epochs], epochs):
        before = time.process_time()
        work.run(now - last)
        spent.append(spent[-1] + time.process_time() - before)
        pause = time.perf_counter()
        save(work, scan[1], out_of(task, now))
        saving += time.perf_counter() - pause
    seconds = time.perf_counter() - began - saving
    versions = {name: importlib.metadata.version(name) for name in ("ptychi", "torch")}
    print(json.dumps({"seconds": seconds, "cpu_s": spent[1:], "versions": versions}))


def out_of(task, epochs):
    """Return the file for what some epochs made."""
    path = pathlib.Path(task["out"])
    return path.with_stem(f"{path.stem}-{epochs}") if isinstance(task["epochs"], list) else path


def save(work, positions, path):
    """Write the object and the probe as they are."""
    image = work.get_data_to_cpu("object", as_numpy=True)[0].astype(np.complex64)
    probe = work.get_data_to_cpu("probe", as_numpy=True)[0].astype(np.complex64)
    origin = middle_of(positions) - np.array(image.shape) // 2
    np.savez_compressed(path, object=image, origin=origin, probe=probe)


def read(path):
    """Return counts `(pattern, y, x)`, positions `(pattern, 2)` and probe `(1, mode, y, x)` of PtychoPINN's NPZ."""
    with np.load(path, allow_pickle=False) as file:
        counts = file["diff3d"].astype(np.float32)
        positions = np.stack([file["ycoords"], file["xcoords"]], axis=1)
        return counts, positions, file["probeGuess"].reshape(1, -1, *counts.shape[1:]).astype(np.complex64)


def middle_of(positions):
    """Return the position where pty-chi puts the centre of its object."""
    return (positions.max(axis=0) + positions.min(axis=0)) / 2


def options_of(task):
    """Return pty-chi's options for a task."""
    from ptychi import api

    options = getattr(api, f"{task['algorithm']}Options")()
    options.data_options.fft_shift = True
    options.object_options.pixel_size_m = 1.0
    options.probe_options.optimizable = task["refine_probe"]
    options.probe_position_options.optimizable = False
    options.reconstructor_options.num_epochs = np.max(task["epochs"]).item()
    options.reconstructor_options.random_seed = task.get("seed")
    options.reconstructor_options.batch_size = task["batch_size"]
    options.reconstructor_options.default_device = api.Devices.CPU if task["device"] == "cpu" else api.Devices.GPU
    return options


def data_of(counts, positions, probe):
    """Return what pty-chi starts from: dict of tensors, the object flat and the probe in the counts' units."""
    import torch
    from ptychi.utils import get_suggested_object_size, rescale_probe

    centred = torch.as_tensor(positions - middle_of(positions), dtype=torch.float32)
    height, width = get_suggested_object_size(centred.cpu(), probe.shape[-2:], extra=20)
    return {
        "diffraction_data": torch.as_tensor(counts),
        "object_data": torch.ones([1, height, width], dtype=torch.complex64),
        "probe_data": torch.as_tensor(np.asarray(rescale_probe(probe, counts)).reshape(probe.shape)),
        "probe_position_y_px": centred[:, 0],
        "probe_position_x_px": centred[:, 1],
    }


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
