"""The options of a reconstruction, once: the command line and the library call are made of them."""

import dataclasses

from ptychopinn.params import ExecutionParams
from ptychopinn.schema import Params, option

PROBES = ("scan", "bundle")
FOCUS = ("keep", "find")
POSITIONS = ("keep", "refine")
FLUX = ("even", "find")
BACKGROUND = ("none", "even", "find")
PRIORS = ("none", "network")
STARTS = ("network", "flat")
"""What passes start from, but for the path of an earlier reconstruction."""

SAVE_FORMATS = ("npz", "product.h5", "cxi", "ptyr", "tiff")
"""Formats that results are written in, as `ptychopinn.formats.writers.table` has them."""


@dataclasses.dataclass(frozen=True)
class ReconstructionParams(Params):
    """How a scan is reconstructed."""

    probe: str | None = option(
        None,
        "Probe to use: the scan's own, or the one that training left in the bundle. If not given, the bundle's where "
        "the scan was trained on, or has the probe of the one scan that was.",
        choices=PROBES,
    )
    start: str | None = option(
        None,
        "What the passes start from: the network's object, a flat one, or an earlier reconstruction, by its path. If "
        "not given, the network's where there is a bundle, unless it is a prior, or where patterns do not overlap "
        "or less than a photon fell on most pixels; else a flat one.",
    )
    passes: int | None = option(
        None,
        "Passes over the whole scan that bring object and probe to agree with every pattern, at most: photons that are "
        "held out tell when to stop. If not given, 100.",
        low=0,
        high=10**6,
        unit="passes",
        aliases=("refine",),
    )
    prior: str = option(
        "none", "Whether passes go on, where noise ends them, with a network that knows what objects look like.",
        choices=PRIORS,
    )  # fmt: skip
    resolution: bool = option(
        False,
        "Whether the photons are dealt out to two halves, each reconstructed by itself, in about as long again: what "
        "they share tells the resolution, in what they differ the error bars.",
    )
    refine_probe: bool = option(True, "Whether these passes move the probe too.")
    focus: str | None = option(
        None,
        "Whether the scan's probe is taken where it is along the beam, or where it explains some patterns best, before "
        "passes move it. If not given, it is found where passes move it.",
        choices=FOCUS,
    )
    modes: int | None = option(
        None, "Incoherent modes of the probe: the strongest of its own, and guesses of others. If not given, its own.",
        low=1, high=32, unit="modes",
    )  # fmt: skip
    positions: str = option(
        "keep", "Whether positions are believed, or refined: by an affine map, then each by itself.", choices=POSITIONS
    )
    flux: str = option(
        "even", "Whether all patterns were taken with the same light, or each one's is found.", choices=FLUX
    )
    opr: int = option(
        0, "Dimensions in which the probe varies from pattern to pattern (orthogonal probe relaxation); 0 lets it not. "
        "Two at least beside flux=find: one is the light's.",
        low=0, high=32, unit="dimensions",
    )  # fmt: skip
    background: str = option(
        "none",
        "Whether a detector's pixels count the light alone, or what they count besides is found: the same in all of "
        "them, or smooth over the detector.",
        choices=BACKGROUND,
    )  # fmt: skip
    blur: float = option(
        0.0, "Standard deviation of the detector's point spread, a Gaussian.", low=0, high=20, unit="pixels"
    )
    slices: int = option(
        1, "Slices of a thick object, light going through one after the other.", low=1, high=64, unit="slices"
    )
    slice_spacing: float | None = option(
        None, "From a slice to the next. If not given, it is found: what explains some patterns best.",
        above=0, high=1, unit="m",
    )  # fmt: skip
    slice_fresnel_number: float | None = option(
        None, "Of an object's pixel p, p^2 / (wavelength spacing), in place of a spacing of slices.",
        above=0, high=1e6,
    )  # fmt: skip
    batch_size: int | None = option(
        None, "Groups at a time for networks, patterns at a time for passes. If not given, 16 and 64; a GPU has more.",
        low=1, high=2**16, aliases=("inference_batch_size",),
    )  # fmt: skip
    workers: int | None = option(
        None, "Processes that share the patterns in the passes. If not given, this one alone.",
        low=1, high=256, unit="processes",
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.opr and not self.refine_probe:
            raise ValueError(
                f"opr lets the probe vary over the scan, which takes passes that move it. Received: opr={self.opr}, "
                "refine_probe=False. Leave one of them out."
            )
        if self.prior != "none" and (self.slices > 1 or self.passes == 0):
            raise ValueError(
                f"A prior goes between passes that move one slice. Received: prior={self.prior}, slices={self.slices}, "
                f"passes={self.passes}. Leave it out, or ask for that."
            )
        if self.resolution and (self.passes == 0 or self.prior != "none"):
            raise ValueError(
                "resolution compares what passes alone make of either half of the photons. Received: "
                f"prior={self.prior}, resolution=True, passes={self.passes}. Allow passes, without a prior, or leave "
                "it out."
            )
        self._refuse_idle(("workers",), self.passes != 0, "passes")
        self._refuse_idle(("slice_spacing", "slice_fresnel_number"), self.slices > 1, "two slices or more")
        self._refuse_idle(("slice_spacing",), self.slice_fresnel_number is None, "no slice_fresnel_number")

    @property
    def asks_a_network(self) -> bool:
        """Whether start or prior is a network's, so that there must be a bundle."""
        return "network" in (self.start, self.prior)

    def _refuse_idle(self, names: tuple[str, ...], acts: bool, where: str) -> None:
        """Raise ValueError if options were given that do not act, and say where they would."""
        for name in names:
            if not acts and getattr(self, name) is not None:
                raise ValueError(
                    f"{name} acts with {where}. Received: {name}={getattr(self, name)}. Leave it out, or ask for that."
                )


def refuse_training_options(execution: ExecutionParams) -> None:
    """Raise ValueError where ExecutionParams ask for what only a training can do."""
    if execution.remat:
        raise ValueError(
            "--remat saves what a training keeps for its backward pass, and a reconstruction has none. "
            "Received: remat=True. Leave it out; a smaller --batch-size takes less memory."
        )


def refuse_network_options(execution: ExecutionParams) -> None:
    """Raise ValueError where ExecutionParams ask for what only networks do."""
    plain = ExecutionParams()
    for name in ("precision", "jit", "num_workers"):
        value = getattr(execution, name)
        if value != getattr(plain, name):
            raise ValueError(
                f"--{name.replace('_', '-')} is for networks, and this start has none: passes are of float32, and read "
                f"as they go. Received: {name}={value}. Leave it out, or take --start network and a bundle."
            )
