"""Judge reconstructions by all there is: the truth or another reconstruction, and the measured patterns."""

import dataclasses
import pathlib

import numpy as np

from ptychopinn.data.product import Product
from ptychopinn.evaluation.region import SMALLEST, intersect
from ptychopinn.evaluation.residual import Residual, residual
from ptychopinn.evaluation.scoring import Score, score
from ptychopinn.formats import FORMATS, read_scan
from ptychopinn.formats.archive import Archive
from ptychopinn.formats.ptychodus_product import SUFFIXES
from ptychopinn.formats.results import read_product


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
        `(Product or None, Scan or None)`.
    """
    scan = None if scan_path is None else read_scan(scan_path)
    if path is None:
        return None, scan
    if not holds_patterns(path):
        return read_product(path), scan
    with_object = read_scan(path)
    return _object_of(with_object), scan or with_object


def holds_patterns(path):
    """Tell whether a file is a scan with diffraction patterns."""
    path = pathlib.Path(path)
    if not path.is_file() or path.suffix in SUFFIXES:
        return False
    archive = Archive(path)
    return any(form.recognises(archive) for form in FORMATS)


def judge(product, truth=None, scan=None, region="auto", low_pass_px=None, name=None):
    """Judge one reconstruction; see `score` and `residual`.

    Returns:
        Judgement.

    Raises:
        ValueError: where product and truth, or product and scan, do not belong together.
    """
    found = None if truth is None else score(_on(scan, product), _on(scan, truth), region, low_pass_px)
    return Judgement(name or product.name, found, _residual(product, scan))


def judge_all(products, truth, scan=None, region="auto", low_pass_px=None):
    """Judge several reconstructions of one scan on the pixels that all of them share.

    Args:
        products: dict from name to Product.
        truth: Product: the truth, or the reconstruction that the others are compared with.
        scan, region, low_pass_px: as in `judge`.

    Returns:
        list of Judgement.
    """
    judged = [judge(product, truth, scan, region, low_pass_px, name) for name, product in products.items()]
    boxes = {one.score.region for one in judged}
    if len(boxes) == 1:
        return judged
    box = intersect(*boxes)
    if box is None:
        raise ValueError(
            f"The reconstructions must share {SMALLEST} x {SMALLEST} pixels with {truth.name}. "
            f"Received: no overlap between {', '.join(products)}. Compare them one by one."
        )
    scores = [score(_on(scan, product), _on(scan, truth), box, low_pass_px) for product in products.values()]
    return [dataclasses.replace(one, score=found) for one, found in zip(judged, scores)]


def _object_of(scan):
    if scan.object is None:
        return None
    obj = np.asarray(scan.object, np.complex64)
    return Product(obj, np.ones(obj.shape, np.float32), (0.0, 0.0), probe=scan.probe, positions=scan.positions,
                   pixel_size_m=scan.pixel_size_m, name=scan.name)  # fmt: skip


def _on(scan, product):
    """Give a product that says where it lies the positions of the scan."""
    if scan is None or product.origin is None:
        return product
    return dataclasses.replace(product, positions=scan.positions)


def _residual(product, scan):
    if scan is None or product.origin is None:
        return None
    probe = scan.probe if product.probe is None else product.probe
    if probe.shape[1:] != (scan.size, scan.size):
        raise ValueError(
            f"The probe of {product.name} must have the size of the patterns of {scan.name}, {scan.size} pixels. "
            f"Received: probe.shape={probe.shape}. Is it of this scan? Or leave the probe out of the file."
        )
    return residual(product, probe, scan)
