"""What a backend cannot do, or not in a time worth having: refused by the library and the command line alike."""

from ptychopinn.params import ExecutionParams


def refuse_unsuited(backend: str, execution: ExecutionParams) -> None:
    """Raise ValueError where a backend would end in a traceback, or compile for minutes what it runs in a second.

    Args:
        backend: str. As Keras names it.
        execution: ExecutionParams.
    """
    if backend == "tensorflow" and execution.remat:
        raise ValueError(
            "The backend tensorflow cannot recompute activations in compiled steps. Received: --remat. "
            "Use --backend torch or jax, or a smaller --batch-size with --accumulate-grad-batches."
        )
    if backend == "torch" and execution.remat and execution.precision != "float32":
        raise ValueError(
            "The backend torch recomputes activations in float32 alone. "
            f"Received: --remat --precision {execution.precision}. Leave one of them out, or use --backend jax."
        )
    if backend == "torch" and execution.jit:
        raise ValueError(
            "The backend torch compiles for minutes what it runs in a second. Received: --jit. "
            "Leave it out, or use --backend jax or tensorflow, which compile by themselves."
        )
