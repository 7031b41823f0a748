"""Laws of photons held out: dealt out once, none lost, none seen and judged by at once."""

import numpy as np
import pytest
from keras import ops

from ptychopinn.data.thinning import HOLDOUT
from ptychopinn.engine import order as order_module
from ptychopinn.engine import photons as photons_module
from ptychopinn.engine.photons import Photons
from ptychopinn.params import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams
from ptychopinn.training.train import Settings, fit_to, make_batches


def counts_of(scan, patterns):
    return np.asarray(scan.patterns)[patterns].astype(float)


def read(photons, patterns, judges=False):
    """Read counts of patterns, a batch at a time, zero frequency at the centre again."""
    starts = range(0, len(patterns), photons.batch_size)
    batches = [patterns[start : start + photons.batch_size] for start in starts]
    found = [ops.convert_to_numpy(photons.counts(batch, judges))[: len(batch)] for batch in batches]
    return np.fft.fftshift(np.concatenate(found), axes=(-2, -1))


def test_each_photon_is_seen_or_judges(scan):
    photons = Photons(scan, scan.probe, 20)
    patterns = photons.judging[:20]
    seen, judging = (read(photons, patterns, judges).astype(float) for judges in (False, True))
    together = (1 - HOLDOUT) * seen + HOLDOUT * judging
    np.testing.assert_allclose(together, counts_of(scan, patterns), atol=1e-2)
    assert judging.sum() == pytest.approx(together.sum(), rel=0.02)


def test_patterns_that_do_not_judge_are_seen_whole(scan, monkeypatch):
    monkeypatch.setattr(order_module, "JUDGES", 10)
    photons = Photons(scan, scan.probe, 20)
    others = np.setdiff1d(np.arange(len(scan)), photons.judging)[:20]
    assert len(photons.judging) <= 10
    np.testing.assert_allclose(read(photons, others), counts_of(scan, others), atol=1e-2)


def test_patterns_are_dealt_out_the_same_in_every_pass_and_batch(scan, monkeypatch):
    patterns = np.arange(12)
    first = Photons(scan, scan.probe, 12, seed=3)
    monkeypatch.setattr(photons_module, "KEPT_BYTES", 8 * 5 * scan.size**2)  # room for one batch of five, or less
    few = Photons(scan, scan.probe, 5, seed=3)
    for judges in (False, True):
        whole = read(first, patterns, judges)
        for _ in range(2):
            np.testing.assert_array_equal(read(few, patterns, judges), whole)
    assert (read(Photons(scan, scan.probe, 12, seed=4), patterns, True) != whole).any()


def test_every_pattern_is_in_one_chunk(scan):
    photons = Photons(scan, scan.probe, 5)
    in_chunks = np.concatenate([batch for chunk in photons.chunks for batch in chunk])
    assert sorted(in_chunks) == list(range(len(scan)))
    assert all(len(batch) <= photons.batch_size <= 5 for chunk in photons.chunks for batch in chunk)


def test_holdout_keeps_its_part_of_the_photons_from_the_network(scan):
    data = DataParams(validation_fraction=0.0)
    model = fit_to(scan, ModelParams(), data)

    def batch(holdout):
        settings = Settings(model, LossParams(), data, TrainingParams(holdout=holdout), ExecutionParams())
        batches, _ = make_batches(scan, settings)
        return batches[0], batches.groups[:4]

    (inputs,), groups = batch(0.0)
    np.testing.assert_allclose(np.square(inputs[0]), counts_of(scan, groups), atol=1e-2)
    (inputs, judging), groups = batch(0.3)
    together = 0.7 * np.square(inputs[0], dtype=float) + 0.3 * np.square(judging, dtype=float)
    np.testing.assert_allclose(together, counts_of(scan, groups), atol=1e-2)
    assert np.abs(np.square(inputs[0]) - counts_of(scan, groups)).max() > 1
