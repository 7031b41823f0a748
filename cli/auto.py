"""What `--auto` decides: how a scan is read, by the doctor, and the physics of its reconstruction, by evidence."""

import dataclasses

from ptychopinn_cli.request import numbers_read_as, preparation_of


def diagnosed(request, bundle, talk):
    """Return a request with the options that correct what is found wrong in its scan, which is said, and the scan.

    The scan is None where it has to be read again.

    Args:
        request: Request of `ptycho reconstruct`.
        bundle: Bundle, or None.
        talk: Talk.
    """
    from ptychopinn.doctor.examine import examine

    diagnosis = examine(request.data, preparation_of(request, bundle), **numbers_read_as(request, bundle))
    for one in diagnosis.findings:
        talk.note(one.words)
    suspected = {name: value for name, value in diagnosis.reconstruction.items() if name not in request.asked}
    request = dataclasses.replace(request, preparation=diagnosis.preparation.to_dict(), suspected=suspected)
    return request, diagnosis.corrected_scan


def with_evidence(request, bundle, scan, sha256, talk):
    """Return a request with the physics that photons held out speak for, and the Evidence; say what was tried.

    Where they cannot be asked, what the doctor suspects is believed. The focus of the probe is found before, or modes
    would be taken for a defocus, and handed over.
    """
    from ptychopinn.evaluation.evidence import choose
    from ptychopinn.reconstruction.asked import to_focus
    from ptychopinn.reconstruction.focus import focused
    from ptychopinn.reconstruction.refinement import PASSES
    from ptychopinn.reconstruction.ways import optics_of
    from ptychopinn.reconstruction.whose_probe import choose_probe

    params = request.params
    whose, probe = ("scan", scan.probe) if bundle is None else choose_probe(params.probe, bundle, scan, sha256)
    if to_focus(params, PASSES if params.passes is None else params.passes, whose, params.start or "flat"):
        probe, focus = focused(probe, scan, optics_of(params, scan))
        request = dataclasses.replace(request, focus=focus)
    found = choose(scan, params, request.asked, probe, lambda one: talk.note(one.words))
    if found.why:
        talk.note(f"No physics was tried. {found.why}")
        return dataclasses.replace(request, params=dataclasses.replace(params, **request.suspected)), found
    if found.limits:
        talk.note(found.limits)
    talk.note(f"Photons held out speak for {found.words}.")
    return dataclasses.replace(request, params=found.params), found
