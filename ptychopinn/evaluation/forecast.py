r"""Forecast: the resolution and the error that more photons would bring, by how two halves of them agree now.

From dose to dose, the x of each ring's waves (see `resolution`) goes with the dose. Around the resolution it falls with
the frequency as $e^{-(q/q_0)^{3/2}}$, between detail that has edges and detail that is blurred; $q_0$ is fitted to the
correlation of the halves, where each ring is as sure as its samples are many.

A step between positions that is narrower by the root of a factor brings that factor of photons to each pixel, too.
`benchmarks/forecast.py` compares with what more photons did bring.
"""

import dataclasses
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from ptychopinn.evaluation import ring_correlation as rings
from ptychopinn.evaluation.resolution import Resolution, of_waves, waves_of

DOSES = (2.0, 4.0)
"""Times the photons of the scan."""

LOWEST, HIGHEST = 0.3, 1.5
"""Frequencies that are fitted, in those of the resolution."""

FALL = 1.5
"""Power of the frequency by which the logarithm of x falls."""

AT_HALF = (1 + 5**0.5) / 2
"""The x of waves whose ring correlation is 0.5."""

SUREST = 0.01
"""Standard error of a correlation, at least: registration and passes leave so much."""


@dataclasses.dataclass(frozen=True)
class Forecast:
    """What more photons would bring.

    Args:
        dose: float. Times the photons that each pixel received.
        frc50: float. Frequency, cycles per pixel, at which the ring correlation would fall below 0.5; at most 0.5.
        error: float. Error of the object, times that of now.
    """

    dose: float
    frc50: float
    error: float

    @property
    def how(self) -> str:
        """How a pixel comes to so many photons, in words."""
        return f"{self.dose:g} times the photons, or a step {self.dose**-0.5:.2g} times as wide"

    def period(self, pixel_size_m: float | None = None) -> str:
        """The full period up to which detail would agree, in words."""
        metres = f", {pixel_size_m / self.frc50 * 1e9:.3g} nm" if pixel_size_m else ""
        return f"{1 / self.frc50:.3g} px{metres} (FRC 0.5)"

    def words(self, pixel_size_m: float | None = None) -> str:
        """What they would bring, in a line."""
        return f"{self.how}: {self.period(pixel_size_m)}, {self.error:.2f} times the error"

    @property
    def record(self) -> dict[str, Any]:
        """What `report.json` says of it."""
        return {name: round(value, 5) for name, value in vars(self).items()}


def forecast(resolution: Resolution, doses: tuple[float, ...] = DOSES) -> tuple[Forecast, ...]:
    """Forecast resolution and error for more photons.

    Args:
        resolution: Resolution.
        doses: tuple of floats. Times the photons of the scan. Defaults to twice, and four times.

    Returns:
        tuple of Forecast, one for each dose; none where too few rings agree to tell.
    """
    fit = _fitted(resolution)
    if fit is None:
        return ()
    (level, slope), now = fit, resolution.frc50
    crossed = {dose: now**FALL + (np.log(AT_HALF / dose) - level) / slope for dose in (1.0, *doses)}
    at = {dose: max(power, 0.0) ** (1 / FALL) for dose, power in crossed.items()}
    left = {dose: _error(resolution, fit, dose) for dose in (1.0, *doses)}
    return tuple(
        Forecast(dose, float(min(now * at[dose] / at[1.0], rings.NYQUIST)), left[dose] / left[1.0]) for dose in doses
    )


def _fitted(resolution: Resolution) -> tuple[float, float] | None:
    r"""Fit $\ln x = a + b (q^{3/2} - q_{50}^{3/2})$ at the full dose around $q_{50}$: `(a, b)`, where it falls."""
    top, bottom, left, right = resolution.region
    frequency, halves = resolution.curves["frequency"], resolution.curves["halves"]
    samples, now = rings.independent_samples((bottom - top, right - left)), resolution.frc50
    near = (frequency > LOWEST * now) & (frequency < HIGHEST * now)
    near[0] = False
    if near.sum() < 3:
        return None

    def missed(line: np.ndarray) -> np.ndarray:
        expected = of_waves(np.exp(line[0] + line[1] * (frequency[near] ** FALL - now**FALL)) / 2)
        sure = np.maximum((1 - expected**2) / np.sqrt(samples[near]), SUREST)
        return (halves[near] - expected) / sure

    level, slope = least_squares(missed, [np.log(AT_HALF), -3 * now**-FALL]).x
    return (float(level), float(slope)) if slope < 0 and level > slope * now**FALL + np.log(AT_HALF) else None


def _error(resolution: Resolution, fit: tuple[float, float], dose: float) -> float:
    """Return the error of the object at a dose, of any unit: what rings hold, by what of it is noise or left out."""
    frequency, now = resolution.curves["frequency"], resolution.frc50
    waves = np.where(
        frequency > LOWEST * now,
        np.exp(np.minimum(fit[0] + fit[1] * (frequency**FALL - now**FALL), 50)),
        2 * waves_of(resolution.curves["halves"]),
    )
    agreement = of_waves(dose * waves)
    return float(np.sqrt(np.sum(np.maximum(resolution.curves["signal"], 0) * (1 - agreement))))
