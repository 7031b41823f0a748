"""Predict the object of a scan with a trained model: patterns in, one stitched object out."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import numpy as np
from keras import KerasTensor as Tensor

from ptychopinn.data.batches import read_groups
from ptychopinn.data.grouping import cover
from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.device import groups_at_once
from ptychopinn.model import PtychoModel
from ptychopinn.params import ExecutionParams
from ptychopinn.reconstruction.blocks import blocks_of
from ptychopinn.reconstruction.clock import Clock
from ptychopinn.reconstruction.params import refuse_training_options
from ptychopinn.reconstruction.part import PartOfModel
from ptychopinn.reconstruction.reading import aside, read_ahead
from ptychopinn.reconstruction.stitching import Stitcher, outward
from ptychopinn.reconstruction.suited import own_probe, reach_of, suited_to
from ptychopinn.reconstruction.tiles import Tile, joined
from ptychopinn.unsuited import refuse_unsuited


@keras.saving.register_keras_serializable(package="ptychopinn")
class PatchPredictor(PartOfModel):
    """The part of a `PtychoModel` that inference needs: measured groups in, object patches out.

    Args:
        model: PtychoModel, whose weights are shared.

    Call arguments:
        inputs: those of `PtychoModel`.

    Returns:
        float32 tensor `(batch, position, y, x, 2)`: real and imaginary part of the transmission.
    """

    def call(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return keras.ops.stack(self.model.predict_patches(*self.model.with_known_shape(inputs)), axis=-1)


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What `predict_object` returns.

    Args:
        stitched: Reconstruction: object and probe, and where they lie.
        seconds: dict of seconds spent on `read`, `predict` and `stitch`, as far as prediction waits for it.
        patterns: int. Patterns reconstructed.
    """

    stitched: Reconstruction
    seconds: dict[str, float]
    patterns: int


def predict_object(
    model: PtychoModel,
    scan: Scan,
    probe: np.ndarray | None = None,
    batch_size: int | None = None,
    execution: ExecutionParams | None = None,
    progress: Callable[[int], object] = lambda done: None,
) -> Prediction:
    """Predict the patches of every pattern of a scan and stitch them.

    Memory is bounded by the batch and the canvas: patterns are read, and patches added, a batch at a time, block by
    block (see `TilePredictor`).

    Args:
        model: PtychoModel.
        scan: Scan, of any exposure, with its patterns as far apart as they are.
        probe: complex array `(mode, y, x)`, in square root of photons: `scan.probe` for a probe that the model was not
            trained with, or one of `model.diffraction.probe_for`. Defaults to the model's, if it has one.
        batch_size: int. Groups at a time, at most; the result does not depend on it. Defaults to what suits the
            device.
        execution: ExecutionParams: precision of the networks, whether to compile, threads that read ahead.
        progress: called with the number of patterns done.

    Returns:
        Prediction.

    Raises:
        ValueError: if the patterns are not of the model's size, or too few for a group, or if the model has several
            probes and none is given.
    """
    probe = own_probe(model, scan) if probe is None else probe
    predictor = TilePredictor(model, scan, probe, batch_size, execution)
    tiles = list(predictor.tiles(range(len(predictor.blocks)), progress))
    known: Any = {"probe": probe, "positions": scan.positions, "pixel_size_m": scan.pixel_size_m, "name": scan.name}
    with predictor.clock("stitch"):
        stitched = dataclasses.replace(joined(tiles), **known)
    return Prediction(stitched, predictor.clock.seconds, len(scan))


class TilePredictor:
    """Predict the patches of a scan block by block, and add those of each block up to a tile.

    A block is predicted by itself, in batches of its own: its tile is the same to the last bit whoever predicts it.

    Args:
        model, scan, probe, batch_size, execution: as those of `predict_object`.

    Attributes:
        blocks: list of int arrays `(pattern,)`, see `blocks_of`.
        clock: Clock of the seconds spent on `read`, `predict` and `stitch`.
    """

    def __init__(
        self, model: PtychoModel, scan: Scan, probe: np.ndarray, batch_size: int | None = None,
        execution: ExecutionParams | None = None,
    ) -> None:  # fmt: skip
        self.execution = execution or ExecutionParams()
        refuse_training_options(self.execution)
        model = suited_to(scan, model, probe, self.execution.precision)
        self.scan, self.members = scan, model.params.positions
        self.batch_size = batch_size or groups_at_once(scan.size, self.members)
        self.reach, self.weights = reach_of(model.params), keras.ops.convert_to_numpy(model.weights_of_patch())
        self.predictor = predictor_of(model, self.execution)
        self.blocks, self.clock = blocks_of(scan.positions), Clock()

    def tiles(self, numbers: Iterable[int], progress: Callable[[int], object] = lambda done: None) -> Iterator[Tile]:
        """Yield the tiles of the blocks of these numbers; `progress` is called with the number of patterns done."""
        done = 0
        for number in numbers:
            block = self.blocks[number]
            stitcher = Stitcher(self.scan.positions[block], self.weights)
            with aside() as do:
                for patches, members in self._patches(block):
                    with self.clock("stitch"):  # which waits for those before, and not for these
                        do(stitcher.add, patches, self.scan.positions[members])
                    done += len(members)
                    progress(done)
            yield stitcher.tile()

    def _patches(self, block: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the patches of a block, complex `(pattern, y, x)`, batch by batch, and which patterns they are of."""
        positions = self.scan.positions[block]
        groups, fresh = cover(positions, self.members, self.reach, outward(positions))
        batches = full_batches(block[groups], self.batch_size)
        read = read_ahead(lambda batch: read_groups(self.scan, batch), batches, self.execution.num_workers)
        for number, batch in enumerate(batches):
            with self.clock("read"):
                inputs = next(read)
            with self.clock("predict"):
                maps = self.predictor.predict_on_batch(inputs)
            new = fresh[number * len(batch) : (number + 1) * len(batch)]
            maps, members = maps[: len(new)][new], batch[: len(new)][new]
            yield maps[..., 0] + 1j * maps[..., 1], members


def full_batches(groups: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Split groups `(group, position)` into batches of one size, not larger than all; the last is filled with groups.

    Compiled steps keep one shape then, and a small scan does not fill a large batch with copies.
    """
    size = min(batch_size, len(groups))
    starts = range(0, len(groups), size)
    return [np.resize(groups[start : start + size], (size, groups.shape[1])) for start in starts]


def predictor_of(model: PtychoModel, execution: ExecutionParams) -> PatchPredictor:
    """Return the `PatchPredictor` of a model, compiled or not as ExecutionParams say."""
    refuse_unsuited(keras.backend.backend(), execution)
    predictor = PatchPredictor(model)
    if execution.jit is not None:
        predictor.compile(jit_compile=execution.jit)
    return predictor
