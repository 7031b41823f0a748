"""What a simulation can be made of, and which options go with which choice."""

from collections.abc import Mapping

from ptychopinn.schema import Params

DRAWN = ("lines", "grf", "points", "diagonals", "dead_leaves", "siemens_star")
OBJECT_CHOICES = (*DRAWN, "from-image", "from-file")
PROBES = ("disc", "gaussian", "zone-plate", "zernike", "from-file")
SCANS = ("raster", "jittered", "spiral", "from-file")
RESIZES = ("pad", "interpolate")

GOES_WITH = {
    "object_size": ("object", (*DRAWN, "from-image")),
    "phase_max": ("object", (*DRAWN, "from-image")),
    "image_file": ("object", ("from-image",)),
    "phase_file": ("object", ("from-image",)),
    "object_file": ("object", ("from-file",)),
    "disc_diameter": ("probe", ("disc",)),
    "gaussian_width": ("probe", ("gaussian",)),
    "gaussian_curvature": ("probe", ("gaussian",)),
    "zone_plate_diameter_m": ("probe", ("zone-plate",)),
    "outer_zone_width_m": ("probe", ("zone-plate",)),
    "central_stop_m": ("probe", ("zone-plate",)),
    "defocus_m": ("probe", ("zone-plate",)),
    "zernike_pupil": ("probe", ("zernike",)),
    "zernike_rms": ("probe", ("zernike",)),
    "probe_file": ("probe", ("from-file",)),
    "probe_resize": ("probe", ("from-file",)),
    "step": ("scan", ("raster", "jittered", "spiral")),
    "jitter": ("scan", ("jittered",)),
    "positions_file": ("scan", ("from-file",)),
}
"""Options that only some objects, probes or scans take: `{option: (chooser, choices)}`."""

FILES = {
    ("object", "from-image"): "image_file",
    ("object", "from-file"): "object_file",
    ("probe", "from-file"): "probe_file",
    ("scan", "from-file"): "positions_file",
}
"""Files that a choice must be given: `{(chooser, choice): option}`."""


def takes(chosen: Mapping[str, str], name: str) -> bool:
    """Tell whether an option has a say with the chosen object, probe and scan (a dict)."""
    chooser, choices = GOES_WITH.get(name, (None, ()))
    return chooser is None or chosen[chooser] in choices


def check_files(params: Params) -> None:
    """Raise ValueError unless the file that a choice reads is given."""
    for (chooser, choice), name in FILES.items():
        if getattr(params, chooser, None) == choice and getattr(params, name) is None:
            raise ValueError(
                f"{chooser} {choice} must be given a file. Received: {name}=None. "
                f"Give {name}, or choose another {chooser}."
            )
