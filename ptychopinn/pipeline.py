"""Groups of a scan, read from disk a batch at a time: one pipeline for three backends."""

import math

import keras
import numpy as np

from ptychopinn.grouping import balanced, group, offsets
from ptychopinn.optics import cut


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
    """

    def __init__(self, scan, indices, members, batch_size, data, seed, redraw=True, labels=False, **kwargs):
        super().__init__(**kwargs)
        self.scan, self.indices, self.members, self.batch_size = scan, np.asarray(indices), members, batch_size
        self.data, self.seed, self.redraw, self.labels = data, seed, redraw, labels
        self.positions = scan.positions[self.indices]
        self.draw(0)

    def draw(self, epoch):
        """Draw the groups of an epoch."""
        self.epoch = epoch
        drawn = group(
            self.positions,
            self.members,
            self.data.neighbours,
            self.data.n_groups or math.ceil(len(self.positions) / self.members),
            reach(self.data, self.scan.size),
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
        return (inputs, object_patches(self.scan, self.indices[drawn])) if self.labels else (inputs,)


def reach(data, size):
    """Return the largest distance of a member from its anchor: half a patch unless it is given, in pixels."""
    return size / 2 if data.max_distance is None else data.max_distance


def read_groups(scan, groups):
    """Read groups `(group, position)` of a scan: the inputs of `PtychoModel`."""
    return scan.amplitudes(groups), offsets(scan.positions, groups)


def object_patches(scan, groups):
    """Cut groups of patches from the scan's object, bilinear: float32 `(group, position, y, x, 2)`."""
    window = cut(scan.object, scan.positions[groups], scan.size)
    return np.stack([window.real, window.imag], axis=-1).astype(np.float32)


def split(scan, data, members, seed):
    """Split a scan into patterns to train on and to validate on: int arrays of indices.

    The validation patterns are a strip at the scan's edge, so that groups of neighbours stay on their side. There are
    none if the strip would hold less than two groups.
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
    return np.sort(indices[order[:-kept]]), np.sort(indices[order[-kept:]])
