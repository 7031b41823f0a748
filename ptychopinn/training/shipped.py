"""The bundle that ships with the package: a network of estimates, trained on drawn scans alone."""

import pathlib

SHIPPED = "shipped"
"""What it is called where a bundle's folder is asked for."""


def shipped() -> pathlib.Path:
    """Return the folder of the shipped bundle."""
    return pathlib.Path(__file__).parents[1] / SHIPPED


def found(folder: pathlib.Path | str) -> pathlib.Path:
    """Return the folder of a bundle: the shipped one for its name, unless there is a folder that is called so."""
    folder = pathlib.Path(folder)
    return shipped() if str(folder) == SHIPPED and not folder.exists() else folder
