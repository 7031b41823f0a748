"""The examples in docstrings are true."""

import doctest
import importlib
import pathlib

import pytest

import ptychopinn

LIBRARY = pathlib.Path(ptychopinn.__file__).parent
MODULES = [
    ".".join(("ptychopinn", *path.relative_to(LIBRARY).with_suffix("").parts))
    for path in sorted(LIBRARY.rglob("*.py"))
    if ">>> " in path.read_text()
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name):
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried and not failed
