"""Laws of tiles: the same bits however many make them, joined by constants that all overlaps agree on."""

import numpy as np
import pytest

from ptychopinn.physics.numpy_physics import cut
from ptychopinn.reconstruction import blocks
from ptychopinn.reconstruction.blocks import Shard, blocks_of
from ptychopinn.reconstruction.stitching import Stitcher, outward
from ptychopinn.reconstruction.tiles import constants_of, joined

SIZE = 32
WEIGHTS = np.exp(-(np.hypot(*np.mgrid[-16:16, -16:16]) ** 2) / 60)


def smooth(height=150, width=170):
    """An object of slow amplitude and phase, which bilinear windows do not blur."""
    y, x = np.mgrid[:height, :width]
    return (1 + 0.2 * np.sin(y / 9)) * np.exp(0.3j * np.cos(x / 7))


def scattered(count=400, seed=4):
    return np.random.default_rng(seed).uniform((20.3, 18.1), (128.8, 149.6), (count, 2))


def tiles_of(truth, positions, turns):
    """Tiles of the blocks of a scan, each turned."""
    made = []
    for block, turn in zip(blocks_of(positions), turns):
        some = positions[block][outward(positions[block])]
        stitcher = Stitcher(some, WEIGHTS)
        stitcher.add(np.exp(1j * turn) * cut(truth, some, SIZE), some)
        made.append(stitcher.tile())
    return made


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "LARGEST", 20)


def test_every_pattern_is_in_one_block_and_blocks_lie_together(small_blocks):
    positions = scattered()
    found = blocks_of(positions)
    assert sorted(np.concatenate(found)) == list(range(400)) and len(found) == 32
    assert all(10 <= len(block) <= 20 and (np.diff(block) > 0).all() for block in found)
    assert np.mean([np.ptp(positions[block], axis=0) for block in found]) < 35


@pytest.mark.parametrize("of", [1, 2, 3, 8, 32])
def test_shards_are_runs_of_whole_blocks_and_hold_each_once(of):
    runs = [Shard(number, of).own(32) for number in range(1, of + 1)]
    assert [one for run in runs for one in run] == list(range(32))
    assert max(map(len, runs)) - min(map(len, runs)) <= 1
    with pytest.raises(ValueError, match="can be shared among 2 shards at most. Received: shard=1/3. Take fewer"):
        Shard(1, 3).own(2)


def test_the_constant_phase_of_a_tile_does_not_matter(small_blocks):
    """Whatever the phases of tiles, also all the way round: the object is that of tiles without."""
    truth, positions = smooth(), scattered()
    turns = np.random.default_rng(6).uniform(0, 2 * np.pi, 32)
    found, plain = (joined(tiles_of(truth, positions, some)) for some in (turns, np.zeros(32)))
    constant = np.vdot(found.object, plain.object)
    np.testing.assert_allclose(found.object * constant / abs(constant), plain.object, atol=2e-5)
    np.testing.assert_array_equal(found.weight, plain.weight)
    row, column = found.origin
    there = truth[row : row + found.object.shape[0], column : column + found.object.shape[1]]
    known = (found.weight > 0.3 * found.weight.max())[: there.shape[0], : there.shape[1]]
    aligned = found.object[: there.shape[0], : there.shape[1]] * np.exp(-1j * np.angle(np.vdot(there, plain.object[
        : there.shape[0], : there.shape[1]]) * np.vdot(plain.object, found.object)))  # fmt: skip
    assert np.abs(aligned / there - 1)[known].max() < 0.02


def test_constants_of_tiles_that_disagree_are_the_least_squares(small_blocks):
    """Tiles with noise of their own: no constant, moved alone or with others, brings them to agree better."""
    tiles = tiles_of(smooth(), scattered(), np.linspace(0, 30, 32))
    random = np.random.default_rng(0)
    for tile in tiles:
        tile.sum[:] *= np.exp(0.8j * random.standard_normal(tile.sum.shape))
    best = misfit(tiles, np.angle(constants_of(tiles)))
    for size in (1e-3, 1e-2, 1e-1):
        assert misfit(tiles, np.angle(constants_of(tiles)) + size * random.standard_normal(32)) > best


def misfit(tiles, phases):
    """Squares of the phases by which pairs of tiles differ where they overlap, weighted by how surely."""
    total = 0.0
    for number, one in enumerate(tiles):
        for other in range(number):
            a, b = one, tiles[other]
            low, high = np.maximum(a.origin, b.origin), np.minimum(a.end, b.end)
            if (high > low).all():
                here, there = (np.s_[tuple(slice(*pair) for pair in zip(low - t.origin, high - t.origin))]
                               for t in (a, b))  # fmt: skip
                told = np.vdot(a.sum[here], b.sum[there] / np.maximum(a.weight[here] + b.weight[there], 1e-12))
                total += abs(told) * np.angle(told * np.exp(-1j * (phases[number] - phases[other]))) ** 2
    return total


def test_tiles_apart_keep_their_phases():
    """Two scans that no overlap connects are each joined; nothing is said of one by the other."""
    truth = np.concatenate([smooth(90, 90), np.zeros((100, 90)), smooth(90, 90)])
    positions = np.random.default_rng(2).uniform(20, 70, (40, 2))
    apart = [*tiles_of(truth, positions, [1.0]), *tiles_of(truth, positions + [190, 0], [2.0])]
    np.testing.assert_array_equal(constants_of(apart), 1)
    assert joined(apart).object.shape[0] > 200
