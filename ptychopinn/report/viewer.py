"""Complex images painted for the page's viewer: amplitude, phase, and both as hue and brightness."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from ptychopinn.report.blocks import Key, Layer, Viewer
from ptychopinn.report.colours import Scale, around_zero, from_zero, middle, of_phase
from ptychopinn.report.images import limit_size, paint, paint_bar, paint_complex, paint_wheel
from ptychopinn.report.words import metres, number, round_length

BAR = 0.3
"""The scale bar is at most this part of the picture's width."""


def view(
    images: Mapping[str, np.ndarray],
    corner: tuple[float, float] = (0, 0),
    pixel_size_m: float | None = None,
    difference: tuple[str, str] | None = None,
) -> Viewer:
    """Paint complex images of the same pixels on common colours, those of the last one.

    Args:
        images: dict from a name (may be empty) to a complex array `(y, x)`; NaN stays blank. The truth stands last.
        corner: `(y, x)` position of pixel (0, 0), in pixels of the scan. Defaults to (0, 0).
        pixel_size_m: float, where it is known.
        difference: `(name, name)`: adds a pane with the first of these images less the second.

    Returns:
        Viewer.
    """
    height, width = next(iter(images.values())).shape
    small = {name: limit_size(image) for name, image in images.items()}
    guide = list(small.values())[-1]
    brightest = np.nanpercentile(np.abs(guide), 99.5)
    wheel = wheel_key("phase as hue, modulus as brightness", brightest)
    layers = {
        "amplitude": _layers(small, np.abs, "amplitude", middle(np.abs(guide))),
        "phase": _layers(small, np.angle, "phase / rad", of_phase(np.angle(guide))),
        "complex": [
            Layer(name, paint_complex(image, brightest), _alt("complex image", name), wheel)
            for name, image in small.items()
        ],
    }
    if difference is not None:
        for layer, panes in zip(layers.values(), _differences(*(small[name] for name in difference))):
            layer += panes
    return Viewer(layers, (height, width), (corner[0], corner[1]), pixel_size_m, scale_bar(width, pixel_size_m))


def colour_key(quantity: str, scale: Scale) -> Key:
    """Return the key of a painted quantity."""
    return Key(paint_bar(scale), quantity, scale.marks)


def wheel_key(quantity: str, brightest: float) -> Key:
    """Return the key of hue and brightness."""
    return Key(paint_wheel(), f"{quantity}: 0 to the right, π/2 up; brightest at {brightest:.3g}")


def scale_bar(width: int, pixel_size_m: float | None) -> tuple[float, str]:
    """Return a scale bar for an image `width` pixels wide: its part of the width, and its text."""
    unit = pixel_size_m or 1.0
    length = round_length(BAR * width * unit)
    return length / (width * unit), metres(length) if pixel_size_m else f"{number(length)} px"


def _layers(
    images: Mapping[str, np.ndarray], part: Callable[[np.ndarray], np.ndarray], quantity: str, scale: Scale
) -> list[Layer]:
    key, words = colour_key(quantity, scale), quantity.partition(" /")[0]
    return [Layer(name, paint(part(image), scale), _alt(words, name), key) for name, image in images.items()]


def _differences(image: np.ndarray, truth: np.ndarray) -> Iterator[list[Layer]]:
    """Yield the layers of a difference: of amplitude, of phase (wrapped), and the modulus of the complex one."""
    amplitude, phase = np.abs(image) - np.abs(truth), np.angle(image * np.conj(truth))
    modulus = np.abs(image - truth)
    for values, quantity, scale in (
        (amplitude, "difference of amplitudes", around_zero(amplitude)),
        (phase, "difference of phases / rad", around_zero(phase)),
        (modulus, "modulus of the complex difference", from_zero(modulus)),
    ):
        yield _layers({"difference": values}, np.asarray, quantity, scale)


def _alt(quantity: str, name: str) -> str:
    return f"{quantity} of the {name or 'object'}" if name != "difference" else quantity
