"""The README is true: what it shows runs, in the order in which it is shown."""

import pathlib
import re
import shlex

import pytest
from click.testing import CliRunner

from ptychopinn_cli.main import main

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = re.findall(r"^    ptycho (.*(?:fixtures|run|backends).*)$", README, re.M)
PYTHON = re.findall(r"```python\n(.*?)```", README, re.S)


@pytest.fixture
def beside_the_fixtures(tmp_path, monkeypatch):
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    monkeypatch.chdir(tmp_path)


def test_the_commands_run(beside_the_fixtures):
    assert len(COMMANDS) >= 5
    for line in COMMANDS:
        done = CliRunner().invoke(main, shlex.split(line))
        assert done.exit_code == 0, f"ptycho {line}: {done.output}"


@pytest.mark.parametrize("block", PYTHON)
def test_the_python_runs(block, beside_the_fixtures, capsys):
    exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_the_table_of_contents_is_true():
    import ptychopinn

    for name in ptychopinn.__all__:
        assert getattr(ptychopinn, name).__doc__
