"""The options of a preparation, once: every command that opens a scan is made of them."""

import dataclasses
import re

from ptychopinn.schema import Params, option

METRES = {"m": 1.0, "mm": 1e-3, "um": 1e-6, "nm": 1e-9}
UNITS = ("px", *METRES)
"""Units that positions may be in; besides pixels, what one is in metres."""

SIGNS = ("keep", "negate", "negate-y", "negate-x")
ORIENTATIONS = (
    "identity", "fliplr", "flipud", "rot180", "transpose", "rot90_cw", "rot90_ccw", "antitranspose",
)  # fmt: skip
PROPAGATION = ("far", "near")
PATTERN_AXES = ("first", "last")
PAIRS = ("first", "last", "by-index")
BURSTS = ("sum", "keep")
FAULTS = ("mask", "keep")
NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?"


@dataclasses.dataclass(frozen=True)
class Preparation(Params):
    """How what a file holds becomes a scan: geometry, detector, frames and probe. What is not given, the file tells."""

    energy: float | None = option(None, "Energy of a photon, or of an electron.", above=0, high=1e9, unit="eV")
    electrons: bool | None = option(None, "Whether the beam is of electrons, whose wavelength is another.")
    distance: float | None = option(None, "Distance from sample to detector.", above=0, high=1e6, unit="m")
    detector_pixel: float | None = option(None, "Pixel of the detector.", above=0, high=1, unit="m")
    pixel_size: float | None = option(
        None, "Pixel of the object for patterns as they are in the file; wins over energy, distance and detector "
        "pixel.", above=0, high=1e-2, unit="m",
    )  # fmt: skip
    pattern_axis: str | None = option(
        None, "Which axis of the array counts the patterns, where there are as many as pixels a side. If not given, "
        "that along which the light varies least.", choices=PATTERN_AXES,
    )  # fmt: skip
    propagation: str | None = option(
        None, "Whether the detector is in the far field, or in the near field, behind so much free space. If not "
        "given, as the file says, or far.", choices=PROPAGATION,
    )  # fmt: skip
    focus_distance: float | None = option(
        None, "From a focus to the sample behind it, where the near field is of a beam that diverges.",
        above=0, high=1e4, unit="m",
    )  # fmt: skip
    fresnel_number: float | None = option(
        None, "Of an object's pixel p, p^2 / (wavelength distance), for patterns as they are in the file; in place of "
        "a distance to the near field.", above=0, high=1e6,
    )  # fmt: skip
    units: str | None = option(None, "Unit of the positions in the file.", choices=UNITS)
    positions_from: str | None = option(
        None, "Positions of another file, FILE or FILE:/path: text of columns x and y, or an array (y, x). Wins over "
        "the file's own.",
    )  # fmt: skip
    scan_step: float | None = option(
        None, "Step of a raster of which the file tells the points alone, in --units, or in pixels of the object.",
        above=0, high=1e6,
    )  # fmt: skip
    sign: str = option("keep", "Which coordinates of the positions are negated.", choices=SIGNS)
    swap_xy: bool = option(False, "Exchange x and y of the positions.")
    rotate_scan: float = option(
        0.0, "Turn the positions by an angle, from y towards x.", low=-360, high=360, unit="degrees"
    )
    affine: str | None = option(
        None, "Matrix that maps positions (y, x), centred: yy,yx,xy,xx. After sign, exchange and rotation."
    )
    orient: str = option(
        "identity", "How the stored patterns are turned or mirrored; auto tries, and says what cannot be told.",
        choices=(*ORIENTATIONS, "auto"),
    )  # fmt: skip
    crop: int | None = option(
        None, "Side of the square around the zero frequency that is kept of each pattern.", low=8, high=4096,
        unit="pixels",
    )  # fmt: skip
    bin: int | None = option(
        None, "Pixels of the detector, each way, that are added up to one.", low=1, high=64, unit="pixels"
    )
    pad: int | None = option(
        None, "Side that patterns are brought to by pixels without data: smaller pixels of the object.", low=32,
        high=4096, unit="pixels",
    )  # fmt: skip
    centre: str | None = option(
        None, "Zero frequency in the patterns of the file: auto, or its pixel y,x. If not given, the middle unless the "
        "light is far from it.",
    )  # fmt: skip
    mask: str | None = option(
        None, "File of a mask of the detector, of either polarity (NPZ, NPY, HDF5, MATLAB, TIFF)."
    )
    dark: str | None = option(
        None, "Dark current to subtract: a number, or a file (NPZ, NPY, HDF5, MATLAB, TIFF). 0 subtracts none. If not "
        "given, that of the file, or a floor that stands in all frames.",
    )  # fmt: skip
    photons_per_unit: float | None = option(
        None, "Photons of one unit of the stored counts. If not given, told from their variance against their mean.",
        above=0, high=1e12, unit="photons",
    )  # fmt: skip
    faults: str = option(
        "mask", "Whether dead, hot and saturated pixels that are found are masked, or kept as data.", choices=FAULTS
    )
    pair: str | None = option(
        None, "Which frames go with the positions where there are more of either: the first, the last, or those that "
        "the file's indexes name.", choices=PAIRS,
    )  # fmt: skip
    late: int = option(
        0, "By how many frames the patterns come after their positions; less than 0 if before.", low=-1000, high=1000,
        unit="frames",
    )  # fmt: skip
    bursts: str = option(
        "sum", "Whether frames taken one after the other at one position are added up.", choices=BURSTS
    )
    make_probe: bool = option(False, "Make the first guess of the probe of the patterns, and leave out the file's.")
    defocus: float | None = option(
        None, "Distance of the sample from the focus, for a probe that is made: where the file has none.", low=-1,
        high=1, unit="m",
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.focus_distance is not None and self.fresnel_number is not None:
            raise ValueError(
                f"fresnel_number says what focus_distance would. Received: fresnel_number={self.fresnel_number:g}, "
                f"focus_distance={self.focus_distance:g}. Leave one of them out."
            )
        if self.affine is not None:
            _numbers("affine", self.affine, 4, "four numbers, like 1.02,0,0,1")
        if self.centre not in (None, "auto"):
            _numbers("centre", str(self.centre), 2, "auto, or a pixel y,x, like 128,130.5")

    @property
    def centre_px(self) -> tuple[float, float] | None:
        """The zero frequency's pixel `(y, x)`, where it is given."""
        if self.centre in (None, "auto"):
            return None
        y, x = _numbers("centre", str(self.centre), 2, "")
        return y, x

    @property
    def matrix(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The affine map of positions `(y, x)`."""
        if self.affine is None:
            return (1.0, 0.0), (0.0, 1.0)
        yy, yx, xy, xx = _numbers("affine", self.affine, 4, "")
        return (yy, yx), (xy, xx)


def _numbers(name: str, text: str, count: int, allowed: str) -> list[float]:
    """Return the numbers of a text like `1,2.5`; raise ValueError unless it is so many."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != count or not all(re.fullmatch(NUMBER, part, re.IGNORECASE) for part in parts):
        raise ValueError(f"{name} must be {allowed}. Received: {name}={text}.")
    return [float(part) for part in parts]
