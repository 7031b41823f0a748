"""What a reconstruction says of itself: in words, as `report.json`, and on its page."""

import time

from ptychopinn_cli.pages import command_facts, made_or_noted, page_of

SHOWN = ("trust", "evidence", "forecast", "regions", "reading", "inputs")
"""Parts of a record that stand elsewhere on the page."""

NOTHING_KEPT = "No pass over the scan predicted the photons that were held out better: the start is kept."


def said(record, talk):
    """Say what was decided."""
    talk.note(f"The probe is that of the {record['probe']}.")
    if record.get("start_leaves"):
        left = ", ".join(record["start_leaves"])
        talk.note(f"Of the start, object and probe alone are taken; its {left} are not: ask for them again.")
    if record.get("probe_propagated_px2"):
        talk.note(f"It was out of focus, and is propagated by {record['probe_propagated_px2']:g} px^2 / wavelength.")
    if "slices_found_apart_px" in record:
        apart = record["slices_found_apart_px"]
        talk.note(f"The slices are a Fresnel number of 1 / {apart:g} apart (--slice-fresnel-number {1 / apart:.4g}).")
    if record["refinement_passes_allowed"]:
        kept, made = record["refinement_passes"], record["refinement_passes_made"]
        talk.note(f"Made {made} passes over the scan; the best is pass {kept}." if kept else NOTHING_KEPT)
    if record["interrupted"]:
        talk.note("Interrupted: what was best until then is written. Interrupt again to end at once.")


def score_of(reconstruction, scan, talk):
    """Score a reconstruction against the object of the file; `None` where there is none, or none to compare with."""
    from ptychopinn.evaluation.against_truth import score
    from ptychopinn.evaluation.reference import known_object

    if scan.object is None:
        return None

    return made_or_noted(lambda: score(reconstruction, known_object(scan)), "comparison with the file's object", talk)


def resolution_of(reconstruction, talk):
    """Return the reconstruction with what its halves tell, and its `Resolution`: None where it has none."""
    from ptychopinn.evaluation.error_bars import with_error_bars
    from ptychopinn.evaluation.resolution import resolution

    if not reconstruction.halves:
        return reconstruction, None
    found = made_or_noted(lambda: resolution(reconstruction), "resolution", talk)
    if found is None:
        return reconstruction, None
    reconstruction = found.on(reconstruction)
    return made_or_noted(lambda: with_error_bars(reconstruction), "error bars", talk) or reconstruction, found


def judged_of(reconstruction, scan, resolution, evidence, talk):
    """Return what may be believed of a reconstruction, and would be with more photons, beside what is known already.

    Args:
        reconstruction, scan: what it is of.
        resolution, evidence: Resolution and Evidence, or None.
        talk: Talk.
    """
    from ptychopinn.evaluation.forecast import forecast
    from ptychopinn.evaluation.regions import regions
    from ptychopinn.evaluation.trust import trust

    believed = made_or_noted(lambda: trust(reconstruction, scan, resolution), "judgement of what to believe", talk)
    foretold = resolution and made_or_noted(lambda: forecast(resolution), "forecast for more photons", talk)
    parts = resolution and made_or_noted(lambda: regions(resolution, reconstruction), "forecast by region", talk)
    return {"resolution": resolution, "forecast": foretold or (), "regions": parts or (), "evidence": evidence,
            "trust": believed or []}  # fmt: skip


def records_of(judged):
    """Return what `report.json` says of what was judged."""
    record = {"trust": [finding.record for finding in judged["trust"]]}
    if judged["resolution"] is not None:
        record["resolution"] = judged["resolution"].record
        record["forecast"] = [one.record for one in judged["forecast"]]
        record["regions"] = [one.record for one in judged["regions"]]
    if judged["evidence"] is not None:
        record["evidence"] = judged["evidence"].record
    return record


def report_of(request, reconstruction, score, kept):
    """Return what `report.json` says of a reconstruction, the seconds of what was done before it, by part, among it."""
    from ptychopinn.training.record import versions

    decided = dict(reconstruction.record)
    parts = {**kept["seconds"], **decided.pop("seconds")}
    worked = decided["refinement_passes_made"] > 0 or decided["start"] == "network"
    speed = decided["patterns"] / (sum(parts.values()) - parts["open"])
    deviances = [round(deviance, 8) for deviance in decided.pop("refinement_deviances", [])]
    return {
        **({"bundle": str(request.bundle)} if request.bundle else {}), "data": str(request.data), **decided,
        **({"refinement_deviances": deviances} if deviances else {}),
        "origin_px": reconstruction.origin, "ramp_rad_per_px": reconstruction.ramp,
        "pixel_size_m": reconstruction.pixel_size_m, "backend": kept["backend"], "versions": versions(),
        "seconds": {name: round(spent, 4) for name, spent in parts.items()},
        "patterns_per_second": round(speed, 2) if worked else None,
        "error_against_file_object": None if score is None else round(score.figures["nrmse_complex"], 5),
    }  # fmt: skip


def results(folder, reconstruction, record, judged, score):
    """Yield what a command prints of a reconstruction, line by line.

    Args:
        folder: path that it was written to.
        reconstruction, score: what it is of.
        record: dict: the content of its `report.json`.
        judged: dict of what may be believed, see `judged_of`.
    """
    (height, width), resolution = reconstruction.object.shape, judged["resolution"]
    speed = record["patterns_per_second"]
    yield (f"{folder}: object of {height} x {width} pixels from {record['patterns']} patterns"
           + (f", {speed:.0f} patterns/s" if speed is not None else ""))  # fmt: skip
    if resolution is not None:
        yield f"resolution {resolution.words}"
        yield from (one.words(resolution.pixel_size_m) for one in judged["forecast"])
    if score is not None:
        yield f"complex error against the file's object {score.figures['nrmse_complex']:.4f}"


def receipt_of(reconstruction, scan, seconds, talk):
    """Return the figures that anybody can compute again of a reconstruction; none where they cannot be made."""
    from ptychopinn.evaluation.receipt import figures_of

    began = time.perf_counter()
    figures = made_or_noted(lambda: figures_of(reconstruction, scan), "figures against the patterns", talk)
    seconds["figures"] = round(time.perf_counter() - began, 4)
    return {"figures": figures or {}}


def page(bundle, reconstruction, scan, record, score, judged):
    """Return the page of a reconstruction, as HTML.

    Args:
        bundle, reconstruction, scan, score: what it is of.
        record: dict: the content of its `report.json`.
        judged: dict of what may be believed, see `judged_of`.
    """
    tables = {"resolution": "Resolution", "figures": "Against the patterns", "seconds": "Seconds",
              "versions": "Versions"}  # fmt: skip
    tables = {name: title for name, title in tables.items() if name in record}
    files = {what: one["sha256"] for what, one in record["inputs"].items()}
    facts = {
        "Command": command_facts(),
        "Data": {"path": record["data"], "name": scan.name, "shape": list(scan.patterns.shape)},
        "Reconstruction": {name: value for name, value in record.items() if name not in (*tables, *SHOWN)},
        "Reading": record["reading"],
        "SHA-256": files,
        **{title: record[name] for name, title in tables.items()},
    }
    headline = []
    if record["patterns_per_second"] is not None:
        headline.append((f"{record['patterns_per_second']:.0f}", "patterns a second"))
    if score is not None:
        headline.insert(0, (f"{record['error_against_file_object']:.4f}", "complex error against the file's object"))
    return page_of(
        bundle, reconstruction, scan, facts, headline=headline, score=score, **judged,
        title=f"Reconstruction of {scan.name}",
        subtitle=facts["Command"]["date"] + (f", with the bundle {record['bundle']}" if "bundle" in record else ""),
    )  # fmt: skip
