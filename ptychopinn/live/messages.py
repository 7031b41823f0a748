"""Messages of a sender of patterns: a JSON text and the bytes of arrays, nothing of which is believed unread.

header      series, shape [y, x], type; probe, mask, units, geometry, frames   then the bytes of probe and of mask
image       series, frame, shape, type, positions                              then the bytes of the patterns
positions   series, frame, positions
series_end  series
"""

import dataclasses
import json
import math
import typing
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ptychopinn.data.checks import LARGEST_FRAME, SMALLEST_FRAME
from ptychopinn.formats.frames import MOST_IN_A_FRAME
from ptychopinn.formats.quantities import DETECTOR_PIXEL, GEOMETRY, position_unit

MOST_JSON = 1 << 24
"""Bytes of the text of a message."""

MOST_NUMBER = 1 << 53
TYPES = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float32", "float64")
ARRAYS = {"probe": ("complex64", "complex128"), "mask": ("bool", "uint8")}
WORDS = {"measurement": ("counts", "amplitude"), "zero_frequency": ("centre", "corner"), "compression": ("none",)}
"""What some keys may be."""


@dataclasses.dataclass(frozen=True, eq=False)
class Header:
    """What begins a scan.

    Args:
        series: str. Which scan; all its messages name it.
        shape: `(y, x)` of a pattern.
        dtype: np.dtype of a pattern.
        frames: int. Patterns of the scan, where it is known.
        words: dict of texts: `unit` of positions, `measurement`, `zero_frequency`, `electrons`.
        numbers: dict of the numbers of `GEOMETRY`, and `detector_pixel_m`, its side.
        arrays: dict of `probe` `(mode, y, x)` and `mask` `(y, x)`, not 0 on good pixels.
    """

    series: str
    shape: tuple[int, int]
    dtype: np.dtype
    frames: int | None
    words: Mapping[str, str]
    numbers: Mapping[str, float]
    arrays: Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True, eq=False)
class Sent:
    """Patterns with their positions, or either of them, of numbers that follow one another.

    Args:
        series: str.
        frames: int array `(pattern,)`: their numbers.
        patterns: array `(pattern, y, x)`, or None.
        positions: float array `(pattern, 2)`: `(y, x)` in the unit of the header; or None.
    """

    series: str
    frames: np.ndarray
    patterns: np.ndarray | None
    positions: np.ndarray | None


@dataclasses.dataclass(frozen=True)
class End:
    """The scan is over."""

    series: str


def parsed(parts: Sequence[bytes]) -> Header | Sent | End:
    """Return what a message says; raise ValueError, in a few words, where it is none that can be believed."""
    said = _json(parts[0])
    kinds: dict[str, Callable[..., Header | Sent | End]] = {
        "header": _header, "image": _sent, "positions": _sent, "series_end": lambda said, series, blobs: End(series),
    }  # fmt: skip
    kind = kinds.get(str(said.get("htype")))
    if kind is None:
        raise ValueError(f"htype={said.get('htype')!r:.40} is none of {', '.join(kinds)}")
    if not isinstance(said.get("series"), int | str) or not str(said["series"]):
        raise ValueError(f"series={said.get('series')!r:.40} is no number and no name")
    for key, choices in WORDS.items():
        if said.get(key, choices[0]) not in choices:
            raise ValueError(f"{key}={said[key]!r:.40} is none of {', '.join(choices)}")
    try:
        return kind(said, str(said["series"]), parts[1:])
    except OverflowError:
        raise ValueError("a number in it is beyond all measure") from None


def _json(text: bytes) -> dict[str, typing.Any]:
    if len(text) > MOST_JSON:
        raise ValueError(f"its text is of {len(text)} bytes, and may be of {MOST_JSON}")
    try:
        said = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ValueError("its first part is no JSON") from None
    if not isinstance(said, dict):
        raise ValueError("its first part is no JSON object")
    return said


def _no_number(name: str) -> typing.NoReturn:
    raise ValueError(name)


def _header(said: dict[str, typing.Any], series: str, blobs: Sequence[bytes]) -> Header:
    dtype, shape = _type(said, TYPES), _shape(said)
    within = min(shape, default=0) >= SMALLEST_FRAME and max(shape, default=0) <= LARGEST_FRAME
    if len(shape) != 2 or not within or math.prod(shape) > MOST_IN_A_FRAME:
        raise ValueError(f"shape={list(shape)} cannot be [y, x] of a pattern")
    wanted = [name for name in ARRAYS if name in said]
    if len(wanted) != len(blobs):
        raise ValueError(f"{len(blobs)} arrays follow, and it speaks of {len(wanted)}")
    words: dict[str, str] = {key: said[key] for key in ("measurement", "zero_frequency") if key in said}
    if "units" in said:
        words["unit"] = position_unit(str(said["units"]), "the stream")
    if said.get("electrons") is True:
        words["electrons"] = "yes"
    frames = _whole(said, "frames") if "frames" in said else None
    arrays = {name: _array(said[name], ARRAYS[name], blob) for name, blob in zip(wanted, blobs)}
    if "mask" in arrays and arrays["mask"].shape != shape:
        raise ValueError(f"the mask's shape {arrays['mask'].shape} is not that of a pattern")
    return Header(series, shape, dtype, frames, words, _numbers(said), arrays)  # type: ignore[arg-type]


def _numbers(said: dict[str, typing.Any]) -> dict[str, float]:
    known = {**GEOMETRY, "detector_pixel_m": DETECTOR_PIXEL}
    return {key: quantity.within(_number(said, key), "It", key) for key, quantity in known.items() if key in said}


def _sent(said: dict[str, typing.Any], series: str, blobs: Sequence[bytes]) -> Sent:
    first, patterns = _whole(said, "frame"), None
    if said["htype"] == "image":
        if len(blobs) != 1:
            raise ValueError(f"an image is of two parts, and this one of {1 + len(blobs)}")
        patterns = _array(said, TYPES, blobs[0])
        patterns = patterns[None] if patterns.ndim == 2 else patterns
    positions = _positions(said) if "positions" in said or patterns is None else None
    counts = {len(values) for values in (patterns, positions) if values is not None}
    if len(counts) != 1 or 0 in counts or (patterns is not None and patterns.ndim != 3):
        raise ValueError("it must be of one pattern or more, [y, x] or [pattern, y, x], and of a position for each")
    return Sent(series, first + np.arange(counts.pop()), patterns, positions)


def _positions(said: dict[str, typing.Any]) -> np.ndarray:
    try:
        positions = np.asarray(said.get("positions"), float)
    except (ValueError, TypeError, OverflowError):
        positions = np.zeros(0)
    if positions.ndim != 2 or positions.shape[1] != 2 or not np.isfinite(positions).all():
        raise ValueError("positions must be finite pairs [y, x]")
    return positions


def _array(said: typing.Any, types: Sequence[str], blob: bytes) -> np.ndarray:
    if not isinstance(said, dict):
        raise ValueError("an array must be told by its shape and type")
    dtype, shape = _type(said, types), _shape(said)
    if math.prod(shape) * dtype.itemsize != len(blob):
        raise ValueError(f"{len(blob)} bytes are no array of shape={list(shape)}, type={dtype}")
    return np.frombuffer(blob, dtype).reshape(shape)


def _type(said: dict[str, typing.Any], types: Sequence[str]) -> np.dtype:
    if said.get("type") not in types:
        raise ValueError(f"type={said.get('type')!r:.40} is none of {', '.join(types)}")
    return np.dtype(str(said["type"])).newbyteorder("<")


def _shape(said: dict[str, typing.Any]) -> tuple[int, ...]:
    shape = said.get("shape")
    if (
        not isinstance(shape, list)
        or not 0 < len(shape) < 4
        or not all(type(side) is int and side > 0 for side in shape)
    ):
        raise ValueError(f"shape={shape!r:.60} is no list of sides")
    return tuple(shape)


def _whole(said: dict[str, typing.Any], key: str) -> int:
    value = said.get(key)
    if type(value) is not int or not 0 <= value < MOST_NUMBER:
        raise ValueError(f"{key}={value!r:.40} is no number from 0 on")
    return value


def _number(said: dict[str, typing.Any], key: str) -> float:
    if type(said[key]) not in (int, float):
        raise ValueError(f"{key}={said[key]!r:.40} is no number")
    return float(said[key])
