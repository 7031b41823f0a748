"""A sender of patterns, as beamlines have them: a ZeroMQ socket on this machine, bound to a port that is free."""

import json

import numpy as np
import zmq


class Sender:
    """Sends messages of a scan to whoever is there.

    Args:
        scan: Scan.
        kind: str. `"push"`, or `"xpub"`: a PUB that knows when somebody listens.
    """

    def __init__(self, scan, kind="push"):
        self.patterns = np.asarray(scan.patterns).astype("<u2")
        self.positions, self.probe = scan.positions, np.asarray(scan.probe, "<c8")
        self.socket = zmq.Context.instance().socket(getattr(zmq, kind.upper()))
        self.address = f"tcp://127.0.0.1:{self.socket.bind_to_random_port('tcp://127.0.0.1')}"

    def listened(self):
        """Wait until somebody listens to an XPUB."""
        assert self.socket.recv() == b"\x01"

    def raw(self, *parts):
        self.socket.send_multipart([part if isinstance(part, bytes) else json.dumps(part).encode() for part in parts])

    def header(self, **more):
        array = {"shape": list(self.probe.shape), "type": "complex64"}
        said = {"htype": "header", "series": 7, "shape": list(self.patterns.shape[1:]), "type": "uint16", "units": "px",
                "frames": len(self.patterns), "probe": array, **more}  # fmt: skip
        self.raw(said, self.probe.tobytes())

    def image(self, first, last, placed=True, **more):
        some = self.patterns[first:last]
        said = {"htype": "image", "series": 7, "frame": first, "shape": list(some.shape), "type": "uint16", **more}
        if placed:
            said.setdefault("positions", self.positions[first:last].tolist())
        self.raw(said, some.tobytes())

    def places(self, first, last):
        positions = self.positions[first:last].tolist()
        self.raw({"htype": "positions", "series": 7, "frame": first, "positions": positions})

    def end(self):
        self.raw({"htype": "series_end", "series": 7})

    def close(self):
        self.socket.close(linger=0)
