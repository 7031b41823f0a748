"""Physics that may be chosen by the photons of a scan: options, and what each may have been taken for."""

from typing import Any

TOGETHER: dict[str, Any] = {"background": "even", "positions": "refine", "opr": 2, "modes": 3}
"""What is allowed for at once, and doubted in this order."""

LATER: dict[str, tuple[Any, ...]] = {"flux": ("find",), "modes": (2, 3, 4), "blur": (0.6, 0.9, 1.3)}
"""What is allowed for after that, from the least value on: passes that begin with it take other things for it."""

RIVALS: dict[str, tuple[tuple[str, Any], ...]] = {"opr": (("flux", "find"),), "modes": (("blur", 0.6), ("blur", 0.9))}
"""What is tried in place of something that may have been taken for it."""

CANDIDATES = tuple({**TOGETHER, **LATER})
"""Options that are tried."""
