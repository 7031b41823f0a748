"""What is asked of a reconstruction must fit its bundle and its scan, and what is not said follows from them."""

from ptychopinn.data.halves import check_counts
from ptychopinn.data.scan import Scan
from ptychopinn.engine import variation
from ptychopinn.engine.positions import SETTLED
from ptychopinn.engine.state import FLUX_SETTLED
from ptychopinn.params import ExecutionParams
from ptychopinn.physics.optics import FAR
from ptychopinn.reconstruction.dose import little_told
from ptychopinn.reconstruction.params import STARTS, ReconstructionParams, refuse_network_options
from ptychopinn.training.bundle import Bundle


def takes_the_shipped(scan: Scan, params: ReconstructionParams) -> bool:
    """Return whether the network that ships makes the start, or is the prior, where no bundle is given.

    It is where it is asked for; and where nothing is said and the scan tells little.
    """
    return params.asks_a_network or bool(why_the_shipped(scan, params))


def why_the_shipped(scan: Scan, params: ReconstructionParams) -> str:
    """Return why the network that ships makes the start although it is not asked for; empty where it does not.

    Where a scan tells little (its patterns are apart, or its photons scarce), it knows more than passes do (see
    `benchmarks/regimes.py`).
    """
    plain = params.start is None and params.slices == 1 and scan.optics == FAR
    return little_told(scan, scan.probe) if plain else ""


def start_of(bundle: Bundle | None, params: ReconstructionParams, execution: ExecutionParams) -> str:
    """Return what passes start from: as it was said; else the network's object where there is one that is no prior.

    Raises:
        ValueError: if there is no network, and ExecutionParams ask for what only networks do.
    """
    start = params.start or ("flat" if bundle is None or params.prior != "none" else "network")
    if start != "network" and params.prior == "none":
        refuse_network_options(execution)
    return start


def to_focus(params: ReconstructionParams, passes: int, whose: str, start: str) -> bool:
    """Return whether the probe's guess is focused: the scan's own, if passes move it and no earlier one is known.

    Of several slices, any could be what it is focused on.

    Raises:
        ValueError: if that is asked for where it is not so.
    """
    moves = passes > 0 and params.refine_probe and params.slices == 1
    sensible = moves and whose == "scan" and start in STARTS
    if params.focus == "find" and not sensible:
        raise ValueError(
            "focus=find is for a scan's own probe, which passes go on to move, and one slice. Received: "
            f"passes={passes}, refine_probe={params.refine_probe}, slices={params.slices}, probe of the {whose}, "
            f"start={start}. Leave it out."
        )
    return sensible and params.focus != "keep"


def check(bundle: Bundle | None, params: ReconstructionParams, scan: Scan) -> None:
    """Raise ValueError where what is asked for needs another bundle, or a scan of counts."""
    if params.resolution:
        check_counts(scan)
    check_waiting(params)
    if bundle is None and params.probe == "bundle":
        raise ValueError(
            "A reconstruction needs a bundle for probe=bundle. Received: bundle=None. Give a trained bundle, or take "
            "the scan's own probe."
        )
    if params.prior != "none" and (bundle is None or bundle.model.params.input != "estimate"):
        raise ValueError(
            "A prior is a network of estimates. Received: a bundle of input="
            f"{None if bundle is None else bundle.model.params.input}. Leave the bundle out for the one that ships."
        )
    if params.prior != "none" and scan.measurement != "counts":
        raise ValueError(
            f"A prior is weighed by photons held out. Received: prior={params.prior} for {scan.name}, of amplitudes. "
            "Leave it out, or --measurement counts if they are."
        )


def check_waiting(params: ReconstructionParams) -> None:
    """Raise ValueError where passes end before what they are to look for is looked for."""
    waiting = {"positions": ("keep", SETTLED), "opr": (0, variation.SETTLED)}
    waiting["flux"] = "even", variation.SETTLED if params.opr else FLUX_SETTLED
    for name, (plain, settled) in waiting.items():
        value = getattr(params, name)
        if value != plain and params.passes is not None and params.passes <= settled:
            raise ValueError(
                f"{name} is looked for once the object has settled, after {settled} passes. Received: "
                f"passes={params.passes}, {name}={value}. Allow more passes, or leave it out."
            )
