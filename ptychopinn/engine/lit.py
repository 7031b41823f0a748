"""What a probe that stands still lights: found once for patterns that stand still too."""

from collections.abc import Hashable
from typing import Any

import numpy as np
from keras import tree

from ptychopinn.engine.state import State


class Lit:
    """Keep what was found of the light of patterns, while there is room, until any of them moves or brightens.

    Args:
        room: int. Numbers that may be kept.
    """

    def __init__(self, room: int) -> None:
        self._room = self._free = room
        self._found: dict[Hashable, Any] = {}
        self._at: tuple[np.ndarray, ...] = ()

    def get(self, state: State, key: Hashable) -> Any:
        """Return what was kept, a tensor or several, or `None`; of patterns that have moved, nothing is."""
        now = state.positions, state.flux, state.weights
        if not self._at or not all(map(np.array_equal, now, self._at)):
            self._found, self._at, self._free = {}, now, self._room
        return self._found.get(key)

    def clear(self) -> None:
        """Keep nothing of what was found."""
        self._found, self._at = {}, ()

    def keep(self, key: Hashable, found: Any) -> None:
        """Keep a tensor, or several, of the state that was asked about last, if there is room."""
        numbers = sum(int(np.prod(tensor.shape)) for tensor in tree.flatten(found))
        if key not in self._found and numbers <= self._free:
            self._found[key] = found
            self._free -= numbers
