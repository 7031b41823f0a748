"""What a simulation needs of memory: its patterns, and the drawing of its object."""

from ptychopinn.memory import check_memory
from ptychopinn.simulation.params import SimulationParams

OF_DRAWING = 100
"""Bytes for a pixel of the object while it is drawn: measured 56 (grf) to 176 (diagonals)."""

OF_COUNT, OF_COUNT_KEPT = 4, 2
"""Bytes for a pixel of a pattern: of the scan that is being simulated, and of each that waits to be written."""


def check_simulation(params: SimulationParams) -> None:
    """Raise MemoryError if the scans that options ask for would not fit in memory.

    Args:
        params: SimulationParams.
    """
    size, step, side = params.probe.size, params.positions.step, params.object.object_size
    count = 0 if params.positions.scan == "from-file" else (max(side - size, 0) / step + 1) ** 2
    check_memory(
        simulation_bytes(count, size, side, params.files.objects),
        f"A simulation of about {count:.3g} patterns of {size} x {size} pixels, and an object of {side} pixels,",
        "Take a larger --step, a smaller --object-size, or fewer --objects.",
    )


def simulation_bytes(count: float, size: int, side: int = 0, objects: int = 1) -> float:
    """Estimate the bytes that a simulation takes, within a factor of 3.

    Args:
        count: int. Patterns of a scan.
        size: int. Side of a pattern, in pixels.
        side: int. Side of the object that is drawn, in pixels. Defaults to none.
        objects: int. Scans. Defaults to 1.
    """
    return OF_DRAWING * side**2 + (OF_COUNT + objects * OF_COUNT_KEPT) * count * size**2
