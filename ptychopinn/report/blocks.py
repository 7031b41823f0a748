"""What a page is made of. Each kind of block has a macro of its name in `page.html`."""

import dataclasses
from collections.abc import Sequence

from ptychopinn.evaluation.trust import Finding


@dataclasses.dataclass(frozen=True)
class Key:
    """The key of a picture's colours: a bar with the values of its ends and middle, or, without marks, a wheel."""

    uri: str
    quantity: str
    marks: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Layer:
    """One way to look at one image, such as its phase.

    Args:
        pane: str. Whose image it is; empty where there is one alone.
        uri, alt: str. The picture, and what it shows in words.
        key: Key.
    """

    pane: str
    uri: str
    alt: str
    key: Key


@dataclasses.dataclass(frozen=True)
class Viewer:
    """Images of the same pixels to zoom into together.

    Args:
        layers: dict from a layer's name to its `Layer`s, one for each pane.
        shape: `(height, width)` in object pixels.
        corner: `(top, left)` position of the first pixel, in pixels of the scan.
        pixel_size_m: float or None.
        bar: `(part of the width, text)`: the scale bar at full view, for paper.
    """

    layers: dict[str, list[Layer]]
    shape: tuple[int, int]
    corner: tuple[float, float]
    pixel_size_m: float | None
    bar: tuple[float, str]
    kind: str = "viewer"

    @property
    def alone(self) -> bool:
        """Whether there is one image, and not several to compare."""
        return all(len(layers) == 1 for layers in self.layers.values())


@dataclasses.dataclass(frozen=True)
class Tile:
    """Small pictures side by side `((uri, alt), ...)` under one caption."""

    pictures: tuple[tuple[str, str], ...]
    caption: str


@dataclasses.dataclass(frozen=True)
class Gallery:
    """Tiles under one title, with the key of their colours."""

    title: str
    tiles: list[Tile]
    keys: tuple[Key, ...] = ()
    kind: str = "gallery"


@dataclasses.dataclass(frozen=True)
class Plot:
    """A drawing as SVG in a data URI."""

    uri: str
    alt: str
    caption: str = ""
    kind: str = "plot"


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows of cells, the first of each a heading; `head` names the columns, if they need names."""

    title: str
    rows: Sequence[tuple[str, ...]]
    head: tuple[str, ...] = ()
    kind: str = "table"


Block = Viewer | Gallery | Plot | Table


@dataclasses.dataclass(frozen=True)
class Section:
    """A titled part of the page: a sentence that says what is seen, and blocks."""

    name: str
    title: str
    note: str
    blocks: Sequence[Block]


@dataclasses.dataclass(frozen=True)
class Page:
    """A whole report.

    Args:
        title, subtitle: str.
        headline: list of `(value, label)`: the few figures that sum the run up.
        sections: list of Section.
        trust: list of `Finding`: what may be believed, above all else.
    """

    title: str
    subtitle: str
    headline: list[tuple[str, str]]
    sections: list[Section]
    trust: Sequence[Finding] = ()
