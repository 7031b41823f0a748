"""One trial: simulate, train, reconstruct an object that was never trained on, score. What studies are made of."""

import dataclasses
import time

FIGURES = {"ssim_amplitude": "amplitude SSIM", "frc50_rings_amplitude": "FRC50, rings", "mae_phase": "phase MAE, rad",
           "ssim_phase": "phase SSIM", "nrmse_complex": "complex error"}  # fmt: skip
PASSES = 8
"""Passes of refinement, at most, where a trial refines: those of `ptycho infer`."""
COSTS = {"pattern_steps": "pattern-steps", "seconds": "training, s"}


def simulate(seed=0, **options):
    """Simulate a scan; the options are those of `ptycho simulate`.

    Returns:
        Scan, with its object.
    """
    from ptychopinn.simulation import experiments, params

    groups = (params.ObjectParams, params.ProbeParams, params.PositionParams, params.DetectorParams, params.FileParams)
    return experiments.run(params.SimulationParams(*_made(groups, {"seed": seed, **options})))[""].scan


def train(scans, start=None, **options):
    """Train on scans; the options are those of `ptycho train`, and so are the defaults.

    Args:
        scans: Scan, or list of Scan.
        start: PtychoModel whose networks the training starts from.

    Returns:
        `(trained, cost)`: Trained, and dict of `COSTS` and of the network's weights, `parameters`.
    """
    import ptychopinn as library

    kinds = (library.ModelParams, library.LossParams, library.DataParams, library.TrainingParams,
             library.ExecutionParams)  # fmt: skip
    model, loss, data, training, execution = _made(kinds, options)
    scans = scans if isinstance(scans, list) else [scans]
    model = library.fit_to(scans, model, data, training.seed)
    began = time.perf_counter()
    trained = library.train(scans, library.Settings(model, loss, data, training, execution, start=start))
    seconds = time.perf_counter() - began
    weights = sum(generator.count_params() for generator in trained.model.generators)
    steps = sum(min(data.n_subsample or len(scan), len(scan)) for scan in scans) * training.epochs
    return trained, {"pattern_steps": steps, "seconds": round(seconds, 1), "parameters": weights}


def test(model, scans, probe="bundle", passes=0):
    """Reconstruct scans and score them: dict of the mean figures.

    Args:
        model: PtychoModel.
        scans: list of Scan, with their objects.
        probe: str. `"bundle"`, the model's, or `"scan"`, each scan's own.
        passes: int. Passes of refinement, at most. Defaults to 0: what the network makes is judged.
    """
    from ptychopinn import predict_object, refine

    scored = []
    for scan in scans:
        chosen = scan.probe if probe == "scan" else None
        found = predict_object(model, scan, chosen).stitched
        if passes:
            found = refine(found, scan, passes).reconstruction
        scored.append(compared(found, scan).figures)
    return mean(scored)


def test_untrained(scans):
    """Reconstruct scans by passes alone, as `ptycho reconstruct` does, and score them: dict of the mean figures."""
    from ptychopinn import reconstruct

    return mean([compared(reconstruct(scan), scan).figures for scan in scans])


def mean(scored):
    """Return the mean of `FIGURES` over scores: dict."""
    return {name: sum(one[name] for one in scored) / len(scored) for name in FIGURES}


def compared(reconstruction, scan):
    """Score a reconstruction against the object of a simulated scan: Score."""
    from ptychopinn.data.reconstruction import Reconstruction
    from ptychopinn.evaluation.against_truth import score

    return score(reconstruction, Reconstruction(scan.object, origin=(0, 0), positions=scan.positions, name="truth"))


def _made(kinds, options):
    """Make dataclasses from the options that each has; raise ValueError if one has no owner."""
    fields = [{field.name for field in dataclasses.fields(kind)} for kind in kinds]
    unknown = set(options).difference(*fields)
    if unknown:
        raise ValueError(f"Options must be fields of {[kind.__name__ for kind in kinds]}. Received: {sorted(unknown)}.")
    return [kind(**{name: options[name] for name in own & set(options)}) for kind, own in zip(kinds, fields)]
