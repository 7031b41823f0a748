"""Laws of training: resume is exact, NaN keeps the last good weights, collapse is said, every option does something."""

import dataclasses
import json
import shutil
import threading

import keras
import make_fixtures as make
import numpy as np
import pytest

from ptychopinn.files import writing
from ptychopinn.formats import read_scan
from ptychopinn.model import PtychoModel
from ptychopinn.params import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams
from ptychopinn.reconstruction.prediction import predict_object
from ptychopinn.training.batches import make_batches
from ptychopinn.training.callbacks import StopOnNaN
from ptychopinn.training.collapse import CollapseWarning, contrast_of, fluctuation_correlation
from ptychopinn.training.optimizer import compile_model
from ptychopinn.training.record import CHECKPOINT
from ptychopinn.training.train import Settings, fit_to, train


@pytest.fixture(scope="module")
def scan():
    return read_scan(make.HERE / "scan.npz")


def settings(scan, model=None, execution=None, loss=None, data=None, **training):
    data = DataParams(**{"n_groups": 16, "validation_fraction": 0.15, **(data or {})})
    wanted = ModelParams(**{"generator": "cnn", "n_filters_scale": 0.17, "unroll": 1, **(model or {})})
    training = TrainingParams(**{"epochs": 2, "batch_size": 4, **training})
    return Settings(fit_to(scan, wanted, data), LossParams(**(loss or {})), data, training,
                    ExecutionParams(**(execution or {})))  # fmt: skip


class StopAfter(keras.callbacks.Callback):
    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 == self.epochs:
            raise KeyboardInterrupt


@pytest.mark.parametrize("training", [
    {"scheduler": "cosine"}, {"scheduler": "plateau", "early_stop_patience": 3}, {"accumulate_grad_batches": 2},
], ids=lambda training: "+".join(training))  # fmt: skip
def test_resume_is_exact(scan, tmp_path, training):
    wanted = settings(scan, epochs=4, **training)
    whole = train(scan, wanted)
    with pytest.raises(KeyboardInterrupt):
        train(scan, wanted, folder=tmp_path, callbacks=[StopAfter(2)])
    resumed = train(scan, wanted, folder=tmp_path, resume=True)
    assert [row["epoch"] for row in resumed.history] == [1, 2, 3, 4]
    for name in ("loss", "val_loss", "learning_rate"):
        np.testing.assert_allclose(
            [row[name] for row in resumed.history], [row[name] for row in whole.history], rtol=1e-5
        )
    for one, other in zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


class Poison(keras.callbacks.Callback):
    """Spoil a weight in the second epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            weight = self.model.trainable_weights[0]
            weight.assign(np.full(weight.shape, np.nan))


def test_nan_stops_with_the_last_good_weights(scan, tmp_path):
    trained = train(scan, settings(scan, epochs=3), folder=tmp_path, callbacks=[Poison()])
    assert trained.diverged and len(trained.history) == 1
    assert all(np.isfinite(array).all() for array in trained.model.get_weights())


def test_a_stop_from_the_thread_of_callbacks_leaves_the_state_of_jax_alone(monkeypatch):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    monkeypatch.setattr(model, "jax_state_sync", lambda: pytest.fail("moved while a step may run"), raising=False)
    watch = StopOnNaN()
    watch.set_model(model)
    watch.on_train_batch_end(0, {"loss": float("nan")})
    assert model.stop_training


def test_early_stopping_returns_to_the_best_weights(scan):
    wanted = settings(scan, epochs=12, early_stop_patience=1, learning_rate=0.02, scheduler="constant")
    trained = train(scan, wanted)
    losses = [row["val_loss"] for row in trained.history]
    assert len(losses) < 12 and losses[-1] > min(losses)
    kept = trained.model.evaluate(make_batches(scan, wanted)[1], verbose=0, return_dict=True)["loss"]
    np.testing.assert_allclose(kept, min(losses), rtol=1e-4)


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of Keras, which pytest.warns gives out as ours
def test_collapse_is_said(scan):
    with pytest.warns(CollapseWarning, match="flat object.*learning-rate"):
        train(scan, settings(scan, epochs=2, model={"input": "amplitude"}, learning_rate=1e-12))


def test_contrast_and_correlation_tell_an_object_from_a_flat_one():
    random = np.random.default_rng(0)
    patches = random.uniform(0.5, 1.5, (4, 1, 16, 16))
    assert contrast_of({"real": patches, "imag": patches}) > 0.2
    assert contrast_of({"real": np.ones_like(patches), "imag": patches * 0}) == 0
    measured = random.uniform(1, 3, (8, 1, 16, 16))
    assert fluctuation_correlation(measured**2, measured) > 0.99
    assert abs(fluctuation_correlation(random.uniform(1, 9, measured.shape), measured)) < 0.2


OPTIONS = {
    "single-shot": {"model": {"group_side": 1}},
    "supervised": {"model": {"model_type": "supervised"}},
    "unet": {"model": {"generator": "unet"}},
    "amplitudes": {"model": {"input": "amplitude", "head": "real_imag"}},
    "other losses": {"loss": {"nll_weight": 0.0, "mae_weight": 1.0, "realspace_weight": 0.1}},
    "bfloat16": {"execution": {"precision": "mixed_bfloat16"}},
    "float16": {"execution": {"precision": "mixed_float16"}},
    "remat": {"execution": {"remat": True}},
    "workers": {"execution": {"num_workers": 2}},
    "no validation": {"data": {"validation_fraction": 0.0}},
    "no clipping": {"gradient_clip_norm": None},
}


COMPILED = keras.backend.backend() == "tensorflow"
if COMPILED:
    del OPTIONS["remat"]  # refused by name on the command line


@pytest.mark.parametrize("wanted", OPTIONS.values(), ids=OPTIONS)
def test_options_train(scan, wanted):
    trained = train(scan, settings(scan, **wanted))
    assert len(trained.history) == 2 and np.isfinite([row["loss"] for row in trained.history]).all()
    start = train(scan, settings(scan, **wanted, epochs=1, learning_rate=1e-12)).model
    assert any((a != b).any() for a, b in zip(trained.model.get_weights(), start.get_weights()))


def test_remat_and_workers_change_nothing_but_the_cost(scan):
    plain = train(scan, settings(scan)).history
    for execution in ({"num_workers": 2}, *([] if COMPILED else [{"remat": True}])):
        other = train(scan, settings(scan, execution=execution)).history
        np.testing.assert_allclose(other[-1]["loss"], plain[-1]["loss"], rtol=1e-3)


@pytest.mark.parametrize("scheduler, last", [("constant", 1e-3), ("cosine", 1e-5), ("exponential", 1e-5)])
def test_schedules_step(scan, scheduler, last):
    history = train(scan, settings(scan, epochs=3, scheduler=scheduler)).history
    np.testing.assert_allclose(history[-1]["learning_rate"], last, rtol=1e-2)


def test_gradients_are_clipped_and_gathered_as_asked(scan):
    for norm, steps in ((None, None), (0.5, 3)):
        wanted = settings(scan, gradient_clip_norm=norm, accumulate_grad_batches=steps or 1)
        model = PtychoModel(wanted.model)
        compile_model(model, wanted, steps=10)
        assert model.optimizer.global_clipnorm == norm and model.optimizer.gradient_accumulation_steps == steps


def test_plateau_lowers_the_rate(scan):
    history = train(scan, settings(scan, epochs=6, scheduler="plateau", learning_rate=1e-12)).history
    assert history[-1]["learning_rate"] < 1e-12


def test_checkpoint_only_on_demand(scan, tmp_path):
    train(scan, settings(scan, epochs=1, checkpoint=False, logger="none"), folder=tmp_path)
    assert not (tmp_path / CHECKPOINT).exists() and not (tmp_path / "losses.csv").exists()


def test_loggers_write(scan, tmp_path):
    train(scan, settings(scan, epochs=2, logger="csv"), folder=tmp_path)
    assert len((tmp_path / "losses.csv").read_text().splitlines()) == 3
    pytest.importorskip("tensorboardX")
    train(scan, settings(scan, epochs=1, logger="tensorboard"), folder=tmp_path)
    assert any((tmp_path / "tensorboard").iterdir())


def test_reconstruction_does_not_depend_on_the_batch_size(scan):
    model = train(scan, settings(scan)).model
    objects = [predict_object(model, scan, batch_size=size).stitched for size in (1, 16, 100)]
    for other in objects[1:]:
        np.testing.assert_allclose(other.object, objects[0].object, atol=2e-4)
        assert other.origin == objects[0].origin


def test_a_scan_with_more_photons_gives_the_same_object(scan):
    model = train(scan, settings(scan)).model
    brighter = dataclasses.replace(scan, patterns=np.asarray(scan.patterns, np.uint32) * 9)
    one, other = (predict_object(model, which).stitched.object for which in (scan, brighter))
    np.testing.assert_allclose(one, other, atol=1e-2)  # what is dark is told in photons


def test_validation_is_judged_by_the_same_photons_each_epoch_which_the_network_does_not_see(scan):
    batches = make_batches(scan, settings(scan, holdout=0.2))[1]
    (seen, _), judged = batches[0]
    whole = scan.amplitudes(batches.groups[:4])
    np.testing.assert_allclose(0.8 * seen**2 + 0.2 * judged**2, whole**2, rtol=1e-4, atol=1e-3)
    batches.on_epoch_end()
    np.testing.assert_array_equal(batches[0][1], judged)


class Spoil(keras.callbacks.Callback):
    """Put a value into a weight as an epoch ends, when its loss is known and possible."""

    def __init__(self, value, epoch):
        super().__init__()
        self.value, self.epoch = value, epoch

    def on_train_batch_end(self, batch, logs=None):
        if len(self.model.history.epoch) == self.epoch:
            weight = self.model.trainable_weights[-1]
            weight.assign(np.full(weight.shape, self.value))


@pytest.mark.parametrize("value", [np.nan, 1e20], ids=["weights of NaN, a finite loss", "an absurd loss"])
def test_a_diverged_epoch_is_none(scan, value):
    wanted = settings(scan, epochs=3, batch_size=16, data={"validation_fraction": 0.0})
    trained = train(scan, wanted, callbacks=[Spoil(value, epoch=1)])
    assert trained.diverged and [row["epoch"] for row in trained.history] in ([1], [1, 2])
    assert all(np.isfinite(array).all() for array in trained.model.get_weights())


def spoiled(path, change):
    with np.load(path) as file:
        arrays = dict(file)
    state = json.loads(str(arrays["state"]))
    change(arrays, state)
    np.savez(path, **{**arrays, "state": np.array(json.dumps(state))})


CHECKPOINTS = {
    "a flipped byte": lambda path: path.write_bytes(path.read_bytes()[:9000] + b"?!" + path.read_bytes()[9002:]),
    "half a file": lambda path: path.write_bytes(path.read_bytes()[:9000]),
    "no optimizer": lambda path: spoiled(path, lambda arrays, state: arrays.pop("optimizer_3")),
    "no history": lambda path: spoiled(path, lambda arrays, state: state.pop("history")),
    "no epoch": lambda path: spoiled(path, lambda arrays, state: state.pop("epoch")),
    "text for a loss": lambda path: spoiled(path, lambda arrays, state: state["history"][0].update(loss="low")),
    "other watchers": lambda path: spoiled(path, lambda arrays, state: state.update(watchers={"KeepBest": {}})),
    "another shape": lambda path: spoiled(path, lambda arrays, state: arrays.update(weight_5=np.zeros((3, 3)))),
    "weights of NaN": lambda path: spoiled(path, lambda arrays, _: arrays.update(weight_5=np.nan * arrays["weight_5"])),
    "text for weights": lambda path: spoiled(path, lambda arrays, state: arrays.update(weight_5=np.array("x"))),
}  # fmt: skip


@pytest.fixture(scope="module")
def run(scan, tmp_path_factory):
    """A run with a checkpoint."""
    folder = tmp_path_factory.mktemp("run")
    train(scan, settings(scan, epochs=1, early_stop_patience=5), folder=folder)
    return folder


@pytest.mark.parametrize("spoil", CHECKPOINTS.values(), ids=CHECKPOINTS)
def test_checkpoints_that_lie_are_refused_in_a_short_line(scan, run, tmp_path, spoil):
    folder = shutil.copytree(run, tmp_path / "run")
    with np.errstate(invalid="ignore"):
        spoil(folder / CHECKPOINT)
    with pytest.raises(ValueError, match="must be a checkpoint of ptychopinn.*Received: .*Train anew") as refused:
        train(scan, settings(scan, early_stop_patience=5), folder=folder, resume=True)
    assert len(str(refused.value)) < 400


def test_two_trainings_do_not_share_a_folder(scan, tmp_path):
    with writing(tmp_path):
        thread = threading.Thread(target=lambda: refused.append(pytest.raises(ValueError, train, scan, settings(scan),
                                                                              folder=tmp_path)))  # fmt: skip
        refused = []
        thread.start()
        thread.join()
    assert "one writer" in str(refused[0].value) and not list(tmp_path.iterdir())
