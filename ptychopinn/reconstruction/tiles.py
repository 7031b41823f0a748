"""Tiles -> one object: each is what some neighbouring patches add up to, known up to a constant phase of its own.

Constants are solved for jointly, from all overlaps at once, and tiles are added up in their order: what comes out is
the same to the last bit, whoever made the tiles, and how many at a time.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree
from scipy.sparse.linalg import spsolve

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.memory import check_memory
from ptychopinn.physics.ramp import ramp_of

OF_PIXEL = 60
"""Bytes for a pixel of an object, its weight, its uncertainty, and what they are made from."""

LIT = 1e-3
"""A patch is placed, and an object known, as far as its weight reaches this part of its largest."""

STEPS, SETTLED_RAD = 20, 1e-9
"""Steps of Gauss and Newton for the constants, at most, and the change after which they are found."""


@dataclasses.dataclass(frozen=True, eq=False)
class Tile:
    """What some patches add up to, on the part of the object that they reach.

    Args:
        origin: int array `(y, x)`: position of its first pixel.
        sum: complex64 array `(y, x)`: of the weighted patches.
        weight, squared_weight: float32 arrays `(y, x)`: of their weights, and of the squares of these.
        power: float32 array `(y, x)`: of the weighted squared moduli of the patches.
    """

    origin: np.ndarray
    sum: np.ndarray
    weight: np.ndarray
    squared_weight: np.ndarray
    power: np.ndarray

    @property
    def end(self) -> np.ndarray:
        """Position behind its last pixel: int array `(y, x)`."""
        return self.origin + self.sum.shape

    def window(self, low: np.ndarray, high: np.ndarray) -> tuple[slice, slice]:
        """Return where the pixels from a position to another lie in the tile."""
        return tuple(slice(a, b) for a, b in zip(low - self.origin, high - self.origin))  # type: ignore[return-value]


def joined(tiles: Sequence[Tile]) -> Reconstruction:
    """Join tiles to one object: `Reconstruction`, its weight, origin, ramp and uncertainty beside it."""
    low = np.min([tile.origin for tile in tiles], axis=0)
    height, width = np.max([tile.end for tile in tiles], axis=0) - low
    check_canvas(height, width)
    total = np.zeros((height, width), np.complex64)
    weight, squared_weight, power = np.zeros((3, height, width), np.float32)
    for tile, constant in zip(tiles, constants_of(tiles)):
        window = tuple(slice(a, b) for a, b in zip(tile.origin - low, tile.end - low))
        total[window] += constant * tile.sum
        weight[window] += tile.weight
        squared_weight[window] += tile.squared_weight
        power[window] += tile.power
    seen = weight > LIT * weight.max()
    mean = np.where(seen, total / np.maximum(weight, 1e-12), 0)
    return Reconstruction(
        object=mean.astype(np.complex64),
        weight=weight,
        origin=(int(low[0]), int(low[1])),
        ramp=ramp_of(mean, weight),
        uncertainty=np.where(seen, standard_error(mean, weight, squared_weight, power), np.inf).astype(np.float32),
    )


def standard_error(
    mean: np.ndarray, weight: np.ndarray, squared_weight: np.ndarray, power: np.ndarray
) -> np.ndarray:  # fmt: skip
    r"""Return the standard error of the weighted mean, $\sqrt{V / (n - 1)}$ with $n = (\sum w)^2 / \sum w^2$."""
    weight = np.maximum(weight, 1e-12)
    variance = np.maximum(power / weight - np.abs(mean) ** 2, 0)
    patches = weight**2 / np.maximum(squared_weight, 1e-24)
    several = patches > 1.01
    return np.where(several, np.sqrt(variance / np.where(several, patches - 1, 1)), np.inf)


def check_canvas(height: int, width: int) -> None:
    """Raise MemoryError if an object of so many pixels would not fit in memory."""
    check_memory(
        OF_PIXEL * float(height) * float(width), f"An object of {height} x {width} pixels",
        "Leave out positions that lie apart, or check their unit.",
    )  # fmt: skip


def constants_of(tiles: Sequence[Tile]) -> np.ndarray:
    r"""Return the factors of modulus 1, by which tiles agree where they overlap: complex64 array `(tile,)`.

    Phases $\theta$ make $\sum |a_{ij}| \arg^2(a_{ij} e^{-i(\theta_i - \theta_j)})$ least, where $a_{ij}$ is what tiles
    say of it, see `agreement`; tiles that no overlap connects keep the phases that they have among each other.
    """
    pairs = overlaps(tiles)
    told = np.array([agreement(tiles[i], tiles[j]) for i, j in pairs])
    pairs, told = pairs[told != 0], told[told != 0]
    if not len(pairs):
        return np.ones(len(tiles), np.complex64)
    first, second = pairs.T
    count, strength = len(tiles), np.abs(told)
    phases, roots = along_the_strongest(csr_array((np.angle(told), (first, second)), (count, count)),
                                        csr_array((1 / strength, (first, second)), (count, count)))  # fmt: skip
    links = coo_array((strength, (first, second)), (count, count)).tocsr()
    links = links + links.T
    system = diags_array(links.sum(axis=1) + roots * strength.mean()) - links
    for _ in range(STEPS):
        left = strength * np.angle(told * np.exp(-1j * (phases[first] - phases[second])))
        step = spsolve(system.tocsc(), np.bincount(first, left, count) - np.bincount(second, left, count))
        phases += step
        if np.abs(step).max() < SETTLED_RAD:
            break
    return np.exp(1j * phases).astype(np.complex64)


def along_the_strongest(angles: csr_array, weakness: csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Return phases that agree along a tree of the strongest overlaps, and which tiles, one of each tree, are roots."""
    tree = minimum_spanning_tree(weakness)
    phases, roots = np.zeros(tree.shape[0]), np.zeros(tree.shape[0], bool)
    _, parts = connected_components(tree, directed=False)
    for root in np.unique(parts, return_index=True)[1]:
        roots[root] = True
        order, before = breadth_first_order(tree, root, directed=False)
        for tile in order[1:]:
            known = before[tile]
            phases[tile] = phases[known] - angles[known, tile] if known < tile else phases[known] + angles[tile, known]
    return phases, roots


def overlaps(tiles: Sequence[Tile]) -> np.ndarray:
    """Return the pairs of tiles that share pixels: int array `(pair, 2)`, the lower number first."""
    lows, highs = np.array([tile.origin for tile in tiles]), np.array([tile.end for tile in tiles])
    pairs = []
    for number in range(len(tiles) - 1):
        later = slice(number + 1, None)
        meets = ((lows[later] < highs[number]) & (highs[later] > lows[number])).all(axis=1)
        pairs += [(number, number + 1 + other) for other in np.flatnonzero(meets)]
    return np.array(pairs, int).reshape(-1, 2)


def agreement(one: Tile, other: Tile) -> complex:
    """Return in which phase one tile is behind another, and how surely: each pixel counts as both know it."""
    low, high = np.maximum(one.origin, other.origin), np.minimum(one.end, other.end)
    here, there = one.window(low, high), other.window(low, high)
    weight = np.maximum(one.weight[here] + other.weight[there], 1e-12)
    return complex(np.vdot(one.sum[here], other.sum[there] / weight))
