"""Laws of photons held out: dealt out once, none lost, none seen and judged by at once."""

import numpy as np
import pytest

from ptychopinn.params import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams
from ptychopinn.reconstruction import photons
from ptychopinn.reconstruction.photons import HOLDOUT, Photons
from ptychopinn.training.train import Settings, fit_to, make_batches


def counts_of(scan, patterns):
    return np.asarray(scan.patterns)[patterns].astype(float)


def test_each_photon_is_seen_or_judges(scan):
    (batch,) = Photons(scan, 20, most=20).batches(np.arange(40, 60))
    together = (1 - HOLDOUT) * np.square(batch.seen, dtype=float) + HOLDOUT * np.square(batch.judging, dtype=float)
    np.testing.assert_allclose(together, counts_of(scan, batch.patterns), atol=1e-3)
    assert HOLDOUT * np.square(batch.judging).sum() == pytest.approx(HOLDOUT * together.sum(), rel=0.02)


def test_patterns_are_dealt_out_the_same_in_every_pass_and_batch(scan, monkeypatch):
    first = next(Photons(scan, 20, most=20, seed=3).batches(np.arange(20)))
    monkeypatch.setattr(photons, "KEPT_BYTES", 5 * 8 * scan.size**2)  # room for five
    few = Photons(scan, 6, most=20, seed=3)
    for _ in range(2):
        batches = list(few.batches(np.arange(20)))
        for part in ("seen", "judging"):
            again = np.concatenate([getattr(batch, part)[: batch.new] for batch in batches])
            np.testing.assert_array_equal(again, getattr(first, part))
        assert np.concatenate([batch.patterns[: batch.new] for batch in batches]).tolist() == list(range(20))
    other = next(Photons(scan, 20, most=20, seed=4).batches(np.arange(20)))
    assert (other.judging != first.judging).any()


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
