"""What passes can begin with: a reconstruction of the scan, and moves that its patterns can tell of."""

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.engine.engine import Moves
from ptychopinn.reconstruction.stitching import canvas_of


def check_variation(moves: Moves, scan: Scan) -> None:
    """Raise ValueError where a probe is to vary in as many dimensions as there are patterns."""
    if moves.variation >= len(scan):
        raise ValueError(
            f"A probe must vary in fewer dimensions than the scan has patterns, {len(scan)}. "
            f"Received: opr={moves.variation}. Take few, such as 2."
        )


def check(reconstruction: Reconstruction, scan: Scan, passes: int) -> None:
    """Raise ValueError unless passes are 0 or more, and the object lies as a stitcher lays the scan's."""
    if passes < 0:
        raise ValueError(f"passes must be 0 or more. Received: passes={passes}. Take 0 to change nothing.")
    if reconstruction.probe is None:
        raise ValueError(
            f"An object to refine must have a probe. Received: {reconstruction.name} with probe=None. "
            "Give it scan.probe, by dataclasses.replace."
        )
    if reconstruction.optics.distance != scan.optics.distance:
        raise ValueError(
            f"An object to refine must be of the scan's field. Received: fresnel_number="
            f"{reconstruction.fresnel_number} with {scan.name} of {scan.fresnel_number}. Give it scan.optics."
        )
    origin, shape = canvas_of(scan.positions, scan.size)
    lies = reconstruction.origin
    if reconstruction.object.shape != shape or lies is None or tuple(lies) != tuple(origin):
        raise ValueError(
            f"An object to refine must be stitched from the patterns of {scan.name}: {shape[0]} x {shape[1]} pixels "
            f"from {tuple(map(int, origin))}. Received: object.shape={reconstruction.object.shape}, "
            f"origin={reconstruction.origin}. Reconstruct this scan first."
        )
