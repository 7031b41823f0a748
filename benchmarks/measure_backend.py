"""Measure one backend, or the peer, in this process: `measure_backend.py TASK`, where the task is JSON.

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
from limits import limits

from ptychopinn.engine.engine import Engine, Moves
from ptychopinn.engine.pace import Turn
from ptychopinn.engine.photons import Photons
from ptychopinn.formats import read_scan
from ptychopinn.model import PtychoModel
from ptychopinn.params import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams
from ptychopinn.reconstruction.prediction import PatchPredictor, predict_object
from ptychopinn.reconstruction.refinement import estimate_of
from ptychopinn.reconstruction.stitching import Stitcher, outward
from ptychopinn.training.batches import make_batches
from ptychopinn.training.bundle import versions
from ptychopinn.training.callbacks import StopOnNaN
from ptychopinn.training.optimizer import compile_model
from ptychopinn.training.train import Settings, fit_to

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
    """Measure `fit` with the callbacks of `ptychopinn.training.train.train` that look at every step."""
    compile_model(model, settings, steps=10**6)
    first, history = timed(lambda: model.fit(FixedBatches(batches, 1), shuffle=False, verbose=0))
    clock = EpochClock(enough)
    fixed, callbacks = FixedBatches(batches, steps), [StopOnNaN(), clock]
    last = model.fit(fixed, epochs=10**6, shuffle=False, verbose=0, callbacks=callbacks).history["loss"][-1]
    if not np.isfinite(last):
        raise ArithmeticError(f"The loss must be finite for a figure to mean anything. Received: loss={last}.")
    return {
        "training": steps * batches[0][0][0].shape[0] * model.params.positions / np.median(clock.seconds[1:]),
        "first_step_s": first,
        "first_loss": history.history["loss"][0],
        "parameters": sum(int(np.prod(weight.shape)) for weight in model.trainable_variables),
    }


def measure_inference(model, scan, path, inputs, enough):
    """Measure prediction and stitching apart, then the way from the file to the object."""
    predictor, positions = PatchPredictor(model), scan.positions[outward(scan.positions)]
    maps = predictor.predict_on_batch(inputs).reshape(-1, scan.size, scan.size, 2)
    prediction = typical(lambda: predictor.predict_on_batch(inputs), enough)

    patches = maps[..., 0] + 1j * maps[..., 1]
    stitcher = Stitcher(scan.positions, keras.ops.convert_to_numpy(model.weights_of_patch()))

    def stitch():
        for start in range(0, len(positions), len(patches)):
            some = positions[start : start + len(patches)]
            stitcher.add(patches[: len(some)], some)

    stitching = typical(stitch, enough)
    done, batch_size = [], len(inputs[0])

    def watch(count):
        done.append((time.perf_counter(), count))

    reading, fresh = timed(lambda: read_scan(path))
    began = time.perf_counter()
    found = predict_object(model, fresh, batch_size=batch_size, progress=watch)
    ended = time.perf_counter()
    (first, count), patterns = done[0], found.patterns
    probe = found.stitched.probe
    start, cover = estimate_of(found.stitched, scan, probe)
    engine = Engine(start, Photons(scan, probe), cover, Moves())
    refinement = typical(lambda: (engine.turn(Turn(1, 0.0), np.arange(1)), engine.judge()), enough)
    return {
        "prediction": len(patches) / prediction,
        "stitching": patterns / stitching,
        "refinement": patterns / refinement,
        "reconstruct": patterns / (ended - began + reading),
        "reconstruct_steady": (patterns - count) / (ended - first) if patterns > count else None,
        "first_batch_s": first - began,
        "reconstruct_seconds": {"open": reading, **found.seconds},
    }


def measure_peer(settings, scan, batches, steps, enough, device):
    """Measure training and prediction of plain PyTorch."""
    from plain_torch import Peer

    device = {"gpu": "cuda"}.get(device, device)
    peer = Peer(settings.model, settings.training, scan.probe, 10**6, device)
    first, loss = timed(lambda: peer.epoch(batches[:1]))
    fixed = FixedBatches(batches, steps)
    patterns = settings.training.batch_size * settings.model.positions
    return {
        "training": steps * patterns / typical(lambda: peer.epoch([fixed[step] for step in range(steps)]), enough),
        "prediction": patterns / typical(lambda: peer.predict(batches[0][0]), enough),
        "training_flop": peer.operations(lambda: peer.epoch(batches[:1])) / patterns,
        "prediction_flop": peer.operations(lambda: peer.predict(batches[0][0])) / patterns,
        "first_step_s": first,
        "first_loss": loss,
        "parameters": peer.parameters,
    }


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
        model.diffraction.set_probes([scan.probe])
        found = measure_training(model, settings, batches, steps, task["seconds"])
        found |= measure_inference(model, scan, task["scan"], batches[0][0], task["seconds"])
        found |= limits(scan.size, task["seconds"] / 4)
    found |= {"resident_MiB": machine.resident_MiB(), "device_MiB": machine.device_MiB(backend, device)}
    found |= {"device": name, "versions": {**versions(), backend: sys.modules[backend].__version__}}
    pathlib.Path(task["result"]).write_text(json.dumps(found, default=float))


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]))
    except Exception as error:  # some backends end a traceback with notes: the error itself shall be the last line
        traceback.print_exc()
        sys.exit(f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}")
