"""Numbers with a unit as files hold them: what each unit is in metres or electronvolts, and between what they lie."""

import dataclasses
from collections.abc import Mapping

from ptychopinn.preparation.params import UNITS

FASTER_THAN_PHOTONS_M = 1e-11
"""Below this wavelength a beam is of electrons: photons of it have 124 keV and more."""

METRES = {
    "m": 1.0, "metre": 1.0, "metres": 1.0, "meter": 1.0, "meters": 1.0, "cm": 1e-2, "mm": 1e-3, "millimeter": 1e-3,
    "um": 1e-6, "µm": 1e-6, "μm": 1e-6, "micron": 1e-6, "microns": 1e-6, "micrometer": 1e-6, "micrometers": 1e-6,
    "nm": 1e-9, "nanometer": 1e-9, "nanometers": 1e-9, "pm": 1e-12, "a": 1e-10, "å": 1e-10, "\u212b": 1e-10,
    "angstrom": 1e-10, "angstroms": 1e-10,
}  # fmt: skip
ELECTRON_VOLTS = {"ev": 1.0, "kev": 1e3, "mev": 1e6, "j": 1 / 1.602176634e-19, "joule": 1 / 1.602176634e-19,
                  "joules": 1 / 1.602176634e-19, "electronvolt": 1.0}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Quantity:
    """A kind of number that describes an experiment.

    Args:
        words: str. What it is.
        unit: str. The unit that it is wanted in.
        low, high: float. Between what it lies, in that unit.
        units: dict of the units that files write, in small letters, in that unit.
    """

    words: str
    unit: str
    low: float
    high: float
    units: Mapping[str, float]

    def factor(self, unit: str, name: str) -> float:
        """Return what one of a unit is in the quantity's own; raise ValueError for an unknown one."""
        factor = self.units.get(unit.strip().lower())
        if factor is None:
            raise ValueError(
                f"{name} must give its {self.words} in a unit like {', '.join(list(self.units)[:6])}. "
                f"Received: units={unit.strip()[:30]!r}. Correct the unit in the file."
            )
        return factor

    def within(self, value: float, name: str, key: str) -> float:
        """Return a value in the quantity's unit as it is; raise ValueError where it cannot be one."""
        if not self.low <= value <= self.high:
            raise ValueError(
                f"{name} must hold a {self.words} from {self.low:g} to {self.high:g} {self.unit} as {key}. "
                f"Received: {key}={value:.6g} {self.unit}. Correct it and its unit, or leave it out."
            )
        return value


DISTANCE = Quantity("distance to the detector", "m", 1e-9, 1e6, METRES)
ENERGY = Quantity("photon energy", "eV", 1e-3, 1e9, ELECTRON_VOLTS)
DETECTOR_PIXEL = Quantity("detector pixel", "m", 1e-8, 1.0, METRES)
OBJECT_PIXEL = Quantity("pixel of the object", "m", 1e-13, 1e-2, METRES)
WAVELENGTH = Quantity("wavelength", "m", 1e-15, 1e-2, METRES)
FRESNEL_NUMBER = Quantity("Fresnel number", "", 1e-6, 1e6, {})
GEOMETRY = {"pixel_size_m": OBJECT_PIXEL, "energy_eV": ENERGY, "distance_m": DISTANCE,
            "fresnel_number": FRESNEL_NUMBER}  # fmt: skip
"""What a `Scan` knows of its geometry, by the names of its fields."""


def position_unit(unit: str, name: str) -> str:
    """Return a unit as `Recording` names it, one of `UNITS`; raise ValueError for another."""
    text = unit.strip().lower()
    if text in ("px", "pixel", "pixels"):
        return "px"
    factor = METRES.get(text)
    known = next((one for one in UNITS[1:] if METRES[one] == factor), None)
    if known is None:
        raise ValueError(
            f"Positions of {name} must be in one of the units {', '.join(UNITS)}. "
            f"Received: unit={unit.strip()[:30]!r}. Give the unit that they are in."
        )
    return known
