"""How the command line refuses: one line that says what was expected, what was received, and the way out."""

import re

from click.testing import CliRunner

from ptychopinn_cli.main import main


def ptycho(*arguments):
    """Run the command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def assert_said_plainly(result, *words, out=None):
    """Check that a command failed with one line that holds the words in their order, and left nothing in `out`."""
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code in (1, 2), result.output
    assert_one_line(result.output, *words)
    assert out is None or not out.exists() or not list(out.iterdir())


def assert_one_line(output, *words):
    """Check that an output ends with the one line of an error."""
    assert "Traceback" not in output
    (said,) = (line for line in output.splitlines() if line.startswith("Error: "))
    assert said == output.splitlines()[-1]
    expected, received = re.fullmatch(r"Error: (.+) Received: (.+)", said).groups()
    told = re.search(r"[.?] \S", received) or re.search("must be (one of|a whole number|a number)", expected)
    assert told, f"no way out in: {said}"
    assert re.search(".*".join(map(re.escape, words)), said), f"{words} not in: {said}"
