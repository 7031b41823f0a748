"""What the doctor finds, and the diagnosis that holds it."""

import dataclasses
import shlex
from collections.abc import Mapping
from typing import Any, TypeAlias

from ptychopinn.data.scan import Scan
from ptychopinn.preparation.params import Preparation

CLEAR, AMBIGUOUS, UNTOLD, SAID = "clear", "ambiguous", "untold", "said"
"""Sureness: won clearly, and is corrected; cannot be told apart; nothing can be told; worth a word."""

MARKS = {CLEAR: "found", AMBIGUOUS: "ambiguous", UNTOLD: "not told", SAID: "tried"}
"""What screen and page call a finding of each."""

Options: TypeAlias = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Args:
        kind: str: "geometry", "orientation", "rotation", "scale", "late", "units", "twin", "probe", "background",
            "brightness".
        words: str. A sentence.
        sureness: str. `CLEAR`, `AMBIGUOUS`, `UNTOLD` or `SAID`.
        options: dict from an option's name to the value that corrects it.
        equal: dicts of options that are as good.
    """

    kind: str
    words: str
    sureness: str
    options: Options = dataclasses.field(default_factory=dict)
    equal: tuple[Options, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the finding for JSON."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True, eq=False)
class Diagnosis:
    """What a scan is, what is wrong with it, and what mends it.

    Args:
        path: str. What was examined.
        scan: Scan, as it is read with what was said before anything was found.
        measures: dict from the name of a figure, with its unit, to the figure.
        findings: list of Finding.
        read_by: Preparation that the scan was read by.
        preparation: Preparation that corrects what was found clearly.
        reconstruction: dict of the options of a reconstruction that are asked for besides.
    """

    path: str
    scan: Scan
    measures: dict[str, float | int | list | None]
    findings: tuple[Finding, ...]
    read_by: Preparation
    preparation: Preparation
    reconstruction: dict[str, Any]

    @property
    def tells_nothing(self) -> bool:
        """Whether trials told nothing of the geometry."""
        return any(one.kind == "geometry" and one.sureness == UNTOLD for one in self.findings)

    @property
    def corrected_scan(self) -> Scan | None:
        """The scan as it is corrected, where it was read so; None where it must be read again."""
        return self.scan if self.preparation == self.read_by else None

    @property
    def command(self) -> str:
        """The command line that reconstructs the scan."""
        words = ["ptycho", "reconstruct", self.path]
        for name, value in {**self.preparation.said(), **self.reconstruction}.items():
            words += as_words(name, value)
        return shlex.join(words)


def as_words(name: str, value: Any) -> list[str]:
    """Return an option as words of a command line."""
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return [f"--{option}={text}"] if text.startswith("-") else [f"--{option}", text]


def in_words(options: Options) -> str:
    """Return options as they are typed."""
    return " ".join(" ".join(as_words(name, value)) for name, value in options.items()) or "as it is"
