"""ptycho demo: simulate, reconstruct without training, then train, infer, and compare."""

import pathlib

import click

from ptychopinn.params import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn_cli import choose_backend as backends
from ptychopinn_cli import reconstruct, train
from ptychopinn_cli.common import check_writable, command
from ptychopinn_cli.jobs import Job
from ptychopinn_cli.options import Number


@click.command(short_help="Simulate, reconstruct in seconds, then train and compare.")
@click.option("--output-dir", type=click.Path(path_type=pathlib.Path), default="ptycho-demo", show_default=True,
              help="Folder of the scan, the bundle and the reconstruction.")  # fmt: skip
@click.option("--epochs", type=Number(int, low=1, high=1000, unit="epochs"), default=5, show_default=True,
              help="Passes over the patterns.")  # fmt: skip
@command
def demo(output_dir, epochs, talk, backend):
    """Simulate a scan of a known object and reconstruct it; then train on it, and see what a network makes of it.

    Example: ptycho demo --output-dir ptycho-demo
    """
    check_writable(output_dir)
    backends.use(backend, ExecutionParams())
    from ptychopinn.files import writing
    from ptychopinn.simulation import objects, probes, scans

    scan, bundle = output_dir / "scan.npz", output_dir / "run"
    alone, network = output_dir / "out", output_dir / "out-network"
    output_dir.mkdir(parents=True, exist_ok=True)
    talk.note("Simulating a scan of random lines.")
    truth = objects.lines(160, count=150, seed=1)
    positions = scans.jittered_raster(truth.shape, size=64, step=5, seed=2)
    probe = probes.gaussian(64, width=0.18, curvature=5.0)
    scans.write_ptychopinn(scan, scans.simulate(truth, probe, positions, photons=1e6, seed=3))
    reconstruct.run(reconstruct.Request(None, scan, alone), {}, talk)
    talk.result(f"Pictures: {alone / 'comparison.png'}, {alone / 'report.html'}")
    talk.note("Training a network on the same patterns.")
    stored = {"model": ModelParams(), "data": DataParams(), "loss": LossParams(),
              "training": TrainingParams(epochs=epochs)}  # fmt: skip
    with writing(bundle):
        train.run(Job([scan], [], bundle, stored, ExecutionParams()), False, talk)
    untouched = ReconstructionParams(passes=0)  # what the network makes of it, without passes
    reconstruct.run(reconstruct.Request(bundle, scan, network, untouched), {}, talk)
    talk.result(f"Pictures: {network / 'comparison.png'}, {network / 'report.html'}")
