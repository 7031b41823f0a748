"""What is shown of a scan that runs: pictures of the image so far, and figures."""

import dataclasses
import typing

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.data.selection import spread
from ptychopinn.evaluation.against_patterns import Residual, residual
from ptychopinn.params import ExecutionParams
from ptychopinn.physics.ramp import ramp_of, straightened
from ptychopinn.reconstruction.dose import dose_of
from ptychopinn.reconstruction.photon_error import error_of_dose
from ptychopinn.reconstruction.prior import prior_of
from ptychopinn.reconstruction.refinement import Prior
from ptychopinn.report.colours import Scale, middle, of_phase
from ptychopinn.report.images import limit_size, paint, paint_bar
from ptychopinn.report.viewer import scale_bar
from ptychopinn.training.bundle import Bundle

LARGEST = 1024
"""Larger images are averaged over blocks of pixels."""

FAINT = 0.02
"""Pixels that saw less than this part of the most light are blank."""

DOUBTFUL = 4.0
"""Standard errors are painted up to so many times their median."""

JUDGED = 32
"""Patterns of the last round that the figures are of."""


@dataclasses.dataclass(frozen=True)
class Figures:
    """What is said of a scan that runs.

    Args:
        patterns: int. Patterns with their positions, so far.
        shown: int. Those that the image was made of; dark ones are not.
        waiting: int. Patterns whose position has not come yet, or positions whose pattern has not.
        per_second: float. Patterns that came, over the last seconds.
        latency_s: float. From when patterns were found to when the image showed them.
        r_factor, deviance: float. Of some patterns of the last round, per photon; see `Residual`.
        noise_deviance: float. What the deviance would be if nothing but the noise of photons were left.
        error: float. Standard error of the transmission that the dose leaves, in the median of the pixels that are lit.
    """

    patterns: int
    shown: int
    waiting: int
    per_second: float
    latency_s: float | None = None
    r_factor: float | None = None
    deviance: float | None = None
    noise_deviance: float | None = None
    error: float | None = None

    @property
    def words(self) -> list[tuple[str, str]]:
        """What is known of them, each as what it is and its value."""
        said = [("patterns", f"{self.shown:,}"), ("patterns/s", f"{self.per_second:.0f}")]
        if self.waiting:
            said.append(("wait for their partner", f"{self.waiting:,}"))
        if self.latency_s is not None:
            said.append(("latency", f"{self.latency_s:.1f} s"))
        if self.r_factor is not None:
            said.append(("R-factor", f"{self.r_factor:.3f}"))
        if self.deviance is not None and self.noise_deviance is not None:
            said.append(("deviance, noise alone", f"{self.deviance:.3g}, {self.noise_deviance:.3g}"))
        if self.error is not None:
            said.append(("standard error", f"{self.error:.2g}"))
        return said


def judged(image: Reconstruction, part: Scan) -> Residual:
    """Return how well an image explains some patterns of the last round, which it was made of."""
    return residual(image, np.asarray(image.probe), part.subset(spread(part.patterns, JUDGED)))


def pictures(image: Reconstruction) -> dict[str, typing.Any]:
    """Paint an image, as far as light fell: amplitude, phase without its ramp, and the error where it is known.

    Args:
        image: Reconstruction.

    Returns:
        dict of `panes`, each of a name, the picture and the bar of its colours as data URIs, and `marks`; and `bar`,
        the scale bar's part of the width and its text.
    """
    box = lit_box(image)
    width = image.object[box].shape[1]
    small, weight = limit_size(image.object[box], LARGEST), limit_size(image.weight[box], LARGEST)
    lit = weight > FAINT * weight.max()
    small = np.where(lit, straightened(small, weight, ramp_of(small, weight)), np.nan)
    panes = [
        _pane("amplitude", np.abs(small), middle(np.abs(small))),
        _pane("phase / rad", np.angle(small), of_phase(np.angle(small))),
    ]
    if image.uncertainty is not None:
        error = np.where(lit, limit_size(image.uncertainty[box], LARGEST), np.nan)
        panes.append(_pane("standard error", error, Scale("magma", 0.0, DOUBTFUL * np.nanmedian(error))))
    return {"panes": panes, "bar": scale_bar(width, image.pixel_size_m)}


def network_of(bundle: Bundle, execution: ExecutionParams) -> Prior:
    """Return what corrects the image that is shown: the network of a bundle that sees estimates of objects.

    Raises:
        ValueError: if the bundle's network sees patterns.
    """
    kind = bundle.model.params.input
    if kind != "estimate":
        raise ValueError(
            f"An image so far is corrected by a network of estimates. Received: a bundle of input={kind}. Take the one "
            "that ships, --bundle shipped, or none."
        )
    return prior_of(bundle, execution)


def corrected(image: Reconstruction, network: Prior) -> Reconstruction:
    """Return an image as a network corrects it, where light fell."""
    box, obj = lit_box(image), image.object.copy()
    obj[box] = network(image.object[box], dose_of(image.weight[box], np.asarray(image.probe)))
    return dataclasses.replace(image, object=obj)


def with_dose_error(image: Reconstruction) -> Reconstruction:
    """Return an image with the standard error that the dose of each pixel leaves; see `reconstruction.photon_error`."""
    return dataclasses.replace(image, uncertainty=error_of_dose(image.weight, np.asarray(image.probe)))


def lit_box(image: Reconstruction) -> tuple[slice, slice]:
    """Return the rows and columns of an image that light fell on."""
    rows, columns = (np.flatnonzero(image.weight.max(axis=axis)) for axis in (1, 0))
    return np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _pane(name: str, values: np.ndarray, scale: Scale) -> dict[str, typing.Any]:
    return {"name": name, "picture": paint(values, scale), "colours": paint_bar(scale), "marks": scale.marks}
