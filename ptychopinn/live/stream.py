"""A ZeroMQ socket as a feed: what comes is kept in a file at once, by a thread of its own, and looked at there."""

import pathlib
import threading
import typing
from collections.abc import Sequence

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.extras import optional
from ptychopinn.live.messages import End, Header, Sent, parsed
from ptychopinn.live.received import Received

KINDS = {"sub": "PUB", "pull": "PUSH"}
"""Kinds of socket, and what must be at the other end."""

RECEIVED = "received.h5"
"""File of what came, in the output folder."""

WAIT_MS = 100
MOST_BYTES, TOGETHER_BYTES = 1 << 28, 1 << 24
"""Bytes of a part of a message, and of messages that are kept together."""


class Stream:
    """Patterns that come through a socket; all are kept in a file, and a run that follows finds them there.

    Args:
        address: str: `tcp://HOST:PORT`.
        kind: str. One of `KINDS`.
        folder: pathlib.Path: where the file is kept.

    Raises:
        ValueError: if pyzmq is not installed, the address is none, or the folder holds another `received.h5`.
    """

    def __init__(self, address: str, kind: str, folder: pathlib.Path) -> None:
        self.address, self.kind = address, kind
        self._zmq = optional("zmq", "live")
        self._received = Received(folder / RECEIVED)
        self.path = str(folder / RECEIVED)
        self.resumed = self._received.count
        """Patterns that an earlier run kept."""
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._trouble: Exception | None = None
        self._reason, self._is_there, self._shook = "", False, False
        self._socket, self._monitor = self._connected()
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether the sender said that the scan is over."""
        return bool(self._received.figures.ended)

    @property
    def series(self) -> str:
        """Name of the scan, or an empty text before its header came."""
        return self._received.series

    @property
    def said(self) -> tuple[str, ...]:
        """What was wrong so far, in sentences."""
        words = self._received.figures.words(self._received.count)
        return (*words, f"The last message that could not be believed: {self._reason}.") if self._reason else words

    def look(self) -> Recording | None:
        """Return what came; raise what went wrong, or ValueError that says why there is nothing."""
        with self._lock:
            if self._trouble is not None:
                raise self._trouble
            found = self._received.recording()
        if found is None:
            raise ValueError(self._nothing)
        return found

    def close(self) -> None:
        """End the connection, and let go of the file."""
        self._closed.set()
        self._thread.join()
        self._socket.disable_monitor()
        for socket in (self._monitor, self._socket):
            socket.close(linger=0)
        self._received.close()

    @property
    def _nothing(self) -> str:
        """Why there is nothing to show."""
        if self._is_there and not self._shook:
            other = next(kind for kind in KINDS if kind != self.kind)
            return f"what is at {self.address} is no {KINDS[self.kind]} socket, perhaps it is for --socket {other}"
        if not self._is_there:
            return f"nothing answers at {self.address} so far"
        return self._reason or ("its header came" if self.series else "no message came so far")

    def _connected(self) -> tuple[typing.Any, typing.Any]:
        zmq = self._zmq
        socket = zmq.Context.instance().socket(getattr(zmq, self.kind.upper()))
        socket.setsockopt(zmq.MAXMSGSIZE, MOST_BYTES)
        if self.kind == "sub":
            socket.setsockopt(zmq.SUBSCRIBE, b"")
        monitor = socket.get_monitor_socket()
        try:
            socket.connect(self.address)
        except zmq.ZMQError as error:
            socket.close(linger=0)
            self._received.close()
            raise ValueError(
                f"A socket must be tcp://HOST:PORT. Received: {self.address} ({error.strerror}). Correct it."
            ) from error
        return socket, monitor

    def _receive(self) -> None:
        """Keep what comes until it is closed; what cannot be kept ends it, and is said at the next look."""
        poller = self._zmq.Poller()
        for socket in (self._socket, self._monitor):
            poller.register(socket, self._zmq.POLLIN)
        try:
            while not self._closed.is_set():
                ready = dict(poller.poll(WAIT_MS))
                if self._monitor in ready:
                    self._heed(self._monitor.recv_multipart())
                if self._socket in ready:
                    messages = self._waiting()
                    with self._lock:
                        self._take(messages)
        except Exception as error:
            self._trouble = error

    def _heed(self, event: Sequence[bytes]) -> None:
        """Heed what became of the connection: its number is in the first two bytes of an event."""
        number, zmq = int.from_bytes(event[0][:2], "little"), self._zmq
        self._is_there = self._is_there or number == zmq.EVENT_CONNECTED
        self._shook = self._shook or number == zmq.EVENT_HANDSHAKE_SUCCEEDED

    def _waiting(self) -> list[list[bytes]]:
        """Return the messages that are there, of some megabytes: kept together, they cost little more than one."""
        messages, room = [], TOGETHER_BYTES
        while room > 0:
            try:
                messages.append(self._socket.recv_multipart(self._zmq.NOBLOCK))
            except self._zmq.Again:
                break
            room -= sum(map(len, messages[-1]))
        return messages

    def _take(self, messages: Sequence[Sequence[bytes]]) -> None:
        """Keep what messages say, or count them among those that cannot be believed, and remember why."""
        received, sent, ended = self._received, [], self._received.figures.ended
        for parts in messages:
            try:
                message = parsed(parts)
                self._check(message)
            except ValueError as error:
                received.figures.refused += 1
                self._reason = str(error)
                continue
            if isinstance(message, Sent):
                sent.append(message)
            elif isinstance(message, End):
                ended = 1
            elif not received.series:
                received.begin(message)
        if sent:
            received.add(sent)
        received.figures.ended = ended
        received.flush()

    def _check(self, message: Header | Sent | End) -> None:
        """Raise ValueError unless a message is of the scan that is received."""
        received = self._received
        if not received.series and not isinstance(message, Header):
            raise ValueError("the header of its scan did not come before it")
        if received.series and message.series != received.series:
            raise ValueError(
                f"it is of series {message.series:.40}, and this is series {received.series:.40}: watch another scan "
                "with another --output-dir"
            )
        shape, dtype = _kind_of(message)
        if received.series and shape and (shape, dtype) != (received.shape, received.dtype):
            raise ValueError(
                f"its patterns are of {shape} and {dtype}, and those of this series of {received.shape} and "
                f"{received.dtype}"
            )
        if isinstance(message, Sent) and message.frames[-1] >= received.most:
            raise ValueError(f"its number {message.frames[-1]} is beyond the {received.most} patterns of the header")


def _kind_of(message: Header | Sent | End) -> tuple[tuple[int, ...], np.dtype | None]:
    """Return height and width, and type, of the patterns that a message is of; none where it is of none."""
    if isinstance(message, Header):
        return message.shape, message.dtype
    if isinstance(message, Sent) and message.patterns is not None:
        return message.patterns.shape[1:], message.patterns.dtype
    return (), None
