"""A signal ends the program in one line, at once, with the exit code that shells expect: 128 and its number."""

import contextlib
import os
import signal
import sys
import threading
import time

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
GRACE_S = 2.0
"""How long the main thread may take to clear up; code that catches every exception, or a call of C, may never do it."""


class Stopped(SystemExit):
    """A signal asks the program to stop; files that are being written are removed on its way up.

    It is no KeyboardInterrupt, which click would meet with words of its own.

    Args:
        number: int. The signal.
        advice: str. What the user can do next. Defaults to nothing.
    """

    def __init__(self, number, advice=""):
        super().__init__(128 + number)
        self.number, self.advice = number, advice


class Stop:
    """Listens to signals, raises `Stopped` in the main thread, and ends the program where that is not heeded."""

    def __init__(self):
        self.terminal = os.dup(2)  # stays, where a library's greeting is sent nowhere
        self.signal = None
        self.raises = True
        self.keeps = self.spares = False
        self.said = threading.Lock()

    def listen(self):
        """Begin; signals that whoever started the program chose to ignore (nohup) stay ignored."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        threading.Thread(target=self.enforce, args=(reader,), daemon=True).start()
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self.receive)

    @contextlib.contextmanager
    def keeping(self):
        """Let the first SIGINT raise KeyboardInterrupt alone, for work that then returns what it has so far."""
        self.keeps = self.spares = True
        try:
            yield
        except KeyboardInterrupt:  # it came before there was anything to keep
            raise Stopped(signal.SIGINT) from None
        finally:
            if self.keeps:  # no signal came
                self.keeps = self.spares = False

    def receive(self, number, frame):
        """Handle a signal in the main thread; those that follow it must not disturb the clearing up."""
        if self.keeps and number == signal.SIGINT:
            self.keeps = False
            raise KeyboardInterrupt
        for other in SIGNALS:
            signal.signal(other, signal.SIG_IGN)
        self.signal = number
        if not self.raises:
            self.end(number)
        sys.unraisablehook = lambda *_: None  # `Stopped` may rise where Python can only print it
        raise Stopped(number)

    def enforce(self, reader):
        """End the program a while after a signal, if it is still there; runs in a thread of its own."""
        number = 0
        while number not in SIGNALS:
            number = os.read(reader, 1)[0]
            if self.spares and number == signal.SIGINT:
                self.spares, number = False, 0
        time.sleep(GRACE_S)
        self.end(number)

    def end(self, number, advice=""):
        """Say which signal it was and leave at once: no exit handler, no thread of a library is waited for."""
        if self.said.acquire(blocking=False):
            line = f"Error: Interrupted by {signal.Signals(number).name}. {advice}".rstrip()
            os.write(self.terminal, f"{line}\n".encode(errors="backslashreplace"))
            os._exit(128 + number)
