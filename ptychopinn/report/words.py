"""Numbers as people write them: few digits, and lengths with the prefix that fits."""

import math

from ptychopinn.printable import printable

PREFIXES = {0: "m", -3: "mm", -6: "µm", -9: "nm", -12: "pm"}


def number(value: object) -> str:
    """Write a value of any kind: floats with five digits, lists with commas, a dash for nothing."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(number, value))
    return printable(value)


def mark(value: float) -> str:
    """Write the value of a mark on a scale: three digits, and all of those before the point."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.3g}"


def metres(length_m: float) -> str:
    """Write a length in metres with the prefix that fits: 3.25e-6 is 3.25 µm."""
    exponent = 3 * math.floor(math.log10(length_m) / 3 + 1e-9) if length_m > 0 else 0
    exponent = min(max(exponent, -12), 0)
    return f"{length_m / 10**exponent:.3g} {PREFIXES[exponent]}"


def round_length(longest: float) -> float:
    """Return the longest of 1, 2, 5, 10, 20, ... (or their decimal fractions) that is not above a length."""
    decade = 10.0 ** math.floor(math.log10(longest))
    return decade * max(step for step in (1, 2, 5) if step * decade <= longest)
