"""Arrays as pictures inside a page: PNG at native resolution, written as data URIs."""

import base64
import io
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import hsv_to_rgb
from PIL import Image

from ptychopinn.evaluation.downscale import block_means
from ptychopinn.report.colours import Scale

SHADES = 255
"""Colours of a palette; one more is transparent, for pixels without a value."""

LARGEST = 2048
"""Larger images are averaged over blocks of pixels, to keep a page light."""


def data_uri(content: bytes, kind: str) -> str:
    """Write bytes as the `src` of an image of a MIME type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def paint(values: np.ndarray, scale: Scale) -> str:
    """Paint real values `(y, x)` with the colours of a scale; NaN stays transparent.

    Returns:
        str: data URI of a PNG.
    """
    scaled = np.clip((values - scale.low) / (scale.high - scale.low), 0, 1)
    shades = np.where(np.isfinite(scaled), 1 + np.rint(np.nan_to_num(scaled) * (SHADES - 1)), 0)
    picture = Image.fromarray(shades.astype(np.uint8))
    palette = colormaps[scale.colours](np.linspace(0, 1, SHADES), bytes=True)[:, :3]
    picture.putpalette(np.vstack([np.zeros((1, 3), np.uint8), palette]).tobytes())
    return _png(picture, transparency=0)


def paint_complex(image: np.ndarray, brightest: float) -> str:
    """Paint complex values `(y, x)`: the phase as hue (0 is red), the modulus as brightness, full at `brightest`."""
    seen = np.isfinite(image)
    image = np.where(seen, image, 0)
    hue, value = np.angle(image) / (2 * np.pi) % 1, np.clip(np.abs(image) / max(brightest, 1e-30), 0, 1)
    colours = hsv_to_rgb(np.stack([hue, np.ones_like(hue), value], axis=-1))
    return _png(Image.fromarray(np.rint(255 * np.dstack([colours, seen])).astype(np.uint8)))


def paint_bar(scale: Scale) -> str:
    """Paint the key of `paint`: the colours of a scale from its low end, left, to its high end."""
    return paint(np.linspace(scale.low, scale.high, SHADES)[None], scale)


def paint_wheel(side: int = 96) -> str:
    """Paint the key of `paint_complex`: a disc of all phases, brighter outward."""
    y, x = np.linspace(1, -1, side)[:, None], np.linspace(-1, 1, side)
    disc = x + 1j * y
    return paint_complex(np.where(np.abs(disc) <= 1, disc, np.nan), 1.0)


def limit_size(image: np.ndarray, largest: int = LARGEST) -> np.ndarray:
    """Average an image `(y, x)` over square blocks, so that no side is above `largest` pixels; NaN has no say."""
    block = -(-max(image.shape) // largest)
    return image if block == 1 else block_means(image, block)


def _png(picture: Image.Image, **options: Any) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", **options)
    return data_uri(buffer.getvalue(), "image/png")
