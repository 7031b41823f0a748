"""A trial: how well a guess of the probe comes to explain some neighbouring patterns, by a few sweeps over them."""

import dataclasses

import numpy as np

from ptychopinn.data.selection import Patterns
from ptychopinn.physics.resampling import centred_fft

NEIGHBOURS, FEWEST, SIDE = 48, 12, 128
"""Patterns of a trial, fewer where they are larger than a side, but so many."""

SWEEPS = 8
STEP = 0.7
"""Sweeps over them, and the length of their steps: those of ePIE."""

FIXED = 2
"""Sweeps before the probe moves."""


@dataclasses.dataclass(frozen=True)
class Trial:
    """Some patterns of one neighbourhood.

    Args:
        amplitudes: float array `(pattern, y, x)`, zero frequency at the centre, negative where no data is.
        corners: int array `(pattern, 2)`: first pixel of each patch on their canvas.
    """

    amplitudes: np.ndarray
    corners: np.ndarray

    def misfit(self, probe: np.ndarray) -> float:
        r"""Return the R-factor, $\sum |\sqrt I - \sqrt n| / \sum \sqrt n$, that a probe `(y, x)` ends with.

        Reference:
            Maiden and Rodenburg, Ultramicroscopy 109, 1256 (2009), doi:10.1016/j.ultramic.2009.05.012
        """
        side, good = probe.shape[-1], self.amplitudes >= 0
        light = np.square(self.amplitudes, where=good, out=np.zeros_like(self.amplitudes))
        probe = probe * np.sqrt(light.sum() / len(light) / np.sum(np.abs(probe) ** 2))
        canvas = np.ones(self.corners.max(axis=0) + side, complex)
        missed = 0.0
        for sweep in range(SWEEPS):
            missed = 0.0
            for (row, column), measured, known in zip(self.corners, self.amplitudes, good):
                patch = canvas[row : row + side, column : column + side]
                wave = probe * patch
                far = centred_fft(wave)
                modulus = np.abs(far)
                missed += np.abs(modulus - measured)[known].sum()
                scaled = np.where(known, far * measured / np.maximum(modulus, 1e-12), far)
                change = STEP * (centred_fft(scaled, inverse=True) - wave)
                moved = patch + probe.conj() * change / np.max(np.abs(probe) ** 2)
                if sweep >= FIXED:
                    probe = probe + patch.conj() * change / np.max(np.abs(patch) ** 2)
                patch[:] = moved
        return float(missed / self.amplitudes[good].sum())


def trial_of(patterns: Patterns, positions: np.ndarray, mask: np.ndarray, corner: bool, squared: bool) -> Trial:
    """Read the patterns nearest to the middle of the scan for a trial.

    Args:
        patterns: array-like `(pattern, y, x)`, negative where no data is.
        positions: float array `(pattern, 2)`, pixels.
        mask: bool array `(y, x)`, zero frequency at the centre, True on good pixels.
        corner: bool. Whether the patterns' zero frequency is at the corner.
        squared: bool. Whether patterns are amplitudes, and not counts.
    """
    distance = np.linalg.norm(positions - np.median(positions, axis=0), axis=1)
    count = max(FEWEST, int(NEIGHBOURS * min(1, SIDE / mask.shape[-1]) ** 2))
    some = np.sort(np.argsort(distance, kind="stable")[:count])
    values = np.asarray(patterns[some]).astype(np.float64)
    values = np.fft.fftshift(values, axes=(1, 2)) if corner else values
    good = (values >= 0) & mask
    amplitudes = np.maximum(values, 0) if squared else np.sqrt(np.maximum(values, 0))
    whole = np.rint(positions[some]).astype(int)
    return Trial(np.where(good, amplitudes, -1.0), whole - whole.min(axis=0))
