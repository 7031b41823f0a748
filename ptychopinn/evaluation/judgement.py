"""Judge reconstructions by all there is: the truth or another reconstruction, and the measured patterns."""

import dataclasses

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.against_patterns import Residual, residual
from ptychopinn.evaluation.against_truth import Score, score
from ptychopinn.evaluation.region import SMALLEST, intersect
from ptychopinn.formats import holds_patterns, read_reconstruction, read_scan
from ptychopinn.formats.opened import Opened


@dataclasses.dataclass(frozen=True)
class Judgement:
    """What is known of how good a reconstruction is.

    Args:
        name: str. The reconstruction.
        score: Score. Against the truth, where there is one.
        residual: Residual. Against the patterns, where there are some and the reconstruction says where it lies.
    """

    name: str
    score: Score | None = None
    residual: Residual | None = None

    @property
    def figures(self):
        """All figures: dict from name to float."""
        figures = {} if self.score is None else dict(self.score.figures)
        if self.residual is not None:
            figures |= {name: getattr(self.residual, name) for name in ("r_factor", "deviance_per_photon")}
        return figures


def read_reference(path, scan_path=None):
    """Read what reconstructions are judged by.

    Args:
        path: path or None. A known object, a reconstruction, or a scan with or without its object.
        scan_path: path or None. The scan, where it is another file.

    Returns:
        `(Reconstruction or None, Scan or None)`.
    """
    scan = None if scan_path is None else read_scan(scan_path)
    if path is None:
        return None, scan
    opened = Opened(path)
    if not holds_patterns(opened):
        return read_reconstruction(opened), scan
    with_object = read_scan(opened)
    return _object_of(with_object), scan or with_object


def judge(reconstruction, truth=None, scan=None, region="auto", low_pass_px=None, name=None):
    """Judge one reconstruction; see `score` and `residual`.

    Returns:
        Judgement.

    Raises:
        ValueError: where reconstruction and truth, or reconstruction and scan, do not belong together.
    """
    found = None if truth is None else score(_on(scan, reconstruction), _on(scan, truth), region, low_pass_px)
    return Judgement(name or reconstruction.name, found, _residual(reconstruction, scan))


def judge_all(reconstructions, truth, scan=None, region="auto", low_pass_px=None):
    """Judge several reconstructions of one scan on the pixels that all of them share.

    Args:
        reconstructions: dict from name to Reconstruction.
        truth: Reconstruction: the truth, or the reconstruction that the others are compared with.
        scan, region, low_pass_px: as in `judge`.

    Returns:
        list of Judgement.
    """
    judged = [
        judge(reconstruction, truth, scan, region, low_pass_px, name)
        for name, reconstruction in reconstructions.items()
    ]
    boxes = {one.score.region for one in judged}
    if len(boxes) == 1:
        return judged
    box = intersect(*boxes)
    if box is None:
        raise ValueError(
            f"The reconstructions must share {SMALLEST} x {SMALLEST} pixels with {truth.name}. "
            f"Received: no overlap between {', '.join(reconstructions)}. Compare them one by one."
        )
    scores = [
        score(_on(scan, reconstruction), _on(scan, truth), box, low_pass_px)
        for reconstruction in reconstructions.values()
    ]
    return [dataclasses.replace(one, score=found) for one, found in zip(judged, scores)]


def _object_of(scan):
    if scan.object is None:
        return None
    obj = np.asarray(scan.object, np.complex64)
    return Reconstruction(obj, np.ones(obj.shape, np.float32), (0.0, 0.0), probe=scan.probe, positions=scan.positions,
                   pixel_size_m=scan.pixel_size_m, name=scan.name)  # fmt: skip


def _on(scan, reconstruction):
    """Give a reconstruction that says where it lies the positions of the scan."""
    if scan is None or reconstruction.origin is None:
        return reconstruction
    return dataclasses.replace(reconstruction, positions=scan.positions)


def _residual(reconstruction, scan):
    if scan is None or reconstruction.origin is None:
        return None
    probe = scan.probe if reconstruction.probe is None else reconstruction.probe
    if probe.shape[1:] != (scan.size, scan.size):
        raise ValueError(
            f"The probe of {reconstruction.name} must have the size of the patterns of {scan.name}, "
            f"{scan.size} pixels. Received: probe.shape={probe.shape}. "
            "Is it of this scan? Or leave the probe out of the file."
        )
    return residual(reconstruction, probe, scan)
