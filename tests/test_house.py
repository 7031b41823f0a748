"""The house rules, read from the sources: imports go down, no state, no backend by name, small files and functions."""

import ast
import pathlib
import re
import subprocess
import sys
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
LIBRARY = ROOT / "ptychopinn"
FLOORS = [
    {"schema", "files", "printable", "memory", "device", "extras", "cores"},
    {"params", "physics"},
    {"data", "networks", "unsuited"},
    {"preparation"},
    {"formats", "model"},
    {"simulation"},
    {"training", "engine", "doctor"},
    {"reconstruction"},
    {"evaluation"},
    {"report"},
    {"live", "distributed"},
]
SOURCES = sorted(LIBRARY.rglob("*.py"))
ALL_SOURCES = SOURCES + sorted((ROOT / "cli").glob("*.py"))
WITH_BENCHMARKS = ALL_SOURCES + sorted((ROOT / "benchmarks").glob("*.py"))
LINES, FUNCTION_LINES, PARAMETERS = 200, 40, 7
SAYS_NOTHING = {"helper", "helpers", "util", "utils", "misc", "manager", "components", "v2"}


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
    tree = ast.parse(path.read_text())
    for node in tree.body:
        assert not isinstance(node, ast.AugAssign | ast.While | ast.With | ast.Delete)
        if isinstance(node, ast.Assign):
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            # besides constants: the table of public names, an option that commands share, and the name of a type
            known = {"_HOMES", "__all__", "config_option", "save_format_option", "Build", "Wave", "Box", "Block"}
            assert all(name.isupper() for name in names - known), f"{names} in {name_of(path)}"
    assert not any(isinstance(node, ast.Global) for node in ast.walk(tree))


@pytest.mark.parametrize("path", ALL_SOURCES, ids=name_of)
def test_a_frozen_class_is_frozen(path):
    """A constructor of a frozen class does no work."""
    assert "object.__setattr__" not in path.read_text()


@pytest.mark.parametrize("path", WITH_BENCHMARKS, ids=name_of)
def test_names_say_what_a_thing_is(path):
    tree = ast.parse(path.read_text())
    defined = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    for name in (*path.relative_to(ROOT).with_suffix("").parts, *defined):
        words = set(re.findall("[a-z0-9]+", re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()))
        assert not words & SAYS_NOTHING, f"{name} in {name_of(path)}"


def lines_of(function):
    """Count the lines of a function's body, its docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def parameters_of(function):
    """List the parameters of a function but `self` and `cls`; none for a command of click, which has one an option."""
    if any(ast.unparse(decorator).startswith("click.command") for decorator in function.decorator_list):
        return []
    arguments = function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


@pytest.mark.parametrize("path", ALL_SOURCES, ids=name_of)
def test_files_are_small(path):
    assert len(path.read_text().splitlines()) <= LINES


@pytest.mark.parametrize("path", WITH_BENCHMARKS, ids=name_of)
def test_functions_are_short_and_take_little(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert lines_of(node) <= FUNCTION_LINES, f"{node.name}: {lines_of(node)} lines"
            assert len(parameters_of(node)) <= PARAMETERS, f"{node.name}: {parameters_of(node)}"


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


def test_types_are_checked():
    pytest.importorskip("mypy")
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_linter_is_clean():
    pytest.importorskip("ruff")
    for arguments in (["check"], ["format", "--check"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *arguments, ROOT], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_every_folder_is_installed():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = [".".join(path.parent.relative_to(ROOT).parts) for path in SOURCES if path.name == "__init__.py"]
    assert sorted(listed) == sorted([*folders, "ptychopinn_cli"])
