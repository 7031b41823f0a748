"""Measure one backend, or the peer, in this process: `worker.py TASK`, where the task is JSON.

`compare_backends.py` starts it, with the backend and the device in the environment, and reads the JSON it writes.
"""

import json
import pathlib
import sys
import time
import traceback

import keras
import machine
import numpy as np

from ptychopinn.bundle import versions
from ptychopinn.callbacks import StopOnNaN
from ptychopinn.formats import read_scan
from ptychopinn.inference import AnchorPatches, inference_groups, reconstruct
from ptychopinn.model import PtychoModel
from ptychopinn.params import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams
from ptychopinn.pipeline import read_groups
from ptychopinn.stitching import Stitcher, outward
from ptychopinn.training import Settings, compile_model, fit_to, make_batches

FIXED = 8
"""Batches read before the clock starts, and used again and again."""


class FixedBatches(keras.utils.PyDataset):
    """An epoch of `steps` batches from memory."""

    def __init__(self, batches, steps):
        super().__init__()
        self.batches, self.steps = batches, steps

    def __len__(self):
        return self.steps

    def __getitem__(self, step):
        return self.batches[step % len(self.batches)]


class EpochClock(keras.callbacks.Callback):
    """Keep the seconds of every epoch, and stop the training when those after the first add up to `enough`."""

    def __init__(self, enough):
        super().__init__()
        self.enough, self.seconds = enough, []

    def on_epoch_begin(self, epoch, logs=None):
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self._began)
        self.model.stop_training = sum(self.seconds[1:]) >= self.enough


def timed(work):
    """Return the seconds that a call takes, and its result."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def typical(work, enough):
    """Return the median seconds of a call, over `enough` seconds of calls; the first is left out."""
    work()
    seconds = []
    while sum(seconds) < enough:
        seconds.append(timed(work)[0])
    return float(np.median(seconds))


def measure_training(model, settings, batches, steps, enough):
    """Measure `fit` with the callbacks of `ptychopinn.training.train` that look at every step."""
    compile_model(model, settings, steps=10**6)
    first, history = timed(lambda: model.fit(FixedBatches(batches, 1), shuffle=False, verbose=0))
    clock = EpochClock(enough)
    model.fit(FixedBatches(batches, steps), epochs=10**6, shuffle=False, verbose=0, callbacks=[StopOnNaN(), clock])
    return {
        "training": steps * batches[0][0][0].shape[0] * model.params.positions / np.median(clock.seconds[1:]),
        "first_step_s": first,
        "first_loss": history.history["loss"][0],
        "parameters": sum(int(np.prod(weight.shape)) for weight in model.trainable_variables),
    }


def measure_inference(model, scan, path, batch_size, enough):
    """Measure prediction and stitching apart, then the way from the file to the object."""
    groups = np.resize(inference_groups(scan.positions, model.params)[0], (batch_size, model.params.positions))
    inputs, predictor = read_groups(scan, groups), AnchorPatches(model)
    maps = predictor.predict_on_batch(inputs)
    prediction = typical(lambda: predictor.predict_on_batch(inputs), enough)

    patches, positions = maps[..., 0] + 1j * maps[..., 1], scan.positions[outward(scan.positions)]
    stitcher = Stitcher(scan.positions, keras.ops.convert_to_numpy(model.weights_of_patch()))

    def stitch():
        for start in range(0, len(positions), batch_size):
            some = positions[start : start + batch_size]
            stitcher.add(patches[: len(some)], some)

    stitching = typical(stitch, enough)
    done = []
    reading, fresh = timed(lambda: read_scan(path))
    began = time.perf_counter()
    found = reconstruct(model, fresh, batch_size, progress=lambda count: done.append((time.perf_counter(), count)))
    ended = time.perf_counter()
    (first, count), patterns = done[0], found.patterns
    return {
        "prediction": batch_size / prediction,
        "stitching": patterns / stitching,
        "reconstruct": patterns / (ended - began + reading),
        "reconstruct_steady": (patterns - count) / (ended - first),
        "first_batch_s": first - began,
        "reconstruct_seconds": {"open": reading, **found.seconds},
    }


def measure_peer(settings, scan, batches, steps, enough, device):
    """Measure the training step of plain PyTorch."""
    from plain_torch import Trainer

    device = {"gpu": "cuda"}.get(device, device)
    trainer = Trainer(settings.model, settings.training, scan.probe, 10**6, device)
    first, loss = timed(lambda: trainer.epoch(batches[:1]))
    fixed = FixedBatches(batches, steps)
    seconds = typical(lambda: trainer.epoch([fixed[step] for step in range(steps)]), enough)
    patterns = steps * settings.training.batch_size * settings.model.positions
    return {"training": patterns / seconds, "first_step_s": first, "first_loss": loss, "parameters": trainer.parameters}


def main(task):
    """Measure what the task says, and write it to the task's `result`."""
    backend, device, batch_size, steps = keras.backend.backend(), task["device"], task["batch_size"], task["steps"]
    name = machine.device_name(backend, device)
    scan, data = read_scan(task["scan"]), DataParams()
    params = fit_to(scan, ModelParams(group_side=task["group_side"]), data)
    settings = Settings(params, LossParams(), data, TrainingParams(batch_size=batch_size), ExecutionParams())
    dataset = make_batches(scan, settings)[0]
    batches = [dataset[index] for index in range(min(FIXED, len(dataset)))]
    if task["peer"]:
        found = measure_peer(settings, scan, batches, steps, task["seconds"], device)
    else:
        model = PtychoModel(params)
        model.diffraction.set_probe(scan.probe)
        found = measure_training(model, settings, batches, steps, task["seconds"])
        found |= measure_inference(model, scan, task["scan"], batch_size, task["seconds"])
    found |= {"resident_MiB": machine.resident_MiB(), "device_MiB": machine.device_MiB(backend, device)}
    found |= {"device": name, "versions": {**versions(), backend: sys.modules[backend].__version__}}
    pathlib.Path(task["result"]).write_text(json.dumps(found, default=float))


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]))
    except Exception as error:  # some backends end a traceback with notes: the error itself shall be the last line
        traceback.print_exc()
        sys.exit(f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}")
