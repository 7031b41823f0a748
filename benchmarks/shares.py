"""What rows do as a share of what the machine does at most."""

TRANSFORMS = 4
"""Fourier transforms of a pattern in a pass in which the probe moves: probe, wave, and what pulls at both, back."""


def with_shares(rows, peer):
    """Return rows with their shares of the machine's limits, which are the highest that any row measured.

    Args:
        rows: dict of dicts of figures (`median`, `min`, `max`).
        peer: str. The row that counted the operations of the network, for each pattern.
    """
    counted = rows.get(peer, {})
    found = {}
    for name, figures in rows.items():
        found[name] = dict(figures)
        for rate in ("training", "prediction"):
            if rate in figures and f"{rate}_flop" in counted:
                most = 1e9 * highest(rows, "products_Gflops") / counted[f"{rate}_flop"]["median"]
                found[name][f"{rate}_share"] = scaled(figures[rate], 100 / most)
        if "refinement" in figures:
            found[name]["refinement_share"] = scaled(
                figures["refinement"], 100 * TRANSFORMS / highest(rows, "transforms")
            )
    return found


def highest(rows, name):
    """Return the highest that any row measured of a figure."""
    return max(figures[name]["max"] for figures in rows.values() if name in figures)


def scaled(figure, factor):
    """Return a figure in another unit."""
    return {key: value * factor for key, value in figure.items()}
