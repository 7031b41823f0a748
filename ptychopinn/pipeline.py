"""Groups of a scan, read from disk a batch at a time: one pipeline for three backends."""

import math

import keras
import numpy as np

from ptychopinn.grouping import balanced, group, nearest, offsets, typical_reach
from ptychopinn.optics import cut

SPARE = 1.25
"""Reach of a group, in typical distances of the neighbours that it draws from."""


class GroupBatches(keras.utils.PyDataset):
    """Batches of groups for `keras.Model.fit`; the groups are drawn anew for every epoch.

    The groups of an epoch depend on the seed and the epoch alone, so that a resumed training sees what the
    uninterrupted one would have seen. Every batch is full, so that compiled steps keep one shape.

    Args:
        scan: Scan.
        indices: int array: the patterns of the scan to use.
        members: int. Patterns in a group.
        batch_size: int. Groups in a batch.
        data: DataParams.
        seed: int.
        redraw: bool. Whether each epoch has groups of its own. Defaults to `True`.
        labels: bool. Whether to yield object patches as labels. Defaults to `False`.
        holdout: float. Part of the counts that is kept from the inputs and yielded to compare with. Defaults to 0.
    """

    def __init__(self, scan, indices, members, batch_size, data, seed, redraw=True, labels=False, holdout=0.0,
                 **kwargs):  # fmt: skip
        super().__init__(**kwargs)
        self.scan, self.indices, self.members, self.batch_size = scan, np.asarray(indices), members, batch_size
        self.data, self.seed, self.redraw, self.labels, self.holdout = data, seed, redraw, labels, holdout
        self.positions, self.reach = scan.positions[self.indices], reach(data, scan, members)
        self.draw(0)

    def draw(self, epoch):
        """Draw the groups of an epoch."""
        self.epoch = epoch
        drawn = group(
            self.positions,
            self.members,
            self.data.neighbours,
            self.data.n_groups or math.ceil(len(self.positions) / self.members),
            self.reach,
            (self.seed, epoch if self.redraw else 0),
        )
        full = math.ceil(len(drawn) / self.batch_size) * self.batch_size
        self.groups = np.resize(drawn, (full, self.members))

    def on_epoch_end(self):
        if self.redraw:
            self.draw(self.epoch + 1)

    def __len__(self):
        return len(self.groups) // self.batch_size

    def __getitem__(self, batch):
        drawn = self.groups[batch * self.batch_size : (batch + 1) * self.batch_size]
        inputs = read_groups(self.scan, self.indices[drawn])
        if self.labels:
            return inputs, object_patches(self.scan, self.indices[drawn])
        if self.holdout:
            seen, held_out = thin(inputs[0], self.holdout, (self.seed, self.epoch, batch))
            return (seen, inputs[1]), held_out
        return (inputs,)


def reach(data, scan, members):
    """Return the largest distance of a member from its anchor, in pixels.

    Unless it is given, it spans the neighbours of nearly every pattern of the scan, but at most half a patch: a few
    patterns that lie apart shall not widen the canvas of all groups.
    """
    if data.max_distance is not None or members == 1:
        return data.max_distance
    return min(SPARE * typical_reach(scan.positions, max(data.neighbours, members - 1)), scan.size / 2)


def read_groups(scan, groups):
    """Read groups `(group, position)` of a scan: the inputs of `PtychoModel`."""
    return scan.amplitudes(groups), offsets(scan.positions, groups)


def thin(amplitudes, holdout, seed):
    """Deal the photons of patterns out to two, which are then independent: each photon goes to one or the other.

    Args:
        amplitudes: float32 array: square root of counts; `NO_DATA` stays.
        holdout: float. Part of the photons that goes to the second.
        seed: int or sequence of ints.

    Returns:
        two float32 arrays: square roots of counts, each scaled to the expectation of the whole.

    Reference:
        Neufeld et al., JMLR 25, 57 (2024), for the independence of thinned counts; Lehtinen et al., ICML 2018,
        arXiv:1803.04189, for learning from noisy targets.
    """
    good = amplitudes >= 0
    counts = np.rint(np.square(np.where(good, amplitudes, 0), dtype=np.float64)).astype(np.int64)
    taken = np.random.default_rng(seed).binomial(counts, holdout)
    parts = (counts - taken) / (1 - holdout), taken / holdout
    return tuple(np.where(good, np.sqrt(part), amplitudes).astype(np.float32) for part in parts)


def object_patches(scan, groups):
    """Cut groups of patches from the scan's object, bilinear: float32 `(group, position, y, x, 2)`."""
    window = cut(scan.object, scan.positions[groups], scan.size)
    return np.stack([window.real, window.imag], axis=-1).astype(np.float32)


def split(scan, data, members, seed):
    """Split a scan into patterns to train on and to validate on: int arrays of indices.

    The validation patterns are a strip at the scan's edge, so that groups of neighbours stay on their side. There are
    none if the strip would hold less than two groups, or patterns too far apart to group.
    """
    indices = np.arange(len(scan))
    if data.n_subsample is not None:
        count = min(data.n_subsample, len(scan))
        indices = np.sort(balanced(indices, count, np.random.default_rng((seed, 1))))
    positions = scan.positions[indices]
    kept = round(data.validation_fraction * len(indices))
    if kept < 2 * members or len(indices) - kept < members:
        return indices, indices[:0]
    along = positions[:, int(np.argmax(np.ptp(positions, axis=0)))]
    order = np.argsort(along, kind="stable")
    train, held_out = np.sort(indices[order[:-kept]]), np.sort(indices[order[-kept:]])
    within = reach(data, scan, members)
    if members > 1 and nearest(scan.positions[held_out], members - 1, within)[1].max() < members - 1:
        return indices, indices[:0]
    return train, held_out
