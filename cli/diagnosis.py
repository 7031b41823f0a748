"""A diagnosis of a scan on the screen: facts for JSON, and lines of text."""

LINES = {
    "overlap": ("{overlap_mean:.0%} of the probe's diameter on average, {overlap_worst:.0%} at worst", "overlap_mean"),
    "sampling": ("{oversampling:.2f} windows a probe's diameter of {probe_diameter_px:.0f} pixels", "oversampling"),
    "noise": ("variance over mean {variance_over_mean:.2f} (photons have 1)", "variance_over_mean"),
    "background": ("{background_photons_per_px_at_most:.3g} photons a pixel, at most",
                   "background_photons_per_px_at_most"),
    "brightness": ("differs by {brightness_spread:.1%}; at the end {brightness_last_over_first:.3g} of the beginning",
                   "brightness_last_over_first"),
}  # fmt: skip
"""How figures are said, and which one must be known."""


def facts_of_scan(diagnosis, foretold=None):
    """Return the facts of a scan, what was found, and what is foretold of it, for JSON: what is not known is None."""
    from ptychopinn.data.grouping import spacing
    from ptychopinn.physics.probes import footprint

    scan = diagnosis.scan
    low, high = scan.positions.min(axis=0).tolist(), scan.positions.max(axis=0).tolist()
    return {
        "scan": scan.name,
        "patterns": len(scan),
        "size_px": scan.size,
        "dtype": str(scan.patterns.dtype),
        "measurement": scan.measurement,
        "propagation": "far" if scan.fresnel_number is None else "near",
        "fresnel_number": scan.fresnel_number,
        "zero_frequency": zero_frequency_of(scan),
        "photons_per_pattern": scan.mean_photons,
        "background_photons": scan.background,
        "positions_y_px": [low[0], high[0]],
        "positions_x_px": [low[1], high[1]],
        "spacing_px": spacing(scan.positions) if len(scan) > 1 else None,
        "probe_modes": len(scan.probe),
        "probe_width_px": float(footprint(scan.probe).sum() ** 0.5),
        "object_px": None if scan.object is None else list(scan.object.shape),
        "bad_pixels": 0 if scan.mask is None else int((~scan.mask).sum()),
        "pixel_size_m": scan.pixel_size_m,
        "energy_eV": scan.energy_eV,
        "distance_m": scan.distance_m,
        "notes": list(scan.notes),
        "measures": diagnosis.measures,
        "findings": [one.to_dict() for one in diagnosis.findings],
        "command": diagnosis.command,
        **({} if foretold is None else {"forecast": {**foretold.record, "words": foretold.words}}),
    }


def zero_frequency_of(scan):
    """Say where a scan's patterns have the zero frequency; a near field has none."""
    if scan.fresnel_number is not None:
        return None
    return "corner" if scan.corner else "centre"


def scan_in_words(facts):
    """Return the facts of a scan as lines of text, by their names."""
    from ptychopinn.doctor.findings import MARKS

    (top, bottom), (left, right), side = facts["positions_y_px"], facts["positions_x_px"], facts["size_px"]
    lines = {
        "scan": facts["scan"],
        "patterns": f"{facts['patterns']} of {side} x {side} pixels, {facts['dtype']}",
        "measurement": f"{facts['measurement']}, {facts['photons_per_pattern']:.4g} photons per pattern",
        "positions": f"y {top:.1f} ... {bottom:.1f}, x {left:.1f} ... {right:.1f} pixels",
    }
    if facts["spacing_px"] is not None:
        lines["spacing"] = f"{facts['spacing_px']:.1f} pixels to the nearest neighbour (median)"
    lines["probe"] = f"{facts['probe_modes']} mode(s), {facts['probe_width_px']:.0f} pixels wide"
    lines["object"] = "none" if facts["object_px"] is None else "{} x {} pixels".format(*facts["object_px"])
    lines["bad pixels"] = facts["bad_pixels"]
    known = {"Fresnel number": "fresnel_number", "pixel size / m": "pixel_size_m", "energy / eV": "energy_eV",
             "distance / m": "distance_m"}  # fmt: skip
    lines |= {name: facts[key] for name, key in known.items() if facts[key] is not None}
    lines |= measures_in_words(facts["measures"])
    lines |= {f"note {i}": sentence for i, sentence in enumerate(facts["notes"], start=1)}
    for number, one in enumerate(facts["findings"], start=1):
        lines[f"{MARKS[one['sureness']]} {number}"] = one["words"]
    lines |= {f"forecast {i}": words for i, words in enumerate(facts.get("forecast", {}).get("words", ()), start=1)}
    return lines | {"reconstruct": facts["command"]}


def measures_in_words(measures):
    """Return figures of a scan as lines of text, those that are known."""
    lines = {name: words.format(**measures) for name, (words, key) in LINES.items() if measures[key] is not None}
    if measures["zero_frequency_off_px"] is not None:
        lines["centre"] = "light is ({:+.1f}, {:+.1f}) pixels (y, x) off".format(*measures["zero_frequency_off_px"])
    if measures["duplicated_positions"]:
        lines["duplicates"] = f"{measures['duplicated_positions']} positions are there before"
    return lines
