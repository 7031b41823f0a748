"""The optimizer of a training, and its learning rate."""

import keras

from ptychopinn.model import PtychoModel
from ptychopinn.params import TrainingParams
from ptychopinn.training.one_device import ONE, Device
from ptychopinn.training.settings import Settings
from ptychopinn.unsuited import refuse_unsuited

FINAL_RATE = 0.01
"""Learning rate at the end of a cosine or exponential schedule, of that at the start."""

WARMUP = 0.05
"""Part of a cosine schedule's steps in which the learning rate rises."""


def compile_model(model: PtychoModel, settings: Settings, steps: int, device: Device = ONE) -> None:
    """Give the model its optimizer: Adam with clipping, a schedule over `steps`, and gradient accumulation.

    Its variables are made here: TensorFlow would trace, and compile, a first step that makes them twice.
    """
    training, execution = settings.training, settings.execution
    refuse_unsuited(keras.backend.backend(), execution)
    accumulate = training.accumulate_grad_batches
    optimizer = device.optimizer(
        schedule(training, steps),
        training.gradient_clip_norm,
        gradient_accumulation_steps=accumulate if accumulate > 1 else None,
    )
    if execution.precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, jit_compile="auto" if execution.jit is None else execution.jit)


def schedule(training: TrainingParams, steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Return the learning rate, or its schedule over the steps of the training."""
    rate = training.learning_rate
    if training.scheduler == "cosine":
        warmup = int(WARMUP * steps)
        return keras.optimizers.schedules.CosineDecay(
            FINAL_RATE * rate, steps - warmup, FINAL_RATE, warmup_target=rate, warmup_steps=warmup
        )
    if training.scheduler == "exponential":
        return keras.optimizers.schedules.ExponentialDecay(rate, steps, FINAL_RATE)
    return rate
