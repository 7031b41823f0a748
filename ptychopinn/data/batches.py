"""Groups of scans, read from disk a batch at a time: one pipeline for three backends."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from ptychopinn.data.grouping import balanced, group, nearest, offsets, typical_reach
from ptychopinn.data.scan import Scan
from ptychopinn.data.thinning import HOLDOUT, thin
from ptychopinn.params import DataParams, ModelParams, TrainingParams
from ptychopinn.physics.numpy_physics import cut_exactly

SPARE = 1.25
"""Reach of a group, in typical distances of the neighbours that it draws from."""


class GroupBatches(keras.utils.PyDataset):
    """Batches of groups for `keras.Model.fit`; the groups are drawn anew for every epoch.

    The groups of an epoch depend on the seed and the epoch alone, so that a resumed training sees what the
    uninterrupted one would have seen. Every batch is full, so that compiled steps keep one shape.

    A group is of one scan; where there are several, the groups of all are shuffled, and a batch may mix scans.

    Args:
        scans: list of Scan.
        indices: list of int arrays: the patterns of each scan to use, which may be none.
        model: ModelParams: how many patterns a group has, and whether it goes with object patches as labels.
        data: DataParams: how groups are drawn.
        training: TrainingParams: groups in a batch (fewer where there are not as many), the seed, and the part of the
            counts (`holdout`) that is kept from the inputs and yielded to compare with.
        redraw: bool. Whether each epoch has groups of its own. Defaults to `True`.
        devices: int. Devices that share a batch: a smaller one too can be dealt out. Defaults to 1.
    """

    def __init__(
        self,
        scans: list[Scan],
        indices: list[np.ndarray],
        model: ModelParams,
        data: DataParams,
        training: TrainingParams,
        redraw: bool = True,
        devices: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.scans, self.indices, self.data, self.redraw, self.devices = scans, indices, data, redraw, devices
        self.members, self.labels = model.positions, model.model_type == "supervised"
        self.batch_size, self.seed = training.batch_size, training.seed
        self.holdouts = [holdout_of(scan, training.holdout) for scan in scans]
        self.reaches = [reach(data, scan, self.members) for scan in scans]
        self.draw(0)

    def draw(self, epoch: int) -> None:
        """Draw the groups of an epoch: patterns `(group, position)`, and the scan `(group,)` that they are of."""
        self.epoch = epoch
        seed = self.seed, epoch if self.redraw else 0
        drawn = [(scan, self._groups_of(scan, (*seed, scan))) for scan, some in enumerate(self.indices) if len(some)]
        groups = np.concatenate([of_scan for _, of_scan in drawn])
        scans = np.concatenate([np.full(len(of_scan), scan, np.int32) for scan, of_scan in drawn])
        if len(self.scans) > 1:
            order = np.random.default_rng((*seed, len(self.scans))).permutation(len(groups))
            groups, scans = groups[order], scans[order]
        self.batch_size = min(self.batch_size, math.ceil(len(groups) / self.devices) * self.devices)
        full = math.ceil(len(groups) / self.batch_size) * self.batch_size
        self.groups, self.scan_of_group = np.resize(groups, (full, self.members)), np.resize(scans, full)

    def _groups_of(self, scan: int, seed: tuple[int, ...]) -> np.ndarray:
        indices = np.asarray(self.indices[scan])
        positions = self.scans[scan].positions[indices]
        n_groups = self.data.n_groups or math.ceil(len(indices) / self.members)
        return indices[group(positions, self.members, self.data.neighbours, n_groups, self.reaches[scan], seed)]

    def on_epoch_end(self) -> None:
        if self.redraw:
            self.draw(self.epoch + 1)

    def __len__(self) -> int:
        return len(self.groups) // self.batch_size

    def __getitem__(self, batch: int) -> tuple:
        some = slice(batch * self.batch_size, (batch + 1) * self.batch_size)
        groups, scans = self.groups[some], self.scan_of_group[some]
        rows = {scan: np.flatnonzero(scans == scan) for scan in np.unique(scans)}
        parts = [self._read(scan, groups[at], batch) for scan, at in rows.items()]
        *inputs, wanted = (in_rows(part, list(rows.values())) for part in zip(*parts))
        if len(self.scans) > 1:
            inputs.append(scans)
        return (tuple(inputs), wanted) if self.labels or any(self.holdouts) else (tuple(inputs),)

    def _read(self, index: int, groups: np.ndarray, batch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Read groups of one scan: amplitudes, offsets, and what the model's output is compared with."""
        scan = self.scans[index]
        amplitudes, places = read_groups(scan, groups)
        if self.labels:
            return amplitudes, places, object_patches(scan, groups)
        if self.holdouts[index]:
            seen, held_out = thin(amplitudes, self.holdouts[index], (self.seed, self.epoch, batch, index))
            return seen, places, held_out
        return amplitudes, places, amplitudes


def holdout_of(scan: Scan, wanted: float | None) -> float:
    """Return the part of a scan's counts that is kept from the inputs; raise ValueError where it has no counts."""
    if scan.measurement == "counts":
        return HOLDOUT if wanted is None else wanted
    if wanted:
        raise ValueError(
            f"holdout parts the photons of counts. Received: holdout={wanted:g} for {scan.name}, of amplitudes. "
            "Use --holdout 0, or --measurement counts if they are."
        )
    return 0.0


def in_rows(parts: Sequence[np.ndarray], rows: Sequence[np.ndarray]) -> np.ndarray:
    """Return one array of several: the rows of each stand where `rows` says."""
    whole = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    for part, at in zip(parts, rows):
        whole[at] = part
    return whole


def reach(data: DataParams, scan: Scan, members: int) -> float | None:
    """Return the largest distance of a member from its anchor, in pixels.

    Unless it is given, it spans the neighbours of nearly every pattern of the scan, but at most half a patch: a few
    patterns that lie apart shall not widen the canvas of all groups.
    """
    if data.max_distance is not None or members == 1:
        return data.max_distance
    places = np.unique(scan.positions, axis=0)  # patterns taken again at a place do not bring it nearer
    return min(SPARE * typical_reach(places, max(data.neighbours, members - 1)), scan.size / 2)


def read_groups(scan: Scan, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Read groups `(group, position)` of a scan: the inputs of `PtychoModel`."""
    return scan.amplitudes(groups), offsets(scan.positions, groups)


def object_patches(scan: Scan, groups: np.ndarray) -> np.ndarray:
    """Cut groups of patches from the scan's object: float32 `(group, position, y, x, 2)`."""
    window = cut_exactly(np.asarray(scan.object), scan.positions[groups.ravel()], scan.size)
    window = window.reshape(*groups.shape, scan.size, scan.size)
    return np.stack([window.real, window.imag], axis=-1).astype(np.float32)


def split_validation(scan: Scan, data: DataParams, members: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
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
