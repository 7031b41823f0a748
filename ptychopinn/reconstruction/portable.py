"""What of a model leaves for other programs: a graph of named inputs, of a fixed number at a time."""

import dataclasses

import keras
import numpy as np

from ptychopinn.data.scan import NO_DATA, Scan
from ptychopinn.model import PtychoModel
from ptychopinn.reconstruction.prediction import PatchPredictor
from ptychopinn.reconstruction.prior import SIDE, Corrector
from ptychopinn.reconstruction.suited import reach_of, suited_to

OF_PATCHES = {
    "amplitudes": "square root of the photons of each pattern, zero frequency at the centre, -1 where there is no data",
    "offsets": "(y, x) of each position from the whole pixel in the middle of its group's extent, pixels",
    "patches": "real and imaginary part of the transmission of each pattern's patch",
}
OF_CORRECTIONS = {
    "real": "real part of the transmission of a window of an object, as passes, or a pattern by itself, left it",
    "imag": "imaginary part",
    "dose": "photons that fell on each pixel; 0 where there was no light",
    "corrected": "real and imaginary part of the corrected transmission",
}


@dataclasses.dataclass(frozen=True)
class Portable:
    """A graph that other programs can run.

    Args:
        graph: keras.Model of named inputs and one output.
        inputs: dict of float32 arrays, drawn, to compare by: of each input, in their order, by name.
        meaning: dict of what each input is, by name, and then the output.
    """

    graph: keras.Model
    inputs: dict[str, np.ndarray]
    meaning: dict[str, str]

    @property
    def made(self) -> str:
        """Name of the output."""
        return list(self.meaning)[-1]


def portable_of(model: PtychoModel, at_once: int, scan: Scan | None = None) -> Portable:
    """Return what is exported of a model: what predicts patches of a scan; else what corrects objects, if it can.

    Args:
        model: PtychoModel.
        at_once: int. Groups of patterns, or windows of an object, that the graph is fixed to.
        scan: Scan to suit, by its probe, size and spacing. Defaults to what the model was trained on.

    Raises:
        ValueError: if there is no scan, and the model was trained on several.
    """
    if scan is not None:
        return patches_of(suited_to(scan, model, scan.probe), at_once)
    if model.params.input == "estimate":
        return corrections_of(model, at_once)
    if model.params.scans > 1:
        raise ValueError(
            f"A model of several probes must be told which to export. Received: {model.params.scans} scans trained on. "
            "Give the scan that it is for: --data."
        )
    return patches_of(model, at_once)


def patches_of(model: PtychoModel, at_once: int) -> Portable:
    """Return what makes patches of groups of patterns, with patterns of a clear object and a pixel without data."""
    random, params = np.random.default_rng(0), model.params
    shape = at_once, params.positions, params.size, params.size
    clear = keras.ops.ones(shape), keras.ops.zeros(shape)
    light = keras.ops.convert_to_numpy(model.diffraction(clear)).astype(np.float64)
    amplitudes = np.sqrt(random.poisson(light)).astype(np.float32)
    amplitudes[..., 3, 5] = NO_DATA
    offsets = random.uniform(-1, 1, (*shape[:2], 2)) * max(reach_of(params), 0) / 2
    return portable(PatchPredictor(model), [amplitudes, offsets.astype(np.float32)], OF_PATCHES)


def corrections_of(model: PtychoModel, at_once: int) -> Portable:
    """Return what corrects windows of an object, with windows of noise, a part of which no light fell on."""
    random, shape = np.random.default_rng(0), (at_once, 1, SIDE, SIDE)
    real, imag = (mean + 0.3 * random.standard_normal(shape) for mean in (1.0, 0.0))
    dose = random.poisson(100.0, shape)
    dose[..., : SIDE // 4] = 0
    return portable(Corrector(model), [part.astype(np.float32) for part in (real, imag, dose)], OF_CORRECTIONS)


def portable(part: keras.Model, inputs: list[np.ndarray], meaning: dict[str, str]) -> Portable:
    """Return a part of a model as a graph of named inputs, of as many at a time as are drawn."""
    named = dict(zip(meaning, inputs))
    symbols = tuple(keras.Input(one.shape[1:], len(one), name=name) for name, one in named.items())
    return Portable(keras.Model(list(symbols), part(symbols)), named, meaning)
