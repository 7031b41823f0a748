"""What trials may cost: passes over patterns, counted in plain runs of the scan that they are made before."""

from ptychopinn.reconstruction.params import ReconstructionParams

ALLOWED = 2.0
"""Plain runs that trials may cost: with a run that is as long as the plain one, three."""

SHORT = 200_000
"""Patterns that a plain run is taken to go through at least: one of fewer is over in a minute or two, and so are
trials."""

A_MODE, OTHERS = 0.35, {"positions": 1.0, "opr": 1.0, "flux": 0.4, "background": 0.4, "blur": 0.35}
"""By what part of itself a pass is longer for a mode more, and for what else moves."""


def length_of(params: ReconstructionParams) -> float:
    """Return how long a pass is, in passes of one mode in which object and probe alone move."""
    plain = ReconstructionParams()
    moving = [name for name in OTHERS if getattr(params, name) != getattr(plain, name)]
    return 1 + A_MODE * ((params.modes or 1) - 1) + sum(OTHERS[name] for name in moving)


class Budget:
    """Count what passes over a part of a scan cost.

    Args:
        patterns, part: int. Patterns of the scan, and of the part that passes go through, most of them.
        allowed: float. Plain runs that they may cost.
    """

    def __init__(self, patterns: int, part: int, allowed: float = ALLOWED) -> None:
        self.patterns, self.part, self.allowed = patterns, part, allowed
        self.plain = self.spent = 0.0

    def spend(self, passes: int, params: ReconstructionParams, part: int) -> None:
        """Count passes over a part of the patterns; the first ones tell how many a plain run of the scan takes."""
        self.plain = self.plain or passes * self.patterns * length_of(params)
        self.spent += self._cost(passes, params, part)

    def allows(self, *ways: tuple[int, ReconstructionParams]) -> bool:
        """Return whether there is room for `(passes, params)`, all of them."""
        return self.spent + sum(self._cost(*way, self.part) for way in ways) <= self.allowed * max(self.plain, SHORT)

    @property
    def runs(self) -> float:
        """What was spent, in plain runs."""
        return self.spent / self.plain

    def _cost(self, passes: int, params: ReconstructionParams, part: int) -> float:
        return passes * part * length_of(params)
