"""Laws of grouping: who may be in a group, how often each position is its anchor, and what canvas holds it."""

import dataclasses

import numpy as np
import pytest

from ptychopinn.data.batches import GroupBatches, split_validation
from ptychopinn.data.grouping import canvas_side, check_canvas, cover, group, offsets
from ptychopinn.data.scan import NO_DATA
from ptychopinn.data.thinning import thin
from ptychopinn.params import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams


def random_positions(count, seed=0):
    return np.random.default_rng(seed).uniform(0, 20 * count**0.5, (count, 2))


def raster(side):
    return np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), axis=-1).reshape(-1, 2) * 10.0


POSITIONS = {
    "random": random_positions(150),
    "raster with ties": raster(12),
    "every position four times": np.repeat(random_positions(40), 4, axis=0),
    "nine on one spot": np.concatenate([np.zeros((9, 2)), random_positions(60) + 5]),
    "a line": np.stack([np.arange(80.0), np.zeros(80)], axis=1),
    "as few as a group": random_positions(9),
}
MEMBERS = [1, 2, 4, 9]


@pytest.fixture(params=POSITIONS.values(), ids=POSITIONS)
def positions(request):
    return request.param


def distances(positions, groups):
    """Distance of every member from its group's anchor."""
    return np.linalg.norm(positions[groups] - positions[groups[:, :1]], axis=2)


@pytest.mark.parametrize("members", MEMBERS)
@pytest.mark.parametrize("neighbours", [3, 8, 1000])
def test_members_are_distinct_and_among_the_nearest(positions, members, neighbours):
    groups = group(positions, members, neighbours, n_groups=3 * len(positions))
    assert groups.shape == (3 * len(positions), members)
    assert all(len(set(row)) == members for row in groups.tolist())
    others = min(max(neighbours, members - 1), len(positions) - 1)
    everyone = np.linalg.norm(positions[:, None] - positions, axis=2)
    farthest = np.sort(everyone, axis=1)[:, others]  # the first is the position itself
    assert (distances(positions, groups) <= farthest[groups[:, :1]] + 1e-9).all()


def test_neighbours_are_all_used():
    """Over many draws each of the K nearest is met about equally often, and nobody else."""
    positions = random_positions(100)
    groups = group(positions, 4, neighbours=6, n_groups=40_000)
    met = np.bincount(groups[groups[:, 0] == 7, 1:].ravel(), minlength=100)
    nearest = np.argsort(np.linalg.norm(positions - positions[7], axis=1))[1:7]
    assert sorted(np.flatnonzero(met)) == sorted(nearest)
    np.testing.assert_allclose(met[nearest], 200, atol=60)


@pytest.mark.parametrize("members", MEMBERS)
@pytest.mark.parametrize("share", [0.3, 1, 2.5, 10])
def test_every_position_is_the_anchor_equally_often(positions, members, share):
    """The first member is the anchor, and all positions are as often, give or take one, also when oversampled."""
    n_groups = max(1, int(share * len(positions)))
    groups = group(positions, members, n_groups=n_groups)
    often = np.bincount(groups[:, 0], minlength=len(positions))
    assert often.sum() == n_groups and np.ptp(often) <= 1


def test_the_first_member_is_the_one_the_others_are_near():
    """Two far clusters: no group mixes them, and each holds its anchor first."""
    positions = np.concatenate([random_positions(20), random_positions(20) + 1e4])
    groups = group(positions, 4)
    assert (np.sort(groups[:, 0]) == np.arange(40)).all()
    assert ((groups < 20).all(axis=1) | (groups >= 20).all(axis=1)).all()


def test_the_seed_decides(positions):
    again = [group(positions, 4, seed=(3, 1)) for _ in range(2)]
    np.testing.assert_array_equal(*again)
    assert (again[0] != group(positions, 4, seed=(3, 2))).any()


@pytest.mark.parametrize("members", [2, 4])
def test_max_distance_is_respected(members):
    positions = random_positions(150)
    groups = group(positions, members, max_distance=25.0)
    assert distances(positions, groups).max() <= 25.0
    reached = (np.linalg.norm(positions[:, None] - positions, axis=2) <= 25.0).sum(axis=1) >= members
    assert 0 < reached.sum() < 150
    np.testing.assert_array_equal(np.sort(groups[:, 0]), np.flatnonzero(reached))
    with pytest.raises(ValueError, match="max_distance=0.01"):
        group(positions, members, max_distance=0.01)


@pytest.mark.parametrize("members", MEMBERS[1:])
def test_too_few_positions_name_the_way_out(members):
    few = random_positions(members - 1)
    for call in (lambda: group(few, members), lambda: canvas_side(few, members, 6, 32)):
        with pytest.raises(ValueError, match=f"at least {members} .*--group-side 1"):
            call()


@pytest.mark.parametrize("members", MEMBERS)
@pytest.mark.parametrize("max_distance", [None, 70.0])
def test_the_canvas_holds_every_group(positions, members, max_distance):
    side = canvas_side(positions, members, 6, 64, max_distance)
    assert side % 8 == 0
    for seed in range(5):
        groups = group(positions, members, 6, max_distance=max_distance, seed=seed)
        check_canvas(offsets(positions, groups), 64, side)


def test_a_group_wider_than_the_canvas_is_refused():
    check_canvas(np.array([[[0, 0], [0, 10.0]]]), 64, 84)
    with pytest.raises(ValueError, match="--max-distance"):
        check_canvas(np.array([[[0, 0], [0, 10.1]]]), 64, 84)


def test_offsets_are_from_the_pixel_in_the_middle_of_the_group():
    positions = np.array([[0.0, 0], [4, 1], [2, 7]])
    expected = [[[-2, -4], [2, -3], [0, 3]], [[2, -3], [-2, -4], [0, 3]]]
    np.testing.assert_allclose(offsets(positions, np.array([[0, 1, 2], [1, 0, 2]])), expected)


@pytest.mark.parametrize("members", MEMBERS)
@pytest.mark.parametrize("reach", [0.0, 12.0, 45.0, 1e6])
def test_a_cover_has_each_pattern_fresh_exactly_once(positions, members, reach):
    """In whatever order the anchors come; a member that is not fresh was fresh in an earlier group, or in this one."""
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(positions))
        groups, fresh = cover(positions, members, reach, order)
        assert groups.shape == fresh.shape == (len(groups), members)
        np.testing.assert_array_equal(np.sort(groups[fresh]), np.arange(len(positions)))
        assert fresh[:, 0].all() and (distances(positions, groups) <= reach + 1e-9).all()
        seen = set()
        for row, new in zip(groups.tolist(), fresh):
            seen |= {member for member, is_new in zip(row, new) if is_new}
            assert seen.issuperset(row)


def test_a_cover_of_a_dense_scan_needs_few_groups():
    groups, _ = cover(raster(12), 4, 30.0, np.arange(144))
    assert len(groups) < 0.45 * 144


RATES = np.array([0.2, 1.0, 7.0, 300.0])


def thinned(holdout, draws=40_000):
    """Thin many draws of Poisson counts of known rates: both parts, as counts, `(draw, rate)`."""
    counts = np.random.default_rng(8).poisson(RATES, (draws, len(RATES)))
    parts = thin(np.sqrt(counts).astype(np.float32), holdout, seed=3)
    return counts, [np.square(part, dtype=np.float64) for part in parts]


@pytest.mark.parametrize("holdout", [0.1, 0.5])
def test_thinning_is_unbiased_and_gives_each_photon_to_one_part(holdout):
    counts, (seen, held_out) = thinned(holdout)
    np.testing.assert_allclose((1 - holdout) * seen + holdout * held_out, counts, rtol=1e-5, atol=1e-5)
    for part, share in ((seen, 1 - holdout), (held_out, holdout)):
        error = np.sqrt(RATES / share / len(part))
        assert (np.abs(part.mean(axis=0) - RATES) < 4 * error).all()
        np.testing.assert_allclose(part.var(axis=0), RATES / share, rtol=0.1)  # Poisson's, of share times the rate


@pytest.mark.parametrize("holdout", [0.1, 0.5])
def test_the_parts_of_thinned_counts_are_independent(holdout):
    """Not just uncorrelated: the variance of one does not depend on the other."""
    _, (seen, held_out) = thinned(holdout)
    seen, held_out = ((part - part.mean(axis=0)) / part.std(axis=0) for part in (seen, held_out))
    limit = 4 / np.sqrt(len(seen))
    assert (np.abs(np.mean(seen * held_out, axis=0)) < limit).all()
    spread = seen**2 - 1, held_out**2 - 1
    scale = np.sqrt(np.mean(spread[0] ** 2, axis=0) * np.mean(spread[1] ** 2, axis=0))
    assert (np.abs(np.mean(spread[0] * spread[1], axis=0)) < limit * scale).all()


def test_thinning_keeps_pixels_without_data_and_differs_from_draw_to_draw():
    amplitudes = np.full((2, 8, 8), 5, np.float32)
    amplitudes[:, 3] = NO_DATA
    one, again, other = (thin(amplitudes, 0.3, seed) for seed in ((1, 2), (1, 2), (1, 3)))
    for part in one:
        assert (part[:, 3] == NO_DATA).all() and (np.delete(part, 3, axis=1) >= 0).all()
    np.testing.assert_array_equal(one, again)
    assert (one[1] != other[1]).any() and (one[1][0] != one[1][1]).any()


def test_a_hundred_thousand_positions_group():
    groups = group(random_positions(100_000), 4)
    assert groups.shape == (100_000, 4) and len(np.unique(groups[:, 0])) == 100_000


@pytest.mark.parametrize("data", [{}, {"n_subsample": 60}, {"validation_fraction": 0.4}, {"validation_fraction": 0.0}])
def test_training_and_validation_share_no_pattern(scan, data):
    data = DataParams(**{"validation_fraction": 0.2, **data})
    kept, held_out = split_validation(scan, data, 4, seed=0)
    total = data.n_subsample or len(scan)
    assert len(held_out) == round(data.validation_fraction * total)
    assert len(np.unique([*kept, *held_out])) == len(kept) + len(held_out) == total
    if not len(held_out):
        return
    for mine, others in ((kept, held_out), (held_out, kept)):
        batches = GroupBatches([scan], [mine], ModelParams(), data, TrainingParams(batch_size=8))
        for _ in range(2):
            assert not np.isin(batches.groups, others).any()
            batches.on_epoch_end()


def test_validation_is_a_strip_at_the_edge(scan):
    kept, held_out = split_validation(scan, DataParams(validation_fraction=0.2), 4, seed=0)
    along = np.argmax(np.ptp(scan.positions, axis=0))
    assert scan.positions[held_out, along].min() >= scan.positions[kept, along].max()


def test_epochs_differ_and_depend_on_seed_and_epoch_alone(scan):
    how = ModelParams(), DataParams(), TrainingParams(batch_size=8)
    one, other = (GroupBatches([scan], [np.arange(len(scan))], *how) for _ in range(2))
    first = one.groups
    one.on_epoch_end()
    assert (one.groups != first).any()
    other.draw(1)
    np.testing.assert_array_equal(one.groups, other.groups)


def test_a_scan_too_sparse_for_its_canvas_names_max_distance(scan):
    from ptychopinn.training.train import fit_to

    sparse = dataclasses.replace(scan, positions=scan.positions * 4)
    with pytest.raises(ValueError, match="canvas of 72 pixels.*Received: .*--max-distance of 16"):
        fit_to(sparse, ModelParams(), DataParams(max_distance=500.0))
    fitted = fit_to(scan, ModelParams(), DataParams(max_distance=16.0))
    assert fitted.canvas <= 72


@pytest.mark.parametrize(
    "data", [{}, {"n_subsample": 40}, {"n_subsample": 25}, {"neighbours": 20}, {"max_distance": 10.0}]
)
def test_the_networks_canvas_holds_every_group_of_a_training(scan_64, data):
    """Also where few patterns of a dense scan are used, which are farther apart."""
    from ptychopinn.training.batches import make_batches
    from ptychopinn.training.train import Settings, fit_to

    data = DataParams(**{"validation_fraction": 0.2, **data})
    dense = dataclasses.replace(scan_64, positions=scan_64.positions / 2)
    model = fit_to(dense, ModelParams(), data)
    settings = Settings(model, LossParams(), data, TrainingParams(), ExecutionParams())
    for batches in filter(None, make_batches(dense, settings)):
        check_canvas(offsets(dense.positions, batches.groups), model.size, model.canvas)


def test_validation_patterns_too_sparse_for_the_canvas_are_refused(scan):
    from ptychopinn.training.batches import make_batches
    from ptychopinn.training.train import Settings, fit_to

    data = DataParams(max_distance=16.0)
    dense, sparse = (dataclasses.replace(scan, positions=scan.positions * factor) for factor in (0.3, 2))
    settings = Settings(fit_to(dense, ModelParams(), data), LossParams(), data, TrainingParams(), ExecutionParams())
    with pytest.raises(ValueError, match="network's canvas"):
        make_batches(dense, settings, validation=sparse)
