"""The house rules, read from the sources: imports go down, no state, no backend by name, small files."""

import ast
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
LIBRARY = ROOT / "ptychopinn"
FLOORS = [
    {"schema", "files", "printable"},
    {"params", "physics"},
    {"data", "networks"},
    {"formats", "model"},
    {"simulation", "training"},
    {"reconstruction"},
    {"evaluation"},
    {"report"},
]
SOURCES = sorted(LIBRARY.rglob("*.py"))
ALL_SOURCES = SOURCES + sorted((ROOT / "cli").glob("*.py"))


def floor_of(module):
    return next(level for level, names in enumerate(FLOORS) if module in names)


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_go_down(path):
    own = path.relative_to(LIBRARY).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    for name in imports(ast.parse(path.read_text())):
        assert not name.startswith(("click", "rich", "ptychopinn_cli")), (
            f"the library knows nothing of the screen: {name}"
        )
        parts = name.split(".")
        if parts[0] == "ptychopinn" and len(parts) > 1 and parts[1] != own:
            assert floor_of(parts[1]) < floor_of(own), f"{own} imports {name}"


@pytest.mark.parametrize("path", ALL_SOURCES, ids=name_of)
def test_modules_hold_no_state(path):
    """Module level holds definitions, docstrings, imports and constants in capitals; `__init__` its table."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign):
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            known = {"_HOMES", "__all__", "config_option"}
            assert all(name.isupper() for name in names - known), f"{names} in {name_of(path)}"
        assert not isinstance(node, ast.Global | ast.AugAssign | ast.While | ast.With)
    assert "global " not in path.read_text()


@pytest.mark.parametrize("path", ALL_SOURCES, ids=name_of)
def test_files_and_functions_are_small(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 200
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert length <= 45, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", ALL_SOURCES, ids=name_of)
def test_public_things_have_docstrings(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


def test_importing_the_library_and_asking_for_help_import_no_backend():
    code = (
        "import sys, ptychopinn, ptychopinn_cli.main;"
        "sys.exit(any(name in sys.modules for name in ('keras', 'torch', 'tensorflow', 'jax', 'matplotlib')))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_linter_is_clean():
    pytest.importorskip("ruff")
    for arguments in (["check"], ["format", "--check"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *arguments, ROOT], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
