"""Every option once: its default, unit, limits and words of help, in frozen dataclasses.

The command line, the YAML file and `params.json` are all made from these fields.
"""

import dataclasses
import re

from ptychopinn.schema import Params, derived, option

GENERATORS = ("unet", "cnn", "fno", "ffno", "sru")
INPUTS = ("backprojection", "amplitude", "estimate")
HEADS = ("real_imag", "amplitude_phase")
MODEL_TYPES = ("pinn", "supervised")
MEASUREMENTS = ("auto", "counts", "intensity", "amplitude")
ZERO_FREQUENCIES = ("auto", "centre", "corner")
SCHEDULERS = ("constant", "cosine", "exponential", "plateau")
LOGGERS = ("csv", "tensorboard", "mlflow", "none")
ACCELERATORS = ("auto", "cpu", "gpu", "cuda", "mps", "tpu")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclasses.dataclass(frozen=True)
class DataParams(Params):
    """How a scan is read and grouped."""

    measurement: str = option(
        "auto", "What the file holds: counts, intensity of any unit, or amplitude (its root).", choices=MEASUREMENTS
    )
    zero_frequency: str = option(
        "auto", "Where the file keeps the zero frequency of a pattern.", choices=ZERO_FREQUENCIES
    )
    photons: float | None = option(
        None, "Mean photons per pattern, to scale amplitudes of arbitrary unit.", above=0, high=1e15, unit="photons",
        aliases=("nphotons",),
    )  # fmt: skip
    n_subsample: int | None = option(
        None, "Patterns drawn from each scan before grouping; all if not given.", low=1, high=10**7, unit="patterns",
        aliases=("n_images",),
    )  # fmt: skip
    n_groups: int | None = option(
        None, "Groups per epoch and scan; if not given, as many as hold each pattern about once.", low=1, high=10**6,
        unit="groups",
    )  # fmt: skip
    neighbours: int = option(
        6, "Nearest neighbours that a group draws its members from.", low=1, high=1000, unit="neighbours",
        aliases=("neighbor_count", "K"),
    )  # fmt: skip
    max_distance: float | None = option(
        None, "Largest distance of a group's member from its anchor, in pixels.", above=0, high=10**4, unit="pixels"
    )
    validation_fraction: float = option(
        0.05, "Part of each scan, at its edge, kept from training to validate on.", low=0, high=0.9
    )


@dataclasses.dataclass(frozen=True)
class ModelParams(Params):
    """What the network is. `size`, `modes`, `scans` and `canvas` come from the data."""

    size: int = derived(64, "Side of pattern, probe and patch, in pixels.", low=32, high=4096, unit="pixels")
    modes: int = derived(1, "Incoherent probe modes.", low=1, high=64, unit="modes")
    scans: int = derived(1, "Scans trained on together, each with its own probe.", low=1, high=1000, unit="scans")
    canvas: int = derived(64, "Side of the canvas a group shares, in pixels.", low=32, high=8200, unit="pixels")
    model_type: str = option(
        "pinn", "Train on the physics (pinn) or on object patches of a file with truth (supervised).",
        choices=MODEL_TYPES,
    )  # fmt: skip
    group_side: int = option(
        2, "Side g of a group of C = g*g overlapping patterns; 1 is single-shot.", low=1, high=4,
        aliases=("gridsize",),
    )  # fmt: skip
    generator: str = option(
        "unet", f"Network: {', '.join(GENERATORS)}, or module:function of your own.", aliases=("architecture",)
    )
    input: str = option(
        "backprojection", "What the network sees: patterns propagated back, amplitudes, or an object and its dose.",
        choices=INPUTS,
    )  # fmt: skip
    physics_rounds: int = option(
        1, "Rounds of data consistency on a group, without weights, that make the first network's estimate.", low=1,
        high=100, unit="rounds",
    )  # fmt: skip
    unroll: int | None = option(
        None, "Rounds of data consistency and network; 3 if not given, or 1 for a network that sees amplitudes.",
        low=1, high=8, unit="rounds",
    )  # fmt: skip
    share_rounds: bool = option(False, "Whether all rounds have one network.")
    single_shot: bool = option(
        False, "Whether the network sees one pattern at a time: the overlap of a group is in the loss alone."
    )
    head: str = option("real_imag", "How the network's two maps correct the estimate.", choices=HEADS)
    n_filters_scale: float = option(0.6, "Factor on the number of filters.", above=0, high=16)
    amplitude_max: float = option(
        5.0, "Largest amplitude of the object that the head amplitude_phase can make.", above=1, high=1000
    )
    probe_trainable: bool | None = option(
        None, "Refine the probe in training; if not given, where patterns overlap (group_side > 1)."
    )
    scale_trainable: bool = option(True, "Refine the scale of the probe in training.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.generator not in GENERATORS and not re.fullmatch("[^:]+:[^:]+", self.generator):
            known = f"one of {', '.join(GENERATORS)}, or module:function"
            raise ValueError(f"generator must be {known}. Received: generator={self.generator}.")
        if self.size % 8:
            raise ValueError(
                f"size must be a multiple of 8 pixels. Received: size={self.size}. Crop or pad patterns and probe."
            )
        if self.input == "amplitude" and self.rounds > 1:
            raise ValueError(
                f"A network that sees amplitudes alone has one round. Received: unroll={self.unroll}. "
                "Use --input backprojection."
            )

    @property
    def positions(self) -> int:
        """Patterns in a group, C."""
        return self.group_side**2

    @property
    def rounds(self) -> int:
        """Rounds of data consistency and network, K."""
        if self.unroll is None:
            return 1 if self.input == "amplitude" else 3
        return self.unroll

    @property
    def channels(self) -> int:
        """Maps that a network sees, of groups of any side."""
        return {"amplitude": 1, "estimate": 3, "backprojection": 6 if self.single_shot else 8}[self.input]

    @property
    def refines_probe(self) -> bool:
        """Whether training moves the probe: one pattern alone cannot tell its probe from its object."""
        return self.group_side > 1 if self.probe_trainable is None else self.probe_trainable


@dataclasses.dataclass(frozen=True)
class LossParams(Params):
    """Weights of the terms of the loss."""

    nll_weight: float | None = option(
        None, "Weight of the Poisson likelihood; 1 for pinn and 0 for supervised if not given.", low=0, high=10**6
    )
    mae_weight: float = option(0.0, "Weight of the mean error of predicted amplitudes.", low=0, high=10**6)
    realspace_weight: float = option(0.0, "Weight of the object's total variation.", low=0, high=10**6)

    def likelihood(self, model_type: str) -> float:
        """Return the weight of the Poisson likelihood for a type of model."""
        return float(model_type == "pinn") if self.nll_weight is None else self.nll_weight

    def check_terms(self, model_type: str) -> None:
        """Raise ValueError unless something compares the model with the data."""
        if model_type == "pinn" and not (self.likelihood(model_type) or self.mae_weight):
            raise ValueError(
                "A pinn needs a loss that compares patterns. Received: nll_weight=0, mae_weight=0. "
                "Give one of them a weight, or use --model-type supervised."
            )


@dataclasses.dataclass(frozen=True)
class TrainingParams(Params):
    """How the weights are found."""

    epochs: int = option(30, "Passes over the groups.", low=1, high=10**6, unit="epochs", aliases=("nepochs",))
    batch_size: int = option(4, "Groups per step.", low=1, high=2**16, unit="groups")
    holdout: float | None = option(
        None,
        "Part of each pattern's counts that the network does not see and is judged by, so that it learns no noise; 0 "
        "judges it by what it sees. 0.1 for counts and 0 for amplitudes if not given.",
        low=0, high=0.9,
    )  # fmt: skip
    learning_rate: float = option(1e-3, "Learning rate at the start.", above=0, high=10)
    scheduler: str = option("cosine", "How the learning rate falls.", choices=SCHEDULERS)
    gradient_clip_norm: float | None = option(0.1, "Largest norm of a step's gradient.", above=0, high=1e12)
    accumulate_grad_batches: int = option(
        1, "Steps whose gradients are added up before the weights move.", low=1, high=10**4, unit="steps"
    )
    early_stop_patience: int | None = option(
        None, "Epochs without a better validation loss before training stops; never if not given.", low=1, high=10**6,
        unit="epochs",
    )  # fmt: skip
    checkpoint: bool = option(True, "Keep a checkpoint after every epoch, to resume from.")
    logger: str = option("csv", "Where the losses go, besides the bundle.", choices=LOGGERS)
    seed: int = option(0, "Seed of the weights and of the groups.", low=0, high=2**32 - 1)


@dataclasses.dataclass(frozen=True)
class ExecutionParams(Params):
    """How a run uses its machine; never stored in a bundle."""

    accelerator: str = option("auto", "Device.", choices=ACCELERATORS)
    precision: str = option("float32", "Precision of the network; physics and loss stay float32.", choices=PRECISIONS)
    jit: bool | None = option(None, "Compile the step; the backend's own default if not given.")
    deterministic: bool = option(False, "Use only operations whose results repeat exactly.")
    num_workers: int = option(0, "Threads that read data; 2 or more read ahead.", low=0, high=256, unit="threads")
    remat: bool = option(False, "Compute activations again instead of keeping them: less memory, more time.")
