"""Choose the backend and the device before Keras is imported."""

import importlib
import importlib.metadata
import importlib.util
import os
import sys

import click

from ptychopinn.printable import printable
from ptychopinn.unsuited import refuse_unsuited
from ptychopinn_cli.kept_compiled import keep_compiled

BACKENDS = ("torch", "tensorflow", "jax")
ALIASES = {"pytorch": "torch", "tf": "tensorflow"}


def canonical(name):
    """Return a backend's name without regard to case and aliases."""
    return ALIASES.get(name.lower(), name.lower())


def of_environment():
    """Return the backend that KERAS_BACKEND names, or `None`; refuse one that does not exist."""
    said = os.environ.get("KERAS_BACKEND")
    if said and canonical(said) not in BACKENDS:
        raise click.UsageError(
            f"KERAS_BACKEND must be one of {', '.join(BACKENDS)}. Received: KERAS_BACKEND={said}. "
            "Set it so, or give --backend, which wins."
        )
    return canonical(said) if said else None


def installed():
    """Return the installed backends with their versions, in order of preference."""
    packages = {"torch": ("torch",), "tensorflow": ("tensorflow-cpu", "tensorflow"), "jax": ("jax",)}
    found = {}
    for backend in BACKENDS:
        if importlib.util.find_spec(backend):
            versions = [_version(package) for package in packages[backend]]
            found[backend] = next((version for version in versions if version), "?")
    return found


def use(backend, execution, devices=1):
    """Set the backend and the device of this process; say so if KERAS_BACKEND is contradicted.

    Args:
        backend: str or None. What the command line says.
        execution: ExecutionParams.
        devices: int. Devices that the work is dealt out to; where there is no accelerator, the CPU stands for them.
    """
    accelerator, deterministic = execution.accelerator, execution.deterministic
    said = os.environ.get("KERAS_BACKEND")
    if backend and said and canonical(said) != backend:
        click.echo(f"Note: --backend {backend} wins over KERAS_BACKEND={printable(said)}.", err=True)
    present = installed()
    name = backend or of_environment() or next(iter(present), "torch")
    if name not in present:
        others = f"Installed: {', '.join(present)}. " if present else ""
        raise click.ClickException(
            f"The backend {name} must be installed. Received: it is not. {others}"
            f"Install it with: pip install 'ptychopinn[{name}]'."
        )
    try:
        refuse_unsuited(name, execution)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    os.environ["KERAS_BACKEND"] = name
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if accelerator == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        os.environ["JAX_PLATFORMS"] = "cpu"
    if name == "jax":
        keep_compiled()
    if deterministic and name == "tensorflow":
        os.environ["TF_DETERMINISTIC_OPS"] = "1"
    _check_device(name, accelerator)
    if devices > 1 and name == "jax":
        os.environ["JAX_NUM_CPU_DEVICES"] = str(devices)
    if deterministic:
        _make_deterministic(name)
    if name == "tensorflow":
        greet()
        if devices > 1:
            import tensorflow

            parts = [tensorflow.config.LogicalDeviceConfiguration()] * devices
            tensorflow.config.set_logical_device_configuration(tensorflow.config.list_physical_devices("CPU")[0], parts)


def greet():
    """Import TensorFlow, where it is installed, while the descriptor of stderr is closed: it greets there.

    Keras imports it under every backend when it describes a network, or saves a model.
    """
    if not importlib.util.find_spec("tensorflow"):
        return
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        importlib.import_module("tensorflow")
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def chosen():
    """Return the backend of this process."""
    return os.environ["KERAS_BACKEND"]


def devices(backend):
    """Return the accelerators that a backend sees, by name; imports the backend."""
    if backend == "torch":
        import torch

        cuda = [f"cuda:{i} {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())]
        return cuda + (["mps"] if torch.backends.mps.is_available() else [])
    if backend == "jax":
        import jax

        kinds = {"gpu": "cuda", "cuda": "cuda", "tpu": "tpu"}
        return [f"{kinds.get(d.platform, d.platform)}:{d.id} {d.device_kind}" for d in jax.devices()
                if d.platform != "cpu"]  # fmt: skip
    import tensorflow

    return [f"cuda:{i} {d.name}" for i, d in enumerate(tensorflow.config.list_physical_devices("GPU"))]


def _check_device(backend, accelerator):
    if accelerator in ("auto", "cpu"):
        return
    possible = {"torch": ("gpu", "cuda", "mps"), "tensorflow": ("gpu", "cuda"), "jax": ("gpu", "cuda", "tpu")}
    if accelerator not in possible[backend]:
        others = ", ".join(name for name, kinds in possible.items() if accelerator in kinds)
        raise click.UsageError(
            f"The backend {backend} runs on cpu, {', '.join(possible[backend])}. "
            f"Received: --accelerator {accelerator}. Use --backend {others}."
        )
    kinds = ("cuda", "mps") if accelerator == "gpu" else (accelerator,)
    found = devices(backend)
    if not any(device.startswith(kinds) for device in found):
        raise click.ClickException(
            f"--accelerator {accelerator} needs one that {backend} can use. "
            f"Received: {', '.join(found) or 'none found'}. Use --accelerator cpu, or a {backend} for your device."
        )


def _make_deterministic(backend):
    if backend == "torch":
        import torch

        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
    elif backend == "jax":
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true".strip()


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
