"""Laws of how a training runs: `--holdout`, `--num-workers`, `--jit` and `--deterministic` act, or are refused."""

import os
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho

from ptychopinn.data.batches import GroupBatches
from ptychopinn.data.scan import Scan
from ptychopinn.formats import read_scan
from ptychopinn.params import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams
from ptychopinn.training.train import Settings, fit_to, train

SHORT = ("--epochs", 1, "--n-filters-scale", 0.1, "--unroll", 1, "--n-groups", 8, "--no-report", "--quiet")


def batch(scan, **training):
    how = ModelParams(), DataParams(), TrainingParams(**training)
    return GroupBatches([scan], [np.arange(len(scan))], *how)[0]


@pytest.mark.parametrize("holdout", [None, 0.1, 0.4])
def test_holdout_judges_by_photons_that_the_network_did_not_see(scan, holdout):
    (seen, _), held_out = batch(scan, holdout=holdout)
    share = holdout or 0.1
    ((whole, _),) = batch(scan, holdout=0.0)
    assert (seen != whole).any() and (held_out != whole).any()
    np.testing.assert_allclose((1 - share) * seen**2 + share * held_out**2, whole**2, rtol=1e-4, atol=1e-4)


def test_amplitudes_have_no_photons_to_hold_out(scan_file, out):
    scan = read_scan(scan_file, measurement="amplitude")
    assert len(batch(scan)) == 1
    arguments = ("--measurement", "amplitude", "--holdout", 0.2, "--output-dir", out, *SHORT)
    words = "photons of counts", "holdout=0.2", "amplitudes", "--holdout 0"
    assert_said_plainly(ptycho("train", scan_file, *arguments), *words, out=out)


@pytest.fixture
def reading(monkeypatch):
    """The names of the threads that read patterns."""
    threads, read = set(), Scan.amplitudes

    def amplitudes(scan, groups):
        threads.add(threading.current_thread().name)
        return read(scan, groups)

    monkeypatch.setattr(Scan, "amplitudes", amplitudes)
    monkeypatch.setenv("KERAS_BACKEND", keras.backend.backend())
    return threads


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_read_in_threads_of_their_own(scan_file, out, reading, workers):
    result = ptycho("train", scan_file, "--num-workers", workers, "--output-dir", out, *SHORT)
    assert result.exit_code == 0, result.output
    ahead = [name for name in reading if name.startswith("Thread")]  # others are the main one, or the backend's own
    assert bool(ahead) == bool(workers)


class Compiled(keras.callbacks.Callback):
    """Keep whether the step is compiled, and stop before it is."""

    def on_train_begin(self, logs=None):
        self.jit = self.model.jit_compile
        raise KeyboardInterrupt


@pytest.mark.parametrize("jit", [True, False])
def test_jit_compiles_the_step_or_not_or_is_refused(scan, jit):
    data, watch = DataParams(), Compiled()
    model = fit_to(scan, ModelParams(n_filters_scale=0.1, unroll=1), data)
    settings = Settings(model, LossParams(), data, TrainingParams(), ExecutionParams(jit=jit))
    if jit and keras.backend.backend() == "torch":
        with pytest.raises(ValueError, match="torch compiles for minutes .*Received: --jit. Leave it out"):
            train(scan, settings)
        return
    with pytest.raises(KeyboardInterrupt):
        train(scan, settings, callbacks=[watch])
    assert watch.jit is jit


SWITCH = """
from ptychopinn.params import ExecutionParams
from ptychopinn_cli import choose_backend
choose_backend.use(None, ExecutionParams(deterministic={wanted}))
{state}
"""
"""What a command does before it imports Keras, in a process of its own."""

STATES = {
    "torch": "import torch; print(torch.are_deterministic_algorithms_enabled())",
    "tensorflow": "from tensorflow.python.framework.config import is_op_determinism_enabled as on; print(on())",
    "jax": "import os; print('--xla_gpu_deterministic_ops=true' in os.environ.get('XLA_FLAGS', ''))",
}


@pytest.mark.parametrize("wanted", [True, False])
def test_deterministic_turns_the_backend_s_switch(wanted):
    code = SWITCH.format(wanted=wanted, state=STATES[keras.backend.backend()])
    environment = {**os.environ, "KERAS_BACKEND": keras.backend.backend()}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.split()[-1:] == [str(wanted)], done.stderr


@pytest.mark.backend
@pytest.mark.skipif(os.environ["KERAS_BACKEND"] != "jax", reason="JAX alone keeps what it compiled")
def test_what_jax_compiled_is_kept_for_the_next_run(scan_file, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
    environment["XDG_CACHE_HOME"] = str(tmp_path)
    words = ("reconstruct", scan_file, "--passes", 1, "--no-report", "--output-dir", tmp_path / "out")
    command = [sys.executable, "-m", "ptychopinn_cli", *map(str, words)]
    kept = []
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert done.returncode == 0 and "cache" not in done.stderr, done.stderr
        kept.append({path.name for path in (tmp_path / "ptychopinn").rglob("*-cache")})
    assert kept[0] and kept[0] == kept[1]
