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
    if bundle is None and diagnosis.tells_nothing:
        as_near = dataclasses.replace(preparation_of(request, bundle), propagation="near")
        near = read_as_near(request, as_near, diagnosis.scan, talk)
        if near is not None:
            return at_its_distance(dataclasses.replace(request, preparation=as_near.to_dict()), near, talk)
    for one in diagnosis.findings:
        talk.note(one.words)
    suspected = {name: value for name, value in diagnosis.reconstruction.items() if name not in request.asked}
    request = dataclasses.replace(request, preparation=diagnosis.preparation.to_dict(), suspected=suspected)
    if diagnosis.scan.fresnel_number is not None:
        return at_its_distance(request, diagnosis.scan, talk)
    return request, diagnosis.corrected_scan


def read_as_near(request, as_near, far, talk):
    """Return a scan as one of the near field, which is said, where photons speak for that; None where they do not.

    It is asked where the geometry of a near field is known, and it was not said where the detector is.

    Args:
        request: Request of `ptycho reconstruct`.
        as_near: Preparation that reads the scan so.
        far: Scan, as one of the far field, of which trials tell nothing.
        talk: Talk.
    """
    from ptychopinn.formats import read_scan
    from ptychopinn.reconstruction.near_or_far import is_near

    said = request.preparation.get("propagation") is not None or far.fresnel_number is not None
    if said or not can_be_asked(far):
        return None
    try:
        near = read_scan(request.data, preparation=as_near, **numbers_read_as(request, None)).lit()
    except ValueError:  # its geometry is not known
        return None
    if (len(near), near.size) != (len(far), far.size) or not is_near(near, far):
        return None
    talk.note("No geometry of a far field was told, and photons speak for the near field: --propagation near.")
    return near


def can_be_asked(scan):
    """Tell whether a scan has photons to hold out, of patterns enough."""
    from ptychopinn.evaluation.evidence import FEWEST

    return scan.measurement == "counts" and len(scan) >= FEWEST


def at_its_distance(request, scan, talk):
    """Return a request with the distance of the near field that photons speak for, which is said, and the scan."""
    from ptychopinn.evaluation.evidence import FEWEST
    from ptychopinn.reconstruction.distance import told_fresnel_number

    if request.preparation["fresnel_number"] is not None:  # it was said
        return request, scan
    if scan.probe_made or not can_be_asked(scan):
        talk.note(
            f"The detector's distance is not tried: that takes {FEWEST} patterns of counts, and a probe that is not "
            "made of them."
        )
        return request, scan
    number = told_fresnel_number(scan)
    if number == scan.fresnel_number:
        talk.note("Photons speak for no other distance of the detector.")
        return request, scan
    part = scan.fresnel_number / number
    talk.note(f"Photons speak for a detector {part:.3g} times as far away: --fresnel-number {number:g}.")
    preparation = at_fresnel_number(request.preparation, number, scan.pixel_size_m)
    return dataclasses.replace(request, preparation=preparation), None


def at_fresnel_number(preparation, number, pixel_size_m):
    """Return a preparation with another Fresnel number, and the same pixel; a focus would say both at once."""
    if preparation["focus_distance"] is None:
        return {**preparation, "fresnel_number": number}
    return {**preparation, "focus_distance": None, "pixel_size": pixel_size_m, "fresnel_number": number}


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


def by_evidence(request, evidence, scan, make, talk):
    """Reconstruct a scan by its Evidence, or, where photons were not asked, as the request says."""
    from ptychopinn.evaluation.by_evidence import reconstruct_by

    if evidence is None or evidence.why:
        return make(scan, request.params)
    return reconstruct_by(evidence, scan, make, talk.note)
