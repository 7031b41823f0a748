"""Laws of the page of a scan that runs: told at once, of what is newest, on this machine alone."""

import http.client
import json
import threading
import urllib.error
import urllib.request

import numpy as np
import pytest
from test_page_browser import browser  # noqa: F401  # a fixture

from ptychopinn.live.server import PageServer
from ptychopinn.report.colours import Scale
from ptychopinn.report.images import paint

DOT = paint(np.ones((1, 1)), Scale("gray", 0.0, 1.0))
"""A picture of one pixel."""


@pytest.fixture
def server():
    server = PageServer("<scan & co>")
    yield server
    server.close()


def news_of(events):
    """Yield what is told."""
    for line in events:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


def test_the_page_holds_itself_to_this_machine(server):
    with urllib.request.urlopen(server.url) as page:
        text, policy = page.read().decode(), page.headers["Content-Security-Policy"]
    assert "&lt;scan &amp; co&gt;" in text and "http" not in text.replace("http-equiv", "")
    assert "default-src 'none'" in policy and "connect-src 'self'" in policy


def test_readers_are_told_what_is_new_and_who_comes_late_of_all(server):
    server.board.publish({"state": "begun", "figures": [["patterns", "1"]]})
    with urllib.request.urlopen(f"{server.url}events") as events:
        news = news_of(events)
        assert next(news) == {"state": "begun", "figures": [["patterns", "1"]]}
        threading.Timer(0.05, server.board.publish, [{"state": "on"}]).start()
        assert next(news) == {"state": "on", "figures": [["patterns", "1"]]}
        server.board.publish({"over": True})
        server.board.close()
        assert [one["over"] for one in news] == [True]


def test_a_name_that_leads_here_from_elsewhere_is_not_answered(server):
    """Else any page in the browser could read the image, by a name of its own for this address."""
    for path in ("/", "/events"):
        connection = http.client.HTTPConnection(server.url.split("/")[2])
        connection.request("GET", path, headers={"Host": "elsewhere.example:80"})
        assert connection.getresponse().status == 403
        connection.close()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{server.url}etc/passwd")


def test_readers_that_go_leave_no_thread(server):
    before = threading.active_count()
    for _ in range(5):
        urllib.request.urlopen(f"{server.url}events").close()
    for _ in range(20):
        server.board.publish({"state": "x" * 100_000})
        if threading.active_count() <= before:
            break
        threading.Event().wait(0.05)
    assert threading.active_count() <= before


def test_a_browser_shows_what_is_told(server, browser):  # noqa: F811
    pane = {"name": "amplitude", "picture": DOT, "colours": DOT, "marks": ["0", "0.5", "1"]}
    server.board.publish(
        {"state": "The scan runs.", "figures": [["patterns", "1,240"]], "panes": [pane], "bar": [0.2, "1 µm"]}
    )
    browser.get_log("browser")
    browser.get(server.url)
    shown = "return document.querySelector('main').innerText + document.querySelectorAll('.frame img').length"
    for state in ("The scan runs.", "Finished: out"):
        server.board.publish({"state": state})
        for _ in range(50):
            text = browser.execute_script(shown)
            if state in text:
                break
            threading.Event().wait(0.05)
        assert all(words in text for words in ("<scan & co>", state, "1,240", "amplitude", "1 µm")) and text.endswith(
            "1"
        )
    assert browser.execute_script("return document.querySelector('.frame img').naturalWidth") == 1
    assert not browser.get_log("browser")
