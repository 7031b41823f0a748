"""Law of spoilt files: read as what they say, or refused in one line. The script makes as many as one likes."""

import pathlib

import mutations
import pytest


@pytest.mark.parametrize("name, count, read", [
    ("scans", 60, 6), ("results", 60, 6),
    ("bundles", 12, 1), ("checkpoints", 20, 1), ("yaml", 50, 0),  # of YAML, one in 40 is read
])  # fmt: skip
def test_spoilt_files_are_read_as_they_say_or_refused_in_one_line(name, count, read):
    said = []
    counts = mutations.run(mutations.kind_of(name), count, seed=7, say=said.append)
    assert not said and counts[mutations.REFUSED] > count / 3
    assert counts[mutations.EQUAL] + counts[mutations.AS_WRITTEN] >= read


class Clumsy:
    """A kind of files whose reader fails in a way of its own."""

    def __init__(self, judge):
        self.judge = judge

    def spoil(self, draw, folder):
        import mutation_kinds

        return mutation_kinds.Spoilt(pathlib.Path(folder), "nothing", True)


def raising(error):
    def judge(spoilt):
        raise error

    return judge


@pytest.mark.parametrize("judge, found", [
    (raising(TypeError("Received: a traceback")), mutations.WRONG), (raising(ValueError("no way")), mutations.WRONG),
    (raising(ValueError("Received: " + "x" * 400)), mutations.WRONG), (lambda spoilt: mutations.WRONG, mutations.WRONG),
    (raising(ValueError("Received: one line.")), mutations.REFUSED), (lambda spoilt: mutations.EQUAL, mutations.EQUAL),
])  # fmt: skip
def test_the_script_tells_right_from_wrong(judge, found):
    assert mutations.run(Clumsy(judge), count=1, seed=0, say=str) == {found: 1}
