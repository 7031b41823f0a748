"""Laws of the image of a scan that runs: it comes nearer the truth as patterns come, at a cost that stays."""

import dataclasses

import numpy as np
from test_arrivals import written

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.against_truth import score
from ptychopinn.live.arrivals import Arrivals
from ptychopinn.live.feeds import feed_of
from ptychopinn.live.image import WINDOW, LiveImage
from ptychopinn.live.watch import Ends, Watch
from ptychopinn.preparation.params import Preparation


def error_of(image, scan):
    """Return the complex error of an image where some patterns are."""
    truth = Reconstruction(scan.object, origin=(0, 0), positions=scan.positions)
    seen = dataclasses.replace(image, positions=scan.positions)
    return score(seen, truth, region="scan").figures["nrmse_complex"]


def first_of(scan, count):
    return scan.subset(np.arange(count))


def test_the_image_comes_nearer_the_truth_as_patterns_come(scan):
    live = LiveImage(first_of(scan, 64))
    for count in (64, 100):
        part = first_of(scan, count)
        live.take(part)
        assert live.shown.sum() < count
        while live.seen.min() < 3:
            live.improve(part)
        assert live.shown.all()
        assert error_of(live.reconstruction(), part) < 0.15


def test_a_round_costs_the_same_however_far_the_scan_goes(scan):
    """Patterns of one neighbourhood are on a window of a fixed size, and all are seen in turn."""
    wide = first_of(scan, 100).moved_to(8 * scan.positions)
    live = LiveImage(wide)
    live.take(wide)
    while live.seen.min() < 1:
        live.improve(wide)
        assert live.latest[0].object.shape == (WINDOW * 32, WINDOW * 32)
    assert min(live.object.shape) > 2 * WINDOW * 32


def test_dark_patterns_are_shown_once_there_is_light(scan):
    """Places for patterns that were made beforehand are filled later."""
    patterns = np.array(scan.patterns)
    patterns[80:] = 0
    live, dark = LiveImage(scan), dataclasses.replace(scan, patterns=patterns, whole=scan)
    for now, shown in ((dark, 80), (dataclasses.replace(scan, whole=scan), 100)):
        live.take(now)
        for _ in range(4):
            live.improve(now)
        assert live.shown.sum() == shown


def test_a_network_corrects_what_is_shown(scan, tmp_path):
    """And not what the next patterns are compared with."""
    folder, drawn = written(tmp_path / "parts", scan), []
    for network in (None, lambda image, dose: np.full_like(image, 0.5j)):
        shown = []
        watch = Watch(
            Arrivals(feed_of(folder), Preparation()), lambda *news, to=shown: to.append(news), Ends(100), network
        )
        assert watch.run() == 100
        assert error_of(watch.live.reconstruction(), scan) < 0.3
        drawn.append(shown[-1][1]["panes"][0]["picture"])
    assert drawn[0] != drawn[1]
