"""Laws of several devices: they learn what one does, by a part of every batch each; what cannot be is refused."""

import csv
import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
from refusal import assert_one_line

from ptychopinn.data.batches import GroupBatches
from ptychopinn.formats import read_scan
from ptychopinn.params import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams
from ptychopinn.training.batches import make_batches
from ptychopinn.training.bundle import load_bundle
from ptychopinn.training.devices import devices_of
from ptychopinn.training.one_device import Device
from ptychopinn.training.processes import Part
from ptychopinn.training.settings import Settings
from ptychopinn.training.train import train

TRAIN = (sys.executable, "-m", "ptychopinn_cli", "train")
SMALL = ("--n-filters-scale", "0.1", "--unroll", "1", "--no-report")
IN_ONE_PROCESS = """
from ptychopinn_cli import choose_backend
from ptychopinn.params import ExecutionParams
choose_backend.use(None, ExecutionParams(), 2)
import keras
from ptychopinn.training.devices import devices_of
with devices_of(2).scope():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
if keras.backend.backend() == "jax":
    print(len(model.weights[0].value.sharding.device_set))
else:
    print(model.distribute_strategy.num_replicas_in_sync)
"""
torch_alone = pytest.mark.skipif(keras.backend.backend() != "torch", reason="devices of others are of one process")


def begin(*arguments, program=TRAIN):
    """Start the command, or another program: devices are chosen before a backend is imported."""
    environment = os.environ | {"KERAS_BACKEND": keras.backend.backend(), "OMP_NUM_THREADS": "1"}
    words = [str(argument) for argument in (*program, *arguments)]
    return subprocess.Popen(words, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def trained(scan_file, out, devices):
    """Train for two epochs of several steps: the history, and the model."""
    how = ("--epochs", 2, "--batch-size", 4, "--validation-fraction", 0.2, "--quiet", *SMALL)
    process = begin(scan_file, "--output-dir", out, "--devices", devices, *how)
    said, complaints = process.communicate(timeout=300)
    assert process.returncode == 0, complaints
    assert said.startswith(f"{out}: 2 epochs")
    with open(out / "history.csv") as file:
        return list(csv.DictReader(file)), load_bundle(out).model


def test_two_devices_learn_what_one_does(scan, scan_file, tmp_path):
    (one, model), (two, other) = (trained(scan_file, tmp_path / str(count), count) for count in (1, 2))
    for name in ("loss", "r_factor", "val_loss", "val_r_factor"):
        figures = [[float(row[name]) for row in rows] for rows in (one, two)]
        np.testing.assert_allclose(*figures, rtol=1e-5, err_msg=name)
    groups = scan.amplitudes(np.arange(8).reshape(2, 4)), np.zeros((2, 4, 2), np.float32)
    seen, same = (keras.ops.convert_to_numpy(one(groups)["real"]) for one in (model, other))
    np.testing.assert_allclose(seen, same, atol=1e-5)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="its devices have a process each, which are counted")
def test_every_device_has_the_model():
    assert begin(program=(sys.executable, "-c", IN_ONE_PROCESS)).communicate(timeout=120)[0] == "2\n"


def settings(batch_size=4, devices=2, **training):
    how = TrainingParams(batch_size=batch_size, epochs=1, **training)
    model = ModelParams(n_filters_scale=0.1, unroll=1, size=32, canvas=80)
    return Settings(model, LossParams(), DataParams(), how, ExecutionParams(), devices=devices)


def test_a_batch_is_dealt_out_in_equal_parts(scan_file):
    with pytest.raises(ValueError, match="equal parts.*batch_size=4, devices=3.*--batch-size"):
        make_batches(read_scan(scan_file), settings(devices=3))


def test_few_groups_too_can_be_dealt_out(scan):
    few = [np.arange(12)]  # three groups of four
    batches = GroupBatches([scan], few, ModelParams(), DataParams(), TrainingParams(batch_size=8), devices=2)
    assert batches.batch_size == 4 and len(batches) == 1


def test_parts_are_the_whole(scan):
    whole = GroupBatches([scan], [np.arange(64)], ModelParams(), DataParams(), TrainingParams(batch_size=4))
    parts = [Part(whole, place, 2) for place in range(2)]
    for batch in range(len(whole)):
        (amplitudes, _), held_out = whole[batch]
        seen = [part[batch] for part in parts]
        np.testing.assert_array_equal(np.stack([one[0][0] for one in seen], 1).reshape(amplitudes.shape), amplitudes)
        np.testing.assert_array_equal(np.stack([one[1] for one in seen], 1).reshape(held_out.shape), held_out)
    parts[0].on_epoch_end()
    assert whole.epoch == 1


def test_more_devices_than_there_are_are_refused(scan_file):
    with pytest.raises(ValueError, match=r"Received: devices=64, .*(ptycho train --devices 64|--devices \d+)"):
        train(read_scan(scan_file), settings(batch_size=64, devices=64))


def test_one_device_needs_nothing():
    assert type(devices_of(1)) is Device


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others add up gradients on several devices")
def test_tensorflow_adds_up_no_gradients_over_steps(scan_file, out):
    process = begin(scan_file, "--output-dir", out, "--devices", 2, "--accumulate-grad-batches", 2, *SMALL)
    assert_one_line(process.communicate(timeout=120)[1], "accumulate_grad_batches=2, devices=2", "--batch-size")


@torch_alone
@pytest.mark.parametrize("dies", [True, False], ids=["one-dies", "interrupted"])
def test_no_process_outlives_the_others(scan_file, out, dies):
    process = begin(scan_file, "--output-dir", out, "--devices", 2, "--epochs", 500, *SMALL)
    while not process.stderr.readline().startswith("epoch 1/"):
        assert process.poll() is None
    (other,) = others = children(process)  # a process for the second device
    os.kill(other if dies else process.pid, signal.SIGKILL if dies else signal.SIGTERM)
    said = process.communicate(timeout=60)[1]
    if dies:
        assert_one_line(said, "Received: one that died", "--resume")
    else:
        assert said.splitlines()[-1] == f"Error: Interrupted by SIGTERM. Go on with: ptycho train --resume {out}"
    assert not any(os.path.exists(f"/proc/{number}") for number in others)


def children(process):
    """Return the numbers of the processes that a process has started."""
    with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
        return [int(number) for number in file.read().split()]
