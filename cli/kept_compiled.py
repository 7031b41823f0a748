"""What JAX compiled is kept from one run to the next, which begins seconds sooner."""

import hashlib
import importlib.metadata
import os
import pathlib
import platform

MOST_BYTES = 2**30
"""Of what is kept: what was not used for longest goes first."""


def keep_compiled():
    """Tell JAX, which is not imported yet, where to keep what it compiles, unless the environment says where."""
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    folder = cache_home() / "ptychopinn" / f"jax-{machine()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if not os.access(folder, os.W_OK):  # each run compiles, then
        return
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
    os.environ.setdefault("JAX_COMPILATION_CACHE_MAX_SIZE", str(MOST_BYTES))


def cache_home():
    """Return the folder for what programs can make again."""
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")


def machine():
    """Return a name of this kind of machine: what is compiled for one processor may kill a program on another."""
    info = pathlib.Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else [platform.processor()]
    kind = sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}) or lines[:1]
    words = "\n".join([platform.platform(), importlib.metadata.version("jaxlib"), *kind])
    return hashlib.sha256(words.encode()).hexdigest()[:16]
