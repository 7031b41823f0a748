"""A small YAML file that says where the arrays of a scan lie: a `Door`, kept, and then a source like any other."""

import dataclasses
import pathlib
import typing

import yaml

from ptychopinn.data.recording import Recording
from ptychopinn.files import write_whole
from ptychopinn.formats import door
from ptychopinn.formats.opened import Opened
from ptychopinn.printable import printable

NAME = "a YAML description (patterns: FILE:/path, positions: FILE:/path, unit: um, ...)"
LARGEST = 1 << 16
"""Bytes of a description."""

NUMBERS = ("distance_m", "energy_eV", "pixel_size_m", "detector_pixel_m", "fresnel_number")
KEYS = tuple(field.name for field in dataclasses.fields(door.Door))


def recognises(opened: Opened) -> bool:
    """Tell whether the file is a small text with a line that begins `patterns:`."""
    if not opened.path.is_file() or opened.path.stat().st_size > LARGEST or opened.store is not None:
        return False
    return any(line.startswith(b"patterns:") for line in opened.path.read_bytes().splitlines())


def record(opened: Opened) -> Recording:
    """Say what lies where the file says; relative paths begin at its folder."""
    recording = door.record(_door(opened), opened.path.parent)
    return dataclasses.replace(recording, notes=(f"The arrays lie where {opened.name} says.", *recording.notes))


def write(path: pathlib.Path | str, told: door.Door) -> None:
    """Write a description of what is told; relative paths in it are meant from its folder."""
    known = {key: value for key, value in dataclasses.asdict(told).items() if value not in (None, False)}
    text = yaml.safe_dump(known, sort_keys=False, allow_unicode=True)
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _door(opened: Opened) -> door.Door:
    try:
        told = yaml.safe_load(opened.path.read_bytes())
    except Exception:  # a parser of text that nobody vouches for raises what it likes
        told = None
    if not isinstance(told, dict) or not all(isinstance(key, str) for key in told):
        raise ValueError(
            f"{opened.name} must be YAML with lines like patterns: FILE:/path. "
            "Received: a text that cannot be read so. Correct it."
        )
    unknown = [printable(key)[:40] for key in told if key not in KEYS]
    if unknown:
        raise ValueError(
            f"{opened.name} must hold keys out of {', '.join(KEYS)}. Received: {', '.join(unknown[:4])}. "
            "Leave them out, or correct their spelling."
        )
    if told.get("patterns") is None:
        raise ValueError(
            f"{opened.name} must say where the patterns are. Received: patterns without a value. "
            "Write patterns: FILE:/path."
        )
    values = {key: _value(opened.name, key, value) for key, value in told.items() if value is not None}
    return door.Door(**{"name": opened.path.stem, **values})


def _value(name: str, key: str, value: typing.Any) -> typing.Any:
    """Return a value of the type that its key wants; YAML takes `75e-6` for a text."""
    if key == "electrons":
        wanted, fits = "true or false", isinstance(value, bool)
    elif key in NUMBERS:
        numbers = [_number(one) for one in (value if isinstance(value, list) else [value])]
        wanted, fits = "a number", None not in numbers and (key == "detector_pixel_m" or len(numbers) == 1)
        if fits:
            value = numbers if isinstance(value, list) else numbers[0]
    else:
        wanted, fits = "a text", isinstance(value, str)
    if not fits:
        found = printable(value)[:40] if isinstance(value, str | int | float) else f"a {type(value).__name__}"
        raise ValueError(f"{name} must hold {wanted} as {key}. Received: {key}={found}. Correct it.")
    return value


def _number(value: typing.Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None
