"""The batches of a training, and those that it is validated on."""

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ptychopinn.data.batches import GroupBatches, split_validation
from ptychopinn.data.grouping import check_canvas, offsets
from ptychopinn.data.scan import Scan, listed
from ptychopinn.training.settings import Settings


def make_batches(
    scans: Scan | Sequence[Scan], settings: Settings, validation: Scan | Sequence[Scan] | None = None
) -> tuple[GroupBatches, GroupBatches | None]:
    """Return the batches to train on, and those to validate on (`None` if the scans are too small for any).

    Validation too compares with photons that the network does not see, the same ones in every epoch.

    Raises:
        ValueError: if scans, their validation and the devices that share a batch do not fit together.
    """
    params, data, training, scans = settings.model, settings.data, settings.training, listed(scans)
    if training.batch_size % settings.devices:
        raise ValueError(
            f"A batch must be dealt out to devices in equal parts. Received: batch_size={training.batch_size}, "
            f"devices={settings.devices}. Give a --batch-size that is a multiple of it."
        )
    workers = max(1, settings.execution.num_workers)
    parts = [split_validation(scan, data, params.positions, training.seed) for scan in scans]
    kept, held_out = map(list, zip(*parts))
    if validation is not None:
        validation = listed(validation)
        check_validation(validation, scans)
        kept = [np.sort(np.concatenate(part)) for part in parts]
        held_out = [np.arange(len(scan)) for scan in validation]
    how: dict[str, Any] = {"workers": workers, "devices": settings.devices}
    batches = GroupBatches(scans, kept, params, data, training, **how)
    if batches.batch_size < training.batch_size:
        held = f"A batch holds {batches.batch_size} groups, all that there are."
        warnings.warn(f"{held} Received: batch_size={training.batch_size}.", stacklevel=3)
    held_out_batches = None
    if any(map(len, held_out)):
        once = dataclasses.replace(data, n_groups=None)
        held_out_batches = GroupBatches(validation or scans, held_out, params, once, training, redraw=False, **how)
    for some in filter(None, (batches, held_out_batches)):
        for index, scan in enumerate(some.scans):
            groups = some.groups[some.scan_of_group == index]
            if len(groups):
                check_canvas(offsets(scan.positions, groups), params.size, params.canvas)
    return batches, held_out_batches


def check_validation(validation: Sequence[Scan], scans: Sequence[Scan]) -> None:
    """Raise ValueError unless there is a scan to validate on for each scan trained on, of the same size."""
    if len(validation) != len(scans):
        raise ValueError(
            f"Each of the {len(scans)} scans trained on must have one to validate on, seen through its probe. "
            f"Received: {len(validation)}. Give as many, in the same order, or none."
        )
    for scan in validation:
        if scan.size != scans[0].size:
            raise ValueError(
                f"Validation patterns must be {scans[0].size} pixels like the training's. "
                f"Received: {scan.name} of {scan.size} pixels."
            )
