"""A generator that the user names as `module:function`: the one place that imports a module by name."""

import importlib
import os
import sys

import click

from ptychopinn.params import GENERATORS


def imported(name):
    """Return the function that `module:function` names, or None for one of our own generators, or none at all.

    The module is looked for where Python looks, and in the working folder.

    Raises:
        click.UsageError: if the module cannot be imported, or has no such function.
    """
    if name is None or name in GENERATORS:
        return None
    module, _, function = name.partition(":")
    sys.path.append(os.getcwd())
    try:
        build = getattr(importlib.import_module(module), function)
    except Exception as error:  # whatever a module of the user's raises
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise click.UsageError(
            f"--generator must name a function of a module that can be imported. Received: {name}, {reason}. "
            "Check the name, or put the folder of the module on PYTHONPATH."
        ) from error
    finally:
        sys.path.pop()
    if not callable(build):
        raise click.UsageError(
            f"--generator must name a function. Received: {name}, a {type(build).__name__}. Check the name."
        )
    return build
