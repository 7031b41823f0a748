"""The page of a scan that runs: served to this machine alone, and told of what is new by server-sent events."""

import contextlib
import http.server
import json
import threading
import typing
from collections.abc import Iterator, Mapping

import jinja2

HERE = "127.0.0.1"
HOSTS = (HERE, "localhost")
"""Names of this machine. A page of another name that leads here is not answered: it is somebody else's."""

ALIVE_S = 10.0
"""After so long without anything new, a reader is told so: that it went away is found when it is written to."""

LAST_S = 2.0
"""So long readers may take at the end for what was published last."""

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"


class Board:
    """The newest of what is published, for readers that wait for it; who is slow misses what was in between."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._all: dict[str, typing.Any] = {}
        self._newest, self._number, self._closed = b"", 0, False
        self._readers = 0

    def publish(self, news: Mapping[str, typing.Any]) -> None:
        """Put something new up, in place of what was there under the same names."""
        with self._changed:
            self._all |= news
            self._newest, self._number = json.dumps(self._all).encode(), self._number + 1
            self._changed.notify_all()

    def close(self) -> None:
        """Let all readers go, when they have read what was published last."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._readers, LAST_S)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Count a reader, until it goes."""
        with self._changed:
            self._readers += 1
        try:
            yield
        finally:
            with self._changed:
                self._readers -= 1
                self._changed.notify_all()

    def after(self, number: int) -> tuple[int, bytes] | None:
        """Wait for what is newer than a number, and return it with its own; b"" if nothing came, None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._number > number, ALIVE_S)
            if self._number > number:
                return self._number, self._newest
            return None if self._closed else (number, b"")


class PageServer:
    """Serve the page of a scan that runs, at `url`, until it is closed.

    Args:
        name: str. What is watched.
        port: int. 0 takes any that is free.

    Raises:
        ValueError: if the port is taken.
    """

    def __init__(self, name: str, port: int = 0) -> None:
        self.board = Board()
        handler = type("Handler", (_Handler,), {"board": self.board, "page": page_of(name).encode()})
        try:
            self._server = http.server.ThreadingHTTPServer((HERE, port), handler)
        except OSError as error:
            raise ValueError(
                f"A page must have a port of its own. Received: port={port}, {error.strerror}. Give another --port, or "
                "0 for any that is free."
            ) from error
        self._server.daemon_threads, self._server.block_on_close = True, False
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://{HERE}:{self._server.server_port}/"

    def close(self) -> None:
        """End it: readers get what was published last."""
        self.board.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def page_of(name: str) -> str:
    """Return the page, which fills itself from `/events`, as HTML."""
    folders = [jinja2.PackageLoader("ptychopinn", part) for part in ("live", "report")]
    environment = jinja2.Environment(loader=jinja2.ChoiceLoader(folders), autoescape=True)
    return environment.get_template("watch.html").render(name=name)


class _Handler(http.server.BaseHTTPRequestHandler):
    board: Board
    page: bytes

    def do_GET(self) -> None:
        if self.headers.get("Host", "").rpartition(":")[0] not in HOSTS:
            self.send_error(403)
        elif self.path == "/":
            self._begin("text/html; charset=utf-8")
            self.wfile.write(self.page)
        elif self.path == "/events":
            self._begin("text/event-stream")
            self._tell()
        else:
            self.send_error(404)

    def log_message(self, *_: typing.Any) -> None:
        """Say nothing on the screen."""

    def _begin(self, kind: str) -> None:
        self.send_response(200)
        for name, value in (("Content-Type", kind), ("Cache-Control", "no-store"), ("Content-Security-Policy", POLICY)):
            self.send_header(name, value)
        self.end_headers()

    def _tell(self) -> None:
        """Write what is new, until the reader goes or nothing more comes."""
        number = 0
        with self.board.reading(), contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while (news := self.board.after(number)) is not None:
                number, content = news
                self.wfile.write(b"data: " + content + b"\n\n" if content else b":\n\n")
