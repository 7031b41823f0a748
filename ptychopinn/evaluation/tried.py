"""What was tried of the physics of a scan, and what it brought."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Tried:
    """One thing that was tried.

    Args:
        name, value: of an option of a reconstruction.
        gain, error: float. By how much the Poisson deviance of photons held out is lower than without, per photon, and
            the standard error of that, over patterns.
        part: float. Of what their noise did not explain without.
        kept: bool. Whether it is believed.
        found: str. How much of it passes found, where that decides.
        instead: str. The option of what was believed, where it was tried in place of that.
    """

    name: str
    value: Any
    gain: float = 0.0
    error: float = 0.0
    part: float = 0.0
    kept: bool = False
    found: str = ""
    instead: str = ""

    @property
    def typed(self) -> str:
        """The option as it is typed, and in place of which one it was tried."""
        return option(self.name, self.value) + (f" in place of {self.instead}" if self.instead else "")

    @property
    def verdict(self) -> str:
        """What became of it."""
        return "taken" if self.kept else f"left: {self.found}" if self.found else "left"

    @property
    def words(self) -> str:
        """What it brought, in a line."""
        if self.found and self.kept:
            return f"{self.typed}: held by the probe that varies ({self.found}), taken"
        if self.found:
            return f"{self.typed}: next to nothing is found ({self.found}), left"
        if self.instead and self.kept and self.gain <= self.error:
            return f"{self.typed}: predicts as well, taken"
        brought = f"{self.part:.0%} of what noise leaves" if self.gain > 0 else "nothing"
        sure = f"{self.gain / self.error:.1f} standard errors" if self.gain > 0 < self.error else "predicts no better"
        return f"{self.typed}: {brought} ({sure}), {self.verdict}"

    @property
    def record(self) -> dict[str, Any]:
        """What `report.json` says of it."""
        return dataclasses.asdict(self)


def option(name: str, value: Any) -> str:
    """Return an option as it is typed."""
    return f"--{name} {value}"
