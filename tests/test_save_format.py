"""Laws of `--save-format`: what is asked for stands besides, or is refused before the work."""

import dataclasses

import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho

from ptychopinn import reconstruct
from ptychopinn.formats import read_reconstruction, read_scan
from ptychopinn.formats.ptychopinn_npz import write
from ptychopinn.formats.writers.table import FORMATS
from ptychopinn.reconstruction.params import ReconstructionParams

FAST = ("--passes", 1, "--no-report")


@pytest.fixture
def file_in_metres(scan, tmp_path):
    """The 32 x 32 scan, whose geometry the file knows."""
    path = tmp_path / "scan.npz"
    write(path, dataclasses.replace(scan, pixel_size_m=2e-8, energy_eV=9000.0, distance_m=2.0))
    return path


def test_a_reconstruction_is_saved_in_other_formats_besides(file_in_metres, out):
    asked = [word for name in FORMATS for word in ("--save-format", name)]
    done = ptycho("reconstruct", file_in_metres, "--output-dir", out, *FAST, *asked)
    assert done.exit_code == 0, done.output
    assert "ptychodus's product.h5 cannot hold" in done.stderr
    assert {form.file for form in FORMATS.values()} <= {path.name for path in out.iterdir()}
    own = read_reconstruction(out)
    for name in ("product.h5", "cxi", "ptyr"):
        other = read_reconstruction(out / FORMATS[name].file)
        assert other.pixel_size_m == pytest.approx(2e-8) and other.energy_eV == pytest.approx(9000)
        np.testing.assert_allclose(other.positions, own.positions - np.array(own.origin), atol=1e-6)
        constant = np.vdot(other.object, own.object)
        np.testing.assert_allclose(other.object * constant / abs(constant), own.object, atol=1e-4)
    assert ptycho("reconstruct", file_in_metres, "--output-dir", out, *FAST).exit_code == 0
    left = {path.name for path in out.iterdir()}
    assert not left & {FORMATS[name].file for name in FORMATS if name != "npz"}, "formats of an earlier reconstruction"


def test_a_format_in_metres_is_refused_before_the_work_where_the_pixel_is_not_known(scan_file, out):
    done = ptycho("reconstruct", scan_file, "--output-dir", out, *FAST, "--save-format", "product.h5")
    assert_said_plainly(done, "must tell the pixel size", "scan.npz", "--pixel-size", out=out)
    assert "Made" not in done.output


def test_a_reconstruction_knows_the_geometry_of_its_scan(file_in_metres):
    found = reconstruct(read_scan(file_in_metres), params=ReconstructionParams(passes=0))
    assert (found.pixel_size_m, found.energy_eV, found.distance_m) == (2e-8, 9000.0, 2.0)
