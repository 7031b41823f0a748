"""What few patterns foretell of a scan: resolution and error as it is, and with more photons, in words and for JSON."""

import dataclasses
from typing import Any

from ptychopinn.evaluation.forecast import Forecast


@dataclasses.dataclass(frozen=True)
class Foretold:
    """What few patterns foretell of a scan.

    Args:
        patterns: int. How many they were.
        forecasts: tuple of Forecast: of the scan as it is, whose dose is 1, and of more photons; none where the halves
            of their photons agree on too little to tell.
        error: float. Standard error of the object that the scan as it is will have, root mean square, as a
            transmission; None where nothing is foretold.
        pixel_size_m: float, where it is known.
    """

    patterns: int
    forecasts: tuple[Forecast, ...]
    error: float | None
    pixel_size_m: float | None

    @property
    def words(self) -> list[str]:
        """What they foretell, in lines."""
        if not self.forecasts:
            return [f"{self.patterns} patterns agree on too little to tell"]
        now, *more = self.forecasts
        as_it_is = f"{now.period(self.pixel_size_m)}, error {self.error:.2g} (by {self.patterns} patterns)"
        return [f"the scan as it is: {as_it_is}", *(one.words(self.pixel_size_m) for one in more)]

    @property
    def record(self) -> dict[str, Any]:
        """What it is for JSON: periods in pixels and nanometres; errors of `doses` are times that of now."""
        return {"patterns": self.patterns, "error": self.error and round(self.error, 5), "doses": [
            {**one.record, "frc50_px": round(1 / one.frc50, 4),
             "frc50_nm": round(self.pixel_size_m / one.frc50 * 1e9, 5) if self.pixel_size_m else None}
            for one in self.forecasts
        ]}  # fmt: skip
