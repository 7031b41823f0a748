"""Reconstruct a scan from either half of its photons: what both say is of the object, in what they differ is noise."""

import dataclasses
import functools
from collections.abc import Callable

from ptychopinn.data.halves import halves
from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.engine.engine import Moves
from ptychopinn.engine.work import Work
from ptychopinn.reconstruction.refinement import refine


def reconstruct_halves(
    scan: Scan, start: Callable[[Scan], Reconstruction], passes: int, moves: Moves, work: Work,
    progress: Callable[[int], object],
) -> tuple[Reconstruction, ...]:  # fmt: skip
    """Reconstruct a scan from either half of its photons, neither knowing of the other.

    Args:
        scan: Scan, of counts.
        start: function of the Scan of a half: what its passes start from.
        passes: int. Passes over each half, at most.
        moves: Moves: what passes improve besides the object.
        work: Work: how they are computed.
        progress: called with the number of patterns done, of `2 * passes` times all.

    Returns:
        two Reconstructions; none where a KeyboardInterrupt ended their passes.
    """
    found: list[Reconstruction] = []
    for number, half in enumerate(halves(scan)):
        watch = functools.partial(_after, progress, number * passes * len(scan))
        done = refine(start(half), half, passes, moves, work, progress=watch)
        if done.interrupted:
            return ()
        made = {"refinement_passes": done.kept, "refinement_passes_made": len(done.deviances) - 1}
        found.append(dataclasses.replace(done.reconstruction, name=half.name, record=made))
    return tuple(found)


def _after(progress: Callable[[int], object], before: int, done: int) -> None:
    """Report patterns done after others."""
    progress(before + done)
