"""Results of two runs that must be the same, to the last bit."""

import json

import numpy as np


def assert_same(out, plain):
    """Assert that two output folders hold the same arrays and the same record, but for times."""
    one, other = (np.load(path / "reconstruction.npz") for path in (plain, out))
    assert set(one) == set(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    one, other = (json.loads((path / "report.json").read_text()) for path in (plain, out))
    for name in one.keys() - {"seconds", "patterns_per_second", "record_sha256", "outputs"}:
        assert one[name] == other[name], name
