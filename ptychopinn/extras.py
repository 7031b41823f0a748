"""Packages of extras, which are imported where they are used."""

import importlib
import types


def optional(package: str, extra: str) -> types.ModuleType:
    """Import a package of an extra; raise ValueError that says which extra to install where it is not there."""
    try:
        return importlib.import_module(package)
    except ImportError:
        raise ValueError(
            f"This needs the package {package}. Received: it is not installed. "
            f"Install it with: pip install 'ptychopinn[{extra}]'."
        ) from None
