"""The detector: what it makes of the light that falls on it, in one place for every comparison with the patterns."""

import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Detector:
    r"""Expected counts $f_j I + b$ of intensity $I$: arithmetic alone, for tensors and NumPy arrays alike.

    Args:
        flux: float, or array that broadcasts to `(pattern, y, x)`: brightness of the light, $f_j$. Defaults to 1.
        background: float, or array that broadcasts to `(pattern, y, x)`: photons $b$ besides. Defaults to 0.
    """

    flux: typing.Any = 1.0
    background: typing.Any = 0.0

    def expected(self, light: typing.Any) -> typing.Any:
        """Return the expected counts of intensity `(..., y, x)`, photons."""
        return self.flux * light + self.background


IDEAL = Detector()
