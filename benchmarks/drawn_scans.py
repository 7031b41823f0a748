"""Scans of all kinds, drawn at random: what the network that ships with the package is trained on."""

import dataclasses

import numpy as np
from quality_rows import defocused, diameter

DRAWINGS = ("lines", "dead_leaves", "grf", "points", "diagonals", "siemens_star")
DOSES = (2.0, 4.0, 8.0)
"""Decades of the photons of a pattern: fewest, likeliest, most."""

OVERLAPS = (0.0, 0.9)
"""Of neighbours, of the beam's diameter."""


def draw(size, count, seed):
    """Draw a scan of about `count` patterns of `size` x `size` pixels: Scan, its object as bright as its probe asks."""
    from ptychopinn.simulation import positions, scans

    random = np.random.default_rng(seed)
    probe = draw_probe(size, random)
    step = max((1 - random.uniform(*OVERLAPS)) * min(diameter(probe), size / 2), 2.0)
    side = int(np.ceil(size + (np.sqrt(count) + 0.5) * step)) + 8
    jitter = random.choice([0.0, 0.25])
    places = positions.jittered_raster((side, side), size, step, jitter, seed)
    if jitter == 0:
        places = np.round(places)
    obj, photons = draw_object(side, random), 10 ** random.triangular(*DOSES)
    background = 10 ** random.uniform(-4, -1) if random.random() < 0.2 else 0.0
    scan = scans.simulate(obj, probe, places, photons, seed, background=background, bad=draw_bad(size, random))
    scan = dataclasses.replace(scan, object=obj / brightness(obj, probe, places))
    wrong = random.uniform(-0.2, 0.2) if random.random() < 0.3 else 0.0
    return dataclasses.replace(scan, probe_guess=defocused(scan.probe_guess, wrong))


def draw_object(side, random):
    """Draw a transmission `(y, x)`: strong or weak, absorbing or not, its phase that of its amplitude or another's."""
    from ptychopinn.simulation import objects

    def drawing():
        name, seed = random.choice(DRAWINGS), int(random.integers(2**31))
        if name == "grf":
            return objects.gaussian_field(side, seed, -random.uniform(0.4, 3))
        return objects.OBJECTS[name](side, seed)

    first = drawing()
    second = drawing() if random.random() < 0.3 else first
    obj = objects.transmission(first, np.pi * random.uniform(0.1, 1), second)
    if random.random() < 0.5:
        obj = obj.conj()
    absorbs = random.choice([0.0, random.uniform(0, 1), 1.0])
    amplitude = np.abs(obj)
    return (obj * (amplitude + 1e-6) ** (absorbs - 1)).astype(np.complex64)


def draw_probe(size, random):
    """Draw a probe `(mode, y, x)`: a Gaussian, a disc, a lens with aberrations or a zone plate, of one mode or two."""
    from ptychopinn.simulation import modes, probes, pupils

    kind = random.choice(["gaussian", "disc", "zernike", "zone-plate"])
    if kind == "gaussian":
        probe = probes.gaussian(size, random.uniform(0.08, 0.2), random.uniform(-4, 4))
    elif kind == "disc":
        probe = probes.disc(size, random.uniform(0.2, 0.5))
    elif kind == "zernike":
        probe = pupils.zernike(size, random.uniform(0.15, 0.5), random.uniform(0, 2), int(random.integers(2**31)))
    else:
        lens = pupils.zernike(size, random.uniform(0.2, 0.5), 0.0)
        hole = pupils.zernike(size, random.uniform(0.05, 0.15), 0.0)
        probe = defocused(lens / np.abs(lens).sum() - hole / np.abs(hole).sum(), random.uniform(-3, 3))
    return modes.incoherent(probe, 2, random.uniform(0.05, 0.4)) if random.random() < 0.15 else probe


def draw_bad(size, random):
    """Draw which pixels are bad, bool `(y, x)`, or None: none, single ones, a stop before the middle, or a gap."""
    kind = random.choice(["none", "single", "stop", "gap"], p=[0.7, 0.1, 0.1, 0.1])
    y, x = np.mgrid[:size, :size] - size // 2
    if kind == "single":
        return random.random((size, size)) < 0.005
    if kind == "stop":
        return np.hypot(y, x) < random.uniform(1, 3)
    if kind == "gap":
        return np.abs(random.choice([y, x]) - random.integers(-size // 4, size // 4)) < 2
    return None


def brightness(obj, probe, places):
    """Return the root mean square of an object's amplitude where the probe lights it, over all positions."""
    from ptychopinn.physics.numpy_physics import whole_windows

    light = np.sum(np.abs(probe) ** 2, axis=0)
    windows, _ = whole_windows(obj, places, probe.shape[-1])
    return np.sqrt(np.mean(np.sum(np.abs(windows) ** 2 * light, axis=(1, 2))) / light.sum())
