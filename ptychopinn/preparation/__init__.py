"""Preparation: from a `Recording` and what the user says (`Preparation`) to a `Scan`, in pure steps."""

from ptychopinn.preparation.detector import Asked
from ptychopinn.preparation.params import Preparation
from ptychopinn.preparation.prepare import prepare

__all__ = ["Asked", "Preparation", "prepare"]
