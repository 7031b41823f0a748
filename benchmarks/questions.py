"""The questions that studies ask: each a generator of rows, `(name, figures)`, made of trials. `study.py` runs them.

A study is a dict: options of `simulate` and of `train`, `epochs`, `seed`, and whether it is `quick`.
"""

from trial import PASSES, compared, simulate, test, train

TRAIN_STEP_PX, TEST_STEP_PX = 8.0, 10.0


def scans(study, seeds=(0,), step=TRAIN_STEP_PX, **options):
    """Simulate scans of the study's kind, an object a seed."""
    return [simulate(**{**study["simulate"], "step": step, **options, "seed": study["seed"] + seed}) for seed in seeds]


def tests(study, **options):
    """Simulate the scans to test on: objects that no training sees."""
    return scans(study, (50, 51), TEST_STEP_PX, **options)


def fit(study, training, **options):
    """Train as the study asks."""
    return train(training, **{"epochs": study["epochs"], "seed": study["seed"], **study["train"], **options})


def rounds(study):
    """Is one more round of physics and network worth more than a wider network of the same cost?"""
    training, testing = scans(study), tests(study)
    for name, options in (
        ("one round", {"unroll": 1, "n_filters_scale": 1.0}),
        ("one round, wider", {"unroll": 1, "n_filters_scale": 1.45}),
        ("two rounds, narrower", {"unroll": 2, "n_filters_scale": 0.7}),
        ("two rounds", {"unroll": 2, "n_filters_scale": 1.0}),
        ("three rounds, narrower", {"unroll": 3, "n_filters_scale": 0.6}),
        ("three rounds that share one network, narrower", {"unroll": 3, "n_filters_scale": 0.6, "share_rounds": True}),
    ):
        trained, cost = fit(study, training, **options)
        yield name, test(trained.model, testing) | cost


def generators(study):
    """Which network corrects best?"""
    from ptychopinn.params import GENERATORS

    training, testing = scans(study), tests(study)
    for name in GENERATORS:
        trained, cost = fit(study, training, generator=name)
        yield name, test(trained.model, testing) | cost


def overlap(study):
    """What is overlap worth, at equal pattern-steps?"""
    training, testing = scans(study), tests(study)
    for side in (1, 2, 3):
        trained, cost = fit(study, training, group_side=side)
        yield f"C={side**2}", test(trained.model, testing) | cost
    trained, cost = fit(study, training, group_side=2, single_shot=True)
    yield "trained with C=4, sees one pattern", test(trained.model, testing) | cost


def dose(study):
    """How does quality fall with the photons?"""
    for photons in (1e2, 1e3, 1e4, 1e5, 1e6, 1e9):
        trained, cost = fit(study, scans(study, photons=photons))
        testing = tests(study, photons=photons)
        for name, passes in (("", 0), (", refined", PASSES)):
            yield f"{photons:.0e} photons{name}", test(trained.model, testing, passes=passes) | cost


def labels(study):
    """How many patterns does training need, with labels and without, for the same pattern-steps?"""
    training, testing = scans(study, step=5.5)[0], tests(study)
    for patterns in (512, 1024, 2048, 4096):
        for kind in ("pinn", "supervised"):
            epochs = max(1, study["epochs"] * 2048 // patterns)
            trained, cost = fit(study, training, model_type=kind, n_subsample=patterns, epochs=epochs)
            yield f"{kind}, {patterns} patterns", test(trained.model, testing) | cost


def probes(study):
    """How does a network do with a probe that it was not trained on?"""
    several = [{"probe": "disc", "disc_diameter": 0.45}, {"probe": "gaussian", "gaussian_curvature": 2.0},
               {"probe": "zernike", "zernike_rms": 2.0}]  # fmt: skip
    others = [scans(study, (seed,), step=TRAIN_STEP_PX * 3**0.5, **probe)[0] for seed, probe in enumerate(several)]
    testing = tests(study)
    one = scans(study, **several[1])
    for name, training in (("this probe", scans(study)), ("three others", others), ("one other", one)):
        trained, cost = fit(study, training)
        yield f"trained on {name}", test(trained.model, testing, probe="scan") | cost


def adaptation(study):
    """How soon does a bundle suit another kind of object, against training from scratch?"""
    start, _ = fit(study, scans(study))
    other = {"object": "dead_leaves"}
    training, testing = scans(study, (20,), **other), tests(study, **other)
    yield "the bundle as it is", test(start.model, testing, probe="scan")
    for epochs in (1, 2, 4):
        for name, model in (("the bundle", start.model), ("scratch", None)):
            trained, cost = fit(study, training, start=model, epochs=epochs)
            yield f"{epochs} epochs from {name}", test(trained.model, testing) | cost


def rehearsal(study):
    """Does a bundle that is adapted to one kind of object after another forget the first, and do drawings help?"""
    from ptychopinn.training.rehearsal import rehearsals

    kinds = ("lines", "dead_leaves", "grf")
    testing = {kind: tests(study, object=kind) for kind in kinds}
    start, cost = fit(study, scans(study, object=kinds[0]))
    yield f"{kinds[0]}, on {kinds[0]}", test(start.model, testing[kinds[0]], probe="scan") | cost
    for rehearsing in (False, True):
        model = start.model
        for number, kind in enumerate(kinds[1:], 2):
            training = scans(study, (20 * number,), object=kind)
            if rehearsing:
                training += rehearsals(model, training, study["seed"])
            trained, cost = fit(study, training, start=model)
            model = trained.model
            for seen in kinds[:number]:
                words = f"then {kind}{', rehearsing' if rehearsing else ''}, on {seen}"
                yield words, test(model, testing[seen], probe="scan") | cost


def modes(study):
    """Does training recover a probe of two incoherent modes from a wrong start?"""
    import dataclasses

    import numpy as np

    training, testing = scans(study, modes=2)[0], tests(study, modes=2)
    true = training.probe
    field = np.fft.fft2(np.fft.ifftshift(true, axes=(-2, -1)))
    square = sum(np.meshgrid(*2 * [np.fft.fftfreq(true.shape[-1]) ** 2]))
    defocused = np.fft.fftshift(np.fft.ifft2(field * np.exp(40j * square)), axes=(-2, -1))
    for name, probe in (("right", true), ("one mode", true[:1]), ("defocused", defocused.astype(np.complex64))):
        for moved in (False, True):
            trained, cost = fit(study, dataclasses.replace(training, probe_guess=probe), probe_trainable=moved)
            for words, passes in (("", 0), (", refined", PASSES)):
                row = f"{name}, {'trained' if moved else 'kept'}{words}"
                yield row, test(trained.model, testing, passes=passes) | cost


def uncertainty(study):
    """Does the standard error predict the true error? Correlation of the two's rms over 8 pixels, and their ratio."""
    import numpy as np
    from scipy.ndimage import uniform_filter
    from scipy.stats import spearmanr

    from ptychopinn import predict_object
    from ptychopinn.evaluation.registration.fine import crop

    for photons in (1e3, 1e5, 1e9):
        trained, _ = fit(study, scans(study, photons=photons))
        scan = tests(study, photons=photons)[0]
        stitched = predict_object(trained.model, scan).stitched
        found = compared(stitched, scan)
        box = tuple(edge - start for edge, start in zip(found.region, np.repeat(stitched.origin, 2)))
        predicted = crop(stitched.uncertainty, box) * abs(found.factor)
        error = np.abs(found.image - found.truth)
        known = np.isfinite(predicted)
        squares = [np.where(known, one, 0).astype(float) ** 2 for one in (predicted, error)]
        ranks = spearmanr(*(uniform_filter(square, 8)[4:-4:8, 4:-4:8].ravel() for square in squares))
        ratio = (squares[1].sum() / squares[0].sum()) ** 0.5
        error = found.figures["nrmse_complex"]
        yield f"{photons:.0e} photons", {"nrmse_complex": error, "rank": ranks.statistic, "ratio": ratio}


def collapse(study):
    """Does training ever end in a flat object? Ten seeds of each size."""
    import warnings

    from ptychopinn.training.collapse import CollapseWarning

    sizes = (32,) if study["quick"] else (128, 256)
    for size in sizes:
        probe = {"size": size, "object_size": 5 * size // 2, "step": size / 6}
        training, testing = scans(study, **probe)[0], scans(study, (50,), **probe)
        for seed in range(10):
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always", CollapseWarning)
                trained, cost = fit(study, training, seed=seed, batch_size=1)
            flat = any(issubclass(warning.category, CollapseWarning) for warning in said)
            yield f"N={size}, seed {seed}{', collapsed' if flat else ''}", test(trained.model, testing) | cost


STUDIES = {
    study.__name__: study
    for study in (
        rounds, generators, overlap, dose, labels, probes, adaptation, rehearsal, modes, uncertainty, collapse
    )
}  # fmt: skip
