"""Neighbouring positions -> groups of overlapping patterns."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from ptychopinn.physics.probes import diameter

CANDIDATES = 3
"""Neighbours that a covering group chooses from, in members of a group."""


def group(
    positions: np.ndarray,
    members: int,
    neighbours: int = 6,
    n_groups: int | None = None,
    max_distance: float | None = None,
    seed: int | Sequence[int] = 0,
) -> np.ndarray:
    """Group each anchor with some of its nearest neighbours.

    Every position is an anchor as often as every other (give or take one), and a group's first member is its anchor;
    the others are drawn without repetition from the anchor's nearest neighbours.

    Args:
        positions: float array `(pattern, 2)`, pixels.
        members: int. Patterns in a group, C.
        neighbours: int. Nearest neighbours to draw from. Defaults to 6; at least `members - 1` are used.
        n_groups: int. Number of groups; defaults to one per position.
        max_distance: float. Largest distance from the anchor, pixels; anchors with too few neighbours are left out.
        seed: int or sequence of ints.

    Returns:
        int array `(group, position)`: indices of patterns.

    Raises:
        ValueError: if there are too few positions, or none has enough neighbours within `max_distance`.
    """
    check_enough(positions, members)
    random = np.random.default_rng(seed)
    anchors = np.arange(len(positions))
    near = np.zeros((len(positions), 0), int)
    if members > 1:
        count = min(max(neighbours, members - 1), len(positions) - 1)
        near, reached = nearest(positions, count, max_distance)
        anchors = np.flatnonzero(reached >= members - 1)
    if not len(anchors):
        raise ValueError(
            f"Groups of {members} patterns need {members - 1} neighbours within max_distance. "
            f"Received: max_distance={max_distance:g} pixels, and no position has them. Raise it."
        )
    chosen = balanced(anchors, len(anchors) if n_groups is None else n_groups, random)
    if members == 1:
        return chosen[:, None]
    rank = random.random((len(chosen), near.shape[1]))
    rank[near[chosen] < 0] = np.inf
    picks = np.argpartition(rank, members - 2, axis=1)[:, : members - 1]
    return np.concatenate([chosen[:, None], np.take_along_axis(near[chosen], picks, axis=1)], axis=1)


def check_enough(positions: np.ndarray, members: int) -> None:
    """Raise ValueError if there are fewer positions than a group has members."""
    if len(positions) < members:
        raise ValueError(
            f"Groups of {members} patterns need at least {members} positions. Received: positions={len(positions)}. "
            "Use --group-side 1."
        )


def nearest(positions: np.ndarray, count: int, max_distance: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the `count` nearest other positions of each, -1 where beyond `max_distance`, and how many there are."""
    limit = np.inf if max_distance is None else max_distance
    _, found = cKDTree(positions).query(positions, k=count + 1, distance_upper_bound=limit)
    own = found == np.arange(len(positions))[:, None]
    own[~own.any(axis=1), -1] = True  # more than `count` duplicates of a position: drop the last instead of itself
    near = found[~own].reshape(len(positions), count)
    near[near == len(positions)] = -1
    return near, (near >= 0).sum(axis=1)


def spacing(positions: np.ndarray) -> float:
    """Return the median distance of a position from its nearest neighbour, pixels."""
    return float(np.median(cKDTree(positions).query(positions, k=2)[0][:, 1]))


def overlap_of(positions: np.ndarray, probe: np.ndarray) -> float:
    """Return how much of the diameter of a probe `(mode, y, x)` nearest neighbours share: the median, 0 to 1."""
    return max(0.0, 1 - spacing(positions) / diameter(probe))


def typical_reach(positions: np.ndarray, count: int) -> float:
    """Return how far the `count` nearest others of a position lie, in pixels; 95 of 100 positions have them nearer."""
    distance, _ = cKDTree(positions).query(positions, k=min(count, len(positions) - 1) + 1)
    return float(np.percentile(distance[:, -1], 95))


def cover(positions: np.ndarray, members: int, reach: float, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Group positions so that each is in a group, with as few groups as a walk in the given order finds.

    Args:
        positions: float array `(pattern, 2)`, pixels.
        members: int. Patterns in a group, C.
        reach: float. Largest distance of a member from its anchor, pixels.
        order: int array `(pattern,)`: the order in which positions become anchors, unless a group holds them already.

    Returns:
        `(groups, fresh)`: int array `(group, position)`, and bool array of the same shape: whether a member is in no
        group before. A group that finds too few neighbours repeats its anchor.
    """
    if members == 1:
        return order[:, None], np.ones((len(order), 1), bool)
    near, _ = nearest(positions, min(CANDIDATES * members, len(positions) - 1), reach)
    held = np.zeros(len(positions), bool)
    groups, fresh = [], []
    for anchor in order:
        if held[anchor]:
            continue
        candidates = near[anchor][near[anchor] >= 0]
        taken = held[candidates]
        chosen = np.concatenate([candidates[~taken], candidates[taken], np.full(members, anchor)])[: members - 1]
        groups.append([anchor, *chosen])
        fresh.append([True, *(np.arange(members - 1) < (~taken).sum())])
        held[groups[-1]] = True
    return np.array(groups), np.array(fresh)


def balanced(anchors: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Draw `count` anchors so that no two differ by more than one in how often they are drawn."""
    rounds = math.ceil(count / len(anchors))
    return np.concatenate([random.permutation(anchors) for _ in range(rounds)])[:count]


def offsets(positions: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the members' positions from the pixel in the middle of their group: float32 `(group, position, 2)`.

    The middle is a whole pixel, so that the group's canvas lies on the object's grid; a single pattern is its own.
    """
    placed = positions[groups]
    middle = (placed.max(axis=1, keepdims=True) + placed.min(axis=1, keepdims=True)) / 2
    if groups.shape[1] > 1:
        middle = np.round(middle)
    return (placed - middle).astype(np.float32)


def canvas_side(
    positions: np.ndarray, members: int, neighbours: int, size: int, max_distance: float | None = None
) -> int:
    """Return the side of a canvas that holds every possible group: a multiple of 8 pixels."""
    check_enough(positions, members)
    if members == 1:
        return size
    near, _ = nearest(positions, min(max(neighbours, members - 1), len(positions) - 1), max_distance)
    anchors = positions[:, None]
    placed = np.where(near[..., None] < 0, anchors, positions[np.maximum(near, 0)])
    extent = np.maximum(placed.max(axis=1), positions) - np.minimum(placed.min(axis=1), positions)
    return 8 * math.ceil((size + extent.max() + 2) / 8)


def widest_canvas(size: int) -> int:
    """Return the side of the largest canvas that a group of patches may have, in pixels."""
    return 2 * size + 8


def check_canvas(group_offsets: np.ndarray, size: int, canvas: int) -> None:
    """Raise ValueError if a group does not fit its canvas."""
    needed = size + 2 * float(np.abs(group_offsets).max())
    if needed > canvas:
        raise ValueError(
            f"A group must fit the network's canvas of {canvas} pixels. Received: a group of {needed:.0f} pixels. "
            "Use fewer --neighbours, or a --max-distance, or train on a scan as sparse as this one."
        )
