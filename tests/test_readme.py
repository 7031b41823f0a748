"""README and docs are true: what they show runs, page after page."""

import pathlib
import re
import shlex

import pytest
from click.testing import CliRunner

from ptychopinn_cli.main import main

ROOT = pathlib.Path(__file__).parents[1]
README, DOCS = (ROOT / "README.md").read_text(), sorted((ROOT / "docs").glob("*.md"))
SHOWN = "\n".join([README, *(page.read_text() for page in DOCS)])
COMMANDS = re.findall(r"^    ptycho (.*(?:fixtures|run|backends).*)$", SHOWN, re.M)
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


def test_the_readme_leads_to_every_page_and_to_no_other():
    led_to = re.findall(r"\]\((?:\./)?([\w./-]+)\)", README)
    assert {page.relative_to(ROOT).as_posix() for page in DOCS} <= set(led_to)
    assert all((ROOT / one).exists() for one in led_to)
