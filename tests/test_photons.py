"""Laws of photons held out: dealt out once, none lost, none seen and judged by at once."""

import itertools

import numpy as np
import pytest
from keras import ops

from ptychopinn.data.thinning import HOLDOUT
from ptychopinn.device import groups_at_once, patterns_at_once
from ptychopinn.engine import kept as kept_module
from ptychopinn.engine import order as order_module
from ptychopinn.engine import photons as photons_module
from ptychopinn.engine.photons import Photons
from ptychopinn.params import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams
from ptychopinn.training.batches import make_batches
from ptychopinn.training.train import Settings, fit_to


def counts_of(scan, patterns):
    return np.asarray(scan.patterns)[patterns].astype(float)


def read(photons, judges=False):
    """Read the counts of all patterns that pull, or judge, zero frequency at the centre again: by pattern."""
    found = {}
    for batch in photons.judges if judges else itertools.chain(*photons.chunks):
        counts = ops.convert_to_numpy(photons.counts(batch, judges))
        assert len(counts) == photons.batch_size and (counts[len(batch) :] == -1).all()
        found |= zip(batch.tolist(), np.fft.fftshift(counts, axes=(-2, -1)))
    return found


def test_each_photon_is_seen_or_judges(scan):
    photons = Photons(scan, scan.probe, 20)
    patterns = photons.judging[:20]
    seen, judging = (
        np.stack([read(photons, judges)[one] for one in patterns], dtype=float) for judges in (False, True)
    )
    together = (1 - HOLDOUT) * seen + HOLDOUT * judging
    np.testing.assert_allclose(together, counts_of(scan, patterns), atol=1e-2)
    assert judging.sum() == pytest.approx(together.sum(), rel=0.02)


def test_patterns_that_do_not_judge_are_seen_whole(scan, monkeypatch):
    monkeypatch.setattr(order_module, "JUDGES", 10)
    photons = Photons(scan, scan.probe, 20)
    seen = read(photons)
    others = np.setdiff1d(np.arange(len(scan)), photons.judging)
    assert len(photons.judging) <= 10
    np.testing.assert_allclose(np.stack([seen[one] for one in others]), counts_of(scan, others), atol=1e-2)


def test_patterns_are_dealt_out_the_same_in_every_pass_and_batch_whatever_is_kept(scan, monkeypatch):
    first = Photons(scan, scan.probe, 12, seed=3)
    monkeypatch.setattr(kept_module, "BLOCK_BYTES", 4 * 15 * scan.size**2)  # three batches of five, or less
    monkeypatch.setattr(photons_module, "KEPT_BYTES", 4 * 50 * scan.size**2)  # ten of them, of twenty
    few = Photons(scan, scan.probe, 5, seed=3)
    for judges in (False, True):
        whole = read(first, judges)
        for _ in range(2):
            again = read(few, judges)
            assert again.keys() == whole.keys()
            for pattern, counts in again.items():
                np.testing.assert_array_equal(counts, whole[pattern])
    other = read(Photons(scan, scan.probe, 12, seed=4), True)
    assert any((counts != other[pattern]).any() for pattern, counts in whole.items())


def test_photons_that_are_kept_are_read_once(scan, monkeypatch):
    monkeypatch.setattr(photons_module, "KEPT_BYTES", 4 * 50 * scan.size**2)
    reads = []
    whole = type(scan).amplitudes

    def amplitudes(self, indices):
        reads.extend(np.ravel(indices).tolist())
        return whole(self, indices)

    monkeypatch.setattr(type(scan), "amplitudes", amplitudes)
    photons = Photons(scan, scan.probe, 5)
    for _ in range(2):
        read(photons)
    assert 100 < len(reads) < 200 and len(set(reads)) == 100


def test_less_is_kept_of_a_scan_of_which_little_could_be(scan, monkeypatch):
    whole = 4 * len(scan) * scan.size**2
    for room, kept in ((whole // 2, whole // 2), (whole // 4, whole // 16)):
        monkeypatch.setattr(photons_module, "KEPT_BYTES", room)
        assert photons_module.kept_bytes(scan) == kept


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


def test_a_gpu_has_as_many_patterns_at_a_time_as_keep_it_busy(scan, monkeypatch):
    """The processor has as many as its caches hold, whatever their size."""
    monkeypatch.setattr("ptychopinn.device.on_cpu", lambda: True)
    assert [patterns_at_once(size) for size in (32, 64, 512)] == [64] * 3 and groups_at_once(64, 4) == 16
    assert Photons(scan, scan.probe).batch_size <= 64
    monkeypatch.setattr("ptychopinn.device.on_cpu", lambda: False)
    assert [patterns_at_once(size) for size in (64, 128, 1024)] == [1024, 256, 16]
    assert [groups_at_once(size, 4) for size in (64, 256)] == [256, 16]
