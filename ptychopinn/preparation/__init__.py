"""Preparation: from a `Recording` and what the user says (`Preparation`) to a `Scan`, in pure steps."""
