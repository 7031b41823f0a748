"""What a command writes of a reconstruction, and prints: arrays, pictures, record and page."""

import time

from ptychopinn_cli.pages import failed, made_or_noted
from ptychopinn_cli.reconstruction_report import (
    judged_of,
    page,
    receipt_of,
    records_of,
    report_of,
    resolution_of,
    results,
    score_of,
)
from ptychopinn_cli.save_format import say_told


def write(request, bundle, scan, found, kept, talk, evidence=None):
    """Judge a reconstruction, and write all that is made of it.

    Args:
        request: Request: what was asked for.
        bundle, scan: what it was made with and of.
        found: Reconstruction.
        kept: dict of what its record keeps besides: `reading`, `inputs`, `backend`, and `seconds` of what came before.
        talk: Talk.
        evidence: Evidence, or None.
    """
    from ptychopinn.report.page import PAGE
    from ptychopinn.report.reconstruction import write_reconstruction

    found, resolution = resolution_of(found, talk)
    say_told(request.save, found, talk)
    score = score_of(found, scan, talk)
    record = report_of(request, found, score, kept)
    record |= {**receipt_of(found, scan, record["seconds"], talk), "reading": kept["reading"], "inputs": kept["inputs"]}
    judged = judged_of(found, scan, resolution, evidence, talk)
    record |= records_of(judged)
    html = None
    if request.report:
        drawn = time.perf_counter()
        html = made_or_noted(lambda: page(bundle, found, scan, record, score, judged), PAGE, talk)
        record["seconds"]["page"] = round(time.perf_counter() - drawn, 4)
    write_reconstruction(request.output_dir, found, record, failed(talk), score, html, request.save)
    for line in results(request.output_dir, found, record, judged, score):
        talk.result(line)
