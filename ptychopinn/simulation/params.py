"""Every option of a simulation once: its default, unit, limits and words of help."""

import dataclasses
import math
from typing import Any

from ptychopinn.schema import Params, option
from ptychopinn.simulation.choices import DRAWN, OBJECT_CHOICES, PROBES, RESIZES, SCANS, check_files, takes


@dataclasses.dataclass(frozen=True)
class ObjectParams(Params):
    """What is scanned."""

    object: str = option("lines", "What is scanned.", choices=OBJECT_CHOICES)
    object_size: int = option(
        392, "Side of the object, in pixels; an image is cut to a square and brought to it.", low=32, high=8192,
        unit="pixels",
    )  # fmt: skip
    phase_max: float = option(
        math.pi, "Largest phase of the object, in radians; 0 makes it real.", low=0, high=math.pi, unit="radians"
    )
    image_file: str | None = option(None, "from-image: image of the amplitude.")
    phase_file: str | None = option(None, "from-image: image of the phase; the amplitude's if not given.")
    object_file: str | None = option(None, "from-file: a reconstruction, or a scan file with its object.")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_files(self)


@dataclasses.dataclass(frozen=True)
class ProbeParams(Params):
    """What lights the object, and the geometry that says how large its pixels are."""

    probe: str = option("disc", "What lights the object.", choices=PROBES)
    size: int = option(64, "Side of patterns and probe, in pixels.", low=32, high=4096, unit="pixels")
    disc_diameter: float = option(0.34, "disc: diameter, of the side.", above=0, high=1)
    gaussian_width: float = option(0.15, "gaussian: standard deviation of the modulus, of the side.", above=0, high=1)
    gaussian_curvature: float = option(
        0.0, "gaussian: phase at one standard deviation, in radians.", low=-1e4, high=1e4, unit="radians"
    )
    zone_plate_diameter_m: float = option(180e-6, "zone-plate: diameter, in metres.", above=0, high=1, unit="m")
    outer_zone_width_m: float = option(
        50e-9, "zone-plate: width of the outermost zone, in metres.", above=0, high=1, unit="m"
    )
    central_stop_m: float = option(
        60e-6, "zone-plate: diameter of the central stop, in metres.", low=0, high=1, unit="m"
    )
    defocus_m: float = option(
        2e-4, "zone-plate: object's distance behind the focus, in metres.", low=-1, high=1, unit="m"
    )
    zernike_pupil: float = option(0.3, "zernike: diameter of the pupil, of the detector's side.", above=0, high=1)
    zernike_rms: float = option(
        1.0, "zernike: rms of the random aberrations, in radians.", low=0, high=1000, unit="radians"
    )
    probe_file: str | None = option(None, "from-file: NPZ with a probeGuess or probe.")
    probe_resize: str = option(
        "pad", "from-file: bring the probe to the side, with zeros or by interpolation.", choices=RESIZES
    )
    modes: int | None = option(
        None, "Incoherent modes, made of the first one; the probe's own if not given.", low=1, high=64, unit="modes"
    )
    mode_power: float = option(0.3, "Power of each mode made, of the one before it.", above=0, high=1)
    energy_eV: float | None = option(
        None, "Photon energy, in eV; 8800 for a zone-plate if not given.", low=0.1, high=1e7, unit="eV"
    )
    distance_m: float | None = option(
        None, "Distance of object and detector, in metres; 1 for a zone-plate if not given.", low=1e-6, high=1e4,
        unit="m",
    )  # fmt: skip
    detector_pixel_m: float | None = option(
        None, "Side of a detector pixel, in metres; 75e-6 for a zone-plate if not given.", low=1e-9, high=0.1, unit="m"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size % 8:
            raise ValueError(
                f"size must be a multiple of 8 pixels. Received: size={self.size}. Choose {self.size // 8 * 8 + 8}."
            )
        check_files(self)


@dataclasses.dataclass(frozen=True)
class PositionParams(Params):
    """Where the beam goes."""

    scan: str = option("jittered", "Where the beam goes.", choices=SCANS)
    step: float = option(5.0, "Distance between neighbours, in pixels.", low=0.5, high=8192, unit="pixels")
    jitter: float = option(0.25, "jittered: largest displacement along y and x, in steps.", low=0, high=4, unit="steps")
    positions_file: str | None = option(None, "from-file: CSV of lines y,x or NPZ with ycoords, xcoords; pixels.")
    position_error: float = option(
        0.0, "Rms along y and x between true and stored positions, in pixels; both are written.", low=0, high=8192,
        unit="pixels",
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        check_files(self)


@dataclasses.dataclass(frozen=True)
class DetectorParams(Params):
    """What is counted."""

    photons: float = option(
        1e5, "Mean photons of a pattern, before pixels are lost.", above=0, high=1e15, unit="photons",
        aliases=("nphotons",),
    )  # fmt: skip
    background: float = option(
        0.0, "Photons that each pixel counts besides, on average.", low=0, high=1e9, unit="photons"
    )
    dead_pixels: float = option(0.0, "Share of pixels that are dead: 0, and marked as bad.", low=0, high=1)
    fresnel_number: float | None = option(
        None, "Of an object's pixel p, p^2 / (wavelength distance), for a detector in the near field; the far field if "
        "not given.", above=0, high=1e6,
    )  # fmt: skip
    beamstop: float = option(
        0.0, "Radius of a stop before the middle, in pixels; marked as bad.", low=0, high=4096, unit="pixels"
    )


@dataclasses.dataclass(frozen=True)
class FileParams(Params):
    """Which files are made, from which seed."""

    seed: int = option(0, "Seed of all that is random.", low=0, high=2**32 - 1)
    objects: int = option(
        1, "Objects, each a file, of the seeds that follow; more than 1 make train and test.", low=1, high=1000,
        unit="objects",
    )  # fmt: skip
    train_fraction: float | None = option(
        None,
        "Part of the object's rows, or of the objects (half if not given), for training; the rest is for tests.",
        above=0, high=1,
    )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class SimulationParams:
    """All of a simulation."""

    object: ObjectParams = dataclasses.field(default_factory=ObjectParams)
    probe: ProbeParams = dataclasses.field(default_factory=ProbeParams)
    positions: PositionParams = dataclasses.field(default_factory=PositionParams)
    detector: DetectorParams = dataclasses.field(default_factory=DetectorParams)
    files: FileParams = dataclasses.field(default_factory=FileParams)

    def __post_init__(self) -> None:
        self._check_field()
        if self.files.objects > 1 and self.object.object not in DRAWN:
            raise ValueError(
                f"Several objects must be drawn, one of {', '.join(DRAWN)}. Received: objects={self.files.objects} "
                f"of {self.object.object}. Split the one object with train_fraction, or draw them."
            )

    def _check_field(self) -> None:
        """Raise ValueError where a near field is asked for of options that make a far one."""
        probe, number = self.probe, self.detector.fresnel_number
        geometry = [name for name in ("energy_eV", "distance_m", "detector_pixel_m") if getattr(probe, name)]
        if number is None or (probe.probe != "zone-plate" and not geometry):
            return
        raise ValueError(
            f"fresnel_number says what a geometry would, which makes pixels of the far field. Received: "
            f"fresnel_number={number:g} with {', '.join(geometry) or 'a zone-plate'}. Leave it, or the others, out."
        )

    def files_read(self) -> dict[str, str]:
        """Return the files that the simulation reads: dict from option to path."""
        options = {**vars(self.object), **vars(self.probe), **vars(self.positions)}
        return {name: path for name, path in options.items() if name.endswith("_file") and path is not None}

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return the options that had a say, by section."""
        sections = dataclasses.asdict(self)
        chosen = {"object": self.object.object, "probe": self.probe.probe, "scan": self.positions.scan}
        return {
            part: {name: value for name, value in values.items() if takes(chosen, name)}
            for part, values in sections.items()
        }
