"""ptycho watch: the image of a scan while it runs, and at its end what `ptycho reconstruct` makes of it."""

import contextlib
import dataclasses
import pathlib
import shutil
import sys
import time

import click

from ptychopinn.params import ExecutionParams
from ptychopinn.printable import printable
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn_cli.bundles import BundlePath
from ptychopinn_cli.common import check_there, command, keeping
from ptychopinn_cli.config import config_option
from ptychopinn_cli.options import Number, params_options
from ptychopinn_cli.pages import report_option
from ptychopinn_cli.reading import output_and_reading
from ptychopinn_cli.reconstruct import requested, run
from ptychopinn_cli.request import numbers_read_as, preparation_of

LINE_S = 10.0
"""From a line to the next, where stderr is no terminal."""


@click.command(short_help="Show a scan's image while it runs.")
@click.argument("data", metavar="FOLDER|FILE|tcp://HOST:PORT")
@click.option("--count", type=Number(int, low=1, high=10**9, unit="patterns"), help="End at so many patterns.")
@click.option("--idle", type=Number(float, above=0, high=1e6, unit="s"), help="End when nothing came for so long.")
@click.option(
    "--socket",
    type=click.Choice(("sub", "pull")),
    help="Kind of the socket of tcp://HOST:PORT: sub, where its end is a PUB, the default; pull of a PUSH.",
)
@click.option("--port", type=Number(int, low=0, high=65535), default=0, show_default=True,
              help="Port of the page, on this machine alone; 0 is any that is free.")  # fmt: skip
@click.option(
    "--bundle", type=BundlePath(path_type=pathlib.Path),
    help="Trained bundle, or shipped, whose network corrects the image that is shown, and makes the start at the end.",
)  # fmt: skip
@output_and_reading
@params_options(ReconstructionParams)
@report_option
@config_option
@params_options(ExecutionParams)
@command
def watch(data, socket, count, idle, port, bundle, report, talk, backend, **options):
    """Show the image of a scan while it runs, in a page on this machine; at its end, reconstruct it.

    Patterns with their positions are taken as they come: files that appear in FOLDER, or a FILE that grows (HDF5 in
    SWMR mode, or written anew), or messages of a ZeroMQ socket, which are kept in received.h5 of the output folder.
    Passes over those seen least improve the image. Ctrl-C, --count, --idle or the sender end the scan; then the passes
    of `ptycho reconstruct` begin anew, over all patterns, and write what it writes.

    Example: ptycho watch scan_0001 --idle 60 --output-dir out
    """
    check_source(data, socket)
    request = requested(bundle, None, report, backend, options)
    from ptychopinn.files import writing
    from ptychopinn.formats import read_reconstruction
    from ptychopinn.live.picture import pictures
    from ptychopinn.live.server import PageServer
    from ptychopinn.live.watch import Ends

    name = data if is_address(data) else pathlib.Path(data).name
    with writing(request.output_dir) as folder, contextlib.closing(PageServer(printable(name), port)) as server:
        feed = feed_of(data, socket, folder, talk)
        talk.note(f"The image is shown at {server.url}, on this machine alone. Ctrl-C ends the scan.")
        arrivals = watched(feed, request, Ends(count, idle), server.board, talk)
        server.board.publish({"state": " ".join(("The scan is over: passes over all its patterns.", *feed.said))})
        as_read = arrivals.as_read
        at_end = {**request.preparation, **as_read.said(), "pair": as_read.pair}
        run(dataclasses.replace(request, data=pathlib.Path(feed.path), preparation=at_end), options, talk)
        found = pictures(read_reconstruction(request.output_dir))
        server.board.publish({"state": f"Finished: {request.output_dir}", "over": True, **found})


def watched(feed, request, ends, board, talk):
    """Watch until the scan is over, and return its `Arrivals`; refuse one without patterns."""
    from ptychopinn.live.arrivals import Arrivals
    from ptychopinn.live.picture import network_of
    from ptychopinn.live.watch import Watch
    from ptychopinn.training.bundle import load_bundle

    bundle = None if request.bundle is None else load_bundle(request.bundle)
    network = None if bundle is None else network_of(bundle, request.execution)
    arrivals = Arrivals(feed, preparation_of(request, bundle), **numbers_read_as(request, bundle))
    line = Line(talk)

    def show(figures, pictures):
        words = [] if figures is None else figures.words
        state = state_of(figures, watch.trouble, feed.said)
        board.publish({"state": state, "figures": words, **pictures})
        line.say(state, ", ".join(f"{name} {value}" for name, value in words) or state)

    watch = Watch(arrivals, show, ends, network)
    with keeping():
        patterns = watch.run()
    line.end()
    for sentence in feed.said:
        talk.note(sentence)
    if not patterns:
        raise ValueError(
            f"A scan to watch must have patterns with positions. Received: {feed.path}, none when it ended"
            f"{'' if watch.trouble is None else f' ({watch.trouble})'}. Check the path, or wait longer."
        )
    return arrivals


def is_address(data):
    """Tell whether what is to be watched is a socket."""
    return data.startswith("tcp:")


def check_source(data, socket):
    """Refuse what cannot be watched: at once, where importing a backend takes seconds."""
    if is_address(data):
        return
    if socket is not None:
        raise click.UsageError(
            f"--socket says of which kind that of tcp://HOST:PORT is. Received: --socket {socket}, of {data}. Leave "
            "it out."
        )
    path = pathlib.Path(data)
    check_there("A folder to watch, or that of a file to watch,", "folder", path if path.is_dir() else path.parent)


def feed_of(data, socket, folder, talk):
    """Return the feed of a path or an address, and say what is there of an earlier run."""
    from ptychopinn.live import feeds
    from ptychopinn.live.stream import Stream

    if not is_address(data):
        return feeds.feed_of(pathlib.Path(data))
    stream = Stream(data, socket or "sub", folder)
    if stream.resumed:
        said = ", which is over: another scan needs another --output-dir" if stream.over else " go on"
        talk.note(f"{stream.resumed} patterns of series {stream.series}, kept in {stream.path}{said}.")
    return stream


def state_of(figures, trouble, said):
    """Say how it goes, and what is wrong, where anything is."""
    state = "Waiting for patterns" if figures is None else "The scan runs"
    return " ".join((f"{state}." if trouble is None else f"{state}: {trouble}", *said))


class Line:
    """One line on a terminal that is written again and again; elsewhere, a line now and then."""

    def __init__(self, talk):
        self.talk, self.live = talk, sys.stderr.isatty() and not talk.quiet
        self.state, self.next, self.unsaid = None, 0.0, ""

    def say(self, state, words):
        """Say how it is; at once, where the state is a new one."""
        now = time.monotonic()
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            click.echo(f"\r{printable(words)[:width]:{width}}", nl=False, err=True)
        elif now >= self.next or state != self.state:
            self.state, self.next, self.unsaid = state, now + LINE_S, ""
            self.talk.note(words)
        else:
            self.unsaid = words

    def end(self):
        """End the line; how it was at last is said."""
        if self.live:
            click.echo(err=True)
        elif self.unsaid:
            self.talk.note(self.unsaid)
