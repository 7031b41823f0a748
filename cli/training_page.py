"""The page of a training: the middle of a scan that it saw, reconstructed."""

from ptychopinn_cli import choose_backend as backends
from ptychopinn_cli.pages import command_facts, page_of


def training_page(folder, trained, settings, scan):
    """Reconstruct the middle of a training scan, the first; return the page of the training, as HTML."""
    import numpy as np

    from ptychopinn.reconstruction.prediction import predict_object
    from ptychopinn.reconstruction.stitching import outward
    from ptychopinn.report.fit import AT_MOST
    from ptychopinn.training.bundle import Bundle
    from ptychopinn.training.record import read_record

    bundle = Bundle(trained.model, settings.data, settings.training, trained.history, read_record(folder))
    indices = np.sort(outward(scan.positions)[:AT_MOST])
    probe = trained.model.diffraction.probe_for(scan.mean_photons)
    reconstruction = predict_object(trained.model, scan.subset(indices), probe).stitched
    which = "all patterns" if len(indices) == len(scan) else f"the {len(indices)} patterns in the middle"
    facts = {"Command": command_facts(folder=str(folder), backend=backends.chosen()),
             "Execution": settings.execution.to_dict()}  # fmt: skip
    last = trained.history[-1]
    headline = [(f"{last['loss']:.4g}", f"loss after {int(last['epoch'])} epochs"),
                (f"{sum(row['seconds'] for row in trained.history):.0f} s", "of training")]  # fmt: skip
    return page_of(
        bundle, reconstruction, scan, facts, headline=headline, indices=indices, title=f"Training on {scan.name}",
        subtitle=facts["Command"]["date"], note=f"It is made of {which} of the training scan.",
    )  # fmt: skip
