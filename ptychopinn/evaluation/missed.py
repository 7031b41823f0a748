"""Whether photons held out miss a thing: by more than chance, and by a part of what noise leaves to explain."""

from typing import Any

import numpy as np
from scipy.stats import mstats

from ptychopinn.evaluation.tried import Tried

SURE, CERTAIN = 4.5, 30.0
"""Standard errors by which they must be predicted better; and by which they may be by little."""

SURE_OF_LIGHT = 2.5
"""Standard errors that do for unsteady light: a few patterns far from the mean bring most of what it brings."""

WORTH = 0.1
"""Part of what noise leaves that must be explained."""

WORTH_OF_MORE_MODES = 10.0
"""The same of a third mode or more, which have little light, over the number of patterns: the fewer see an object, the
more of what is wrong with it looks incoherent."""

OUTLYING = (0.1, 0.1)
"""Parts of the patterns, those that gain least and most, that have no say in modes: every pattern has these in it, and
a few that passes lose, or find, would outweigh all others."""

NO_WORSE = -2.0
"""Standard errors by which unsteady light is believed in place of a probe that varies, which takes it for its own."""


def takes_its_place(rival: Tried) -> bool:
    """Say whether a rival, compared with what it may have been taken for, is believed in its place."""
    if rival.name == "flux":
        return rival.gain > NO_WORSE * rival.error
    return rival.kept


def compared(name: str, value: Any, found: np.ndarray, without: np.ndarray, noise: float) -> Tried:
    """Say what something brought, and whether it is believed.

    Args:
        name, value: of its option.
        found, without: float arrays `(pattern,)`: Poisson deviance of photons held out with it and without, per photon.
        noise: float. What their noise alone would leave of it.
    """
    gains = without - found
    mean = _of_most if name == "modes" else _of_all
    gain, error = mean(gains)
    before, _ = mean(without)
    part = gain / max(before - noise, gain, 1e-12)
    worth = WORTH_OF_MORE_MODES / len(gains) if name == "modes" and value > 2 else WORTH
    sure = SURE_OF_LIGHT if name == "flux" else SURE
    kept = gain > sure * error and (part > worth or gain > CERTAIN * error)
    return Tried(name, value, gain, error, float(part), kept)


def _of_all(values: np.ndarray) -> tuple[float, float]:
    """Return the mean of patterns, and its standard error."""
    return float(values.mean()), float(values.std() / np.sqrt(len(values)))


def _of_most(values: np.ndarray) -> tuple[float, float]:
    """Return the mean of patterns but the lowest and the highest, and its standard error."""
    return float(mstats.trimmed_mean(values, OUTLYING)), float(mstats.trimmed_stde(values, OUTLYING))
