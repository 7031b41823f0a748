"""What physics the photons of a scan spoke for: what was tried, and what it brought."""

from ptychopinn.evaluation.evidence import Evidence
from ptychopinn.evaluation.tried import Tried
from ptychopinn.report.blocks import Section, Table

HEAD = ("tried", "explains", "standard errors", "")


AGAIN = (
    " Passes over the whole scan from its own probe predicted photons held out worse than trials had; those that began "
    "from the probe that trials found did better, and were kept."
)


def evidence_section(evidence: Evidence, again: bool) -> Section:
    """List what was tried, in its order, and what it brought; say whether passes were made again after that."""
    if evidence.why:
        return Section("evidence", "Evidence", f"No physics was tried. {evidence.why}", [])
    note = (
        f"Photons held out from {evidence.patterns} patterns around the middle speak for {evidence.words}. Passes "
        "began with all things at once. What they found next to nothing of is left out; so is what is not missed when "
        "it is taken away: what stays predicts these photons better by more than chance, and by a part of what their "
        f"noise leaves to explain, which is given. {evidence.limits}"
    )
    if again:
        note += AGAIN
    return Section("evidence", "Evidence", note, [Table("What was tried", [row(one) for one in evidence.tried], HEAD)])


def row(one: Tried) -> tuple[str, ...]:
    """Return a row of the table."""
    times = f"{one.gain / one.error:.1f}" if one.error else "–"
    return one.typed, f"{one.part:.1%}" if one.gain > 0 else "nothing", times, one.verdict
