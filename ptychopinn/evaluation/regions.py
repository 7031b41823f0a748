"""Regions of a field: how fine its detail is where it is finest and where it is coarsest, now and with more photons.

The map of local resolution tells where they are; two halves of the photons tell the rest, in each region by itself, for
detail that is blurred falls off otherwise than detail that has edges (see `forecast`).
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.forecast import Forecast, forecast
from ptychopinn.evaluation.region import Box
from ptychopinn.evaluation.registration.fine import crop
from ptychopinn.evaluation.resolution import Resolution, resolution

SIDE, PART = 48, 1 / 3
"""Of a region: pixels, at least, and as a part of the shorter side of the field."""

DIFFERS = 1.4
"""Times the finest detail's period that the coarsest must have, to be told: chance alone makes less of it."""


@dataclasses.dataclass(frozen=True)
class Region:
    """A region of the field.

    Args:
        resolution: Resolution, in its box.
        forecasts: tuple of Forecast. What more photons would bring there.
    """

    resolution: Resolution
    forecasts: tuple[Forecast, ...]

    @property
    def record(self) -> dict[str, Any]:
        """What `report.json` says of it."""
        frc50, box = round(self.resolution.frc50, 5), list(self.resolution.region)
        return {"region_px": box, "frc50": frc50, "forecast": [one.record for one in self.forecasts]}


def regions(whole: Resolution, reconstruction: Reconstruction) -> tuple[Region, ...]:
    """Return the regions of the finest and of the coarsest detail; none where detail is as fine everywhere.

    Args:
        whole: Resolution of the field.
        reconstruction: Reconstruction, with its halves.
    """
    boxes = list(_parts(whole.region))
    if len(boxes) < 2:
        return ()
    periods = [float(np.nanmean(crop(whole.local, box))) for box in boxes]
    least, most = boxes[int(np.argmin(periods))], boxes[int(np.argmax(periods))]
    finest, coarsest = resolution(reconstruction, least), resolution(reconstruction, most)
    if not coarsest.frc50 or finest.frc50 < DIFFERS * coarsest.frc50:
        return ()
    return tuple(Region(one, forecast(one)) for one in (finest, coarsest))


def _parts(field: Box) -> Iterator[Box]:
    """Yield the boxes of equal size, about `SIDE` or more on a side, that a field is parted in."""
    top, bottom, left, right = field
    side = max(SIDE, PART * min(bottom - top, right - left))
    rows, columns = (
        np.linspace(low, high, max(int((high - low) / side), 1) + 1).astype(int)
        for low, high in ((top, bottom), (left, right))
    )
    for upper, lower in zip(rows, rows[1:]):
        for first, last in zip(columns, columns[1:]):
            yield int(upper), int(lower), int(first), int(last)
