"""Where a benchmark runs: the environment of a process, its device, its memory. The one place that names backends."""

import importlib.util
import os
import pathlib
import platform
import resource
import sys

BACKENDS = ("torch", "tensorflow", "jax")
MIB = 2**20


def installed():
    """Return the names of the backends that can be imported."""
    return [name for name in BACKENDS if importlib.util.find_spec(name)]


def cores():
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def keep_to(count):
    """Keep this process, and those it starts, to so many cores; return whether the system could."""
    possible = hasattr(os, "sched_setaffinity") and count <= cores()
    if possible:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    return possible


def environment(backend, device):
    """Return the environment of a process for one backend: its device, and as many threads as there are cores."""
    chosen = {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    if device == "cpu":
        chosen |= {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    return {"OMP_NUM_THREADS": str(cores()), **os.environ, **chosen}


def device_name(backend, device):
    """Return the name of the device that the backend computes on; raise RuntimeError if it sees no GPU and should."""
    if device == "cpu":
        return processor()
    names = GPU_NAMES[backend]()
    if not names:
        raise RuntimeError(f"{backend} sees no GPU. Use --device cpu, or install a {backend} for your GPU.")
    return names[0]


def processor():
    """Return the processor's name."""
    info = pathlib.Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def resident_MiB(used=None):
    """Return the largest resident memory that a process has had, by what it used. Defaults to this one."""
    used = used or resource.getrusage(resource.RUSAGE_SELF)
    unit = 1 if sys.platform == "darwin" else 1024
    return used.ru_maxrss * unit / MIB


def device_MiB(backend, device):
    """Return the largest memory that the backend has had on its GPU, or None on a CPU."""
    return PEAKS[backend]() / MIB if device == "gpu" else None


def _torch_names():
    import torch

    return [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]


def _tensorflow_names():
    import tensorflow

    found = tensorflow.config.list_physical_devices("GPU")
    return [tensorflow.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in found]


def _jax_names():
    import jax

    return [device.device_kind for device in jax.devices() if device.platform in ("gpu", "cuda", "rocm")]


def _torch_peak():
    import torch

    return torch.cuda.max_memory_allocated()


def _tensorflow_peak():
    import tensorflow

    return tensorflow.config.experimental.get_memory_info("GPU:0")["peak"]


def _jax_peak():
    import jax

    return jax.devices()[0].memory_stats()["peak_bytes_in_use"]


GPU_NAMES = {"torch": _torch_names, "tensorflow": _tensorflow_names, "jax": _jax_names}
PEAKS = {"torch": _torch_peak, "tensorflow": _tensorflow_peak, "jax": _jax_peak}
