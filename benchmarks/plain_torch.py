"""The peer: PtychoModel's default network, physics, loss and optimizer as eager PyTorch, without Keras.

It follows `ptychopinn/networks/unet.py`, `model.py`, `diffraction.py`, `forward.py`, `overlap.py` and `losses.py`, with
complex tensors where those have pairs. The benchmark compares its parameters and its first loss with those of
PtychoModel.
"""

import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from ptychopinn.networks.rounds import DARK
from ptychopinn.networks.unet import FILTERS
from ptychopinn.physics.consistency import DIM
from ptychopinn.physics.diffraction import PROBE_UNIT
from ptychopinn.physics.losses import PHOTON_FLOOR
from ptychopinn.training.optimizer import FINAL_RATE

CENTRED = {"dim": (-2, -1)}


class Residual(nn.Module):
    """Add two convolutions of the maps to the maps."""

    def __init__(self, filters):
        super().__init__()
        self.inner = nn.Sequential(convolution(filters, filters), nn.GELU(), convolution(filters, filters))

    def forward(self, maps):
        return maps + self.inner(maps)


class UNet(nn.Module):
    """The U-Net: `(batch, channels, y, x)` -> `(batch, outputs, y, x)`."""

    def __init__(self, channels, outputs, filters, levels):
        super().__init__()
        widths = [filters * 2**level for level in range(levels + 1)]
        steps = list(zip(widths, widths[1:]))
        self.stem = nn.Sequential(nn.PixelUnshuffle(2), convolution(4 * channels, filters), nn.GELU())
        self.encoders = nn.ModuleList(Residual(width) for width in widths[:-1])
        self.downs = nn.ModuleList(nn.Sequential(nn.Conv2d(a, b, 2, stride=2), nn.GELU()) for a, b in steps)
        self.bottom = nn.Sequential(Residual(widths[-1]), Residual(widths[-1]))
        self.ups = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in steps)
        self.decoders = nn.ModuleList(Residual(width) for width in widths[:-1])
        end = convolution(filters, 4 * outputs)
        nn.init.zeros_(end.weight)
        nn.init.zeros_(end.bias)
        self.end = nn.Sequential(end, nn.PixelShuffle(2))

    def forward(self, maps):
        maps, skips = self.stem(maps), []
        for encode, down in zip(self.encoders, self.downs):
            skips.append(encode(maps))
            maps = down(skips[-1])
        maps = self.bottom(maps)
        for up, decode, skip in reversed(list(zip(self.ups, self.decoders, skips))):
            maps = decode(up(maps) + skip)
        return self.end(maps)


class Ptycho(nn.Module):
    """Network, overlap and forward physics, for the default options of `params`, a ModelParams."""

    def __init__(self, params, probe):
        super().__init__()
        self.params = params
        channels = 6 if params.positions == 1 else 8
        filters, levels = max(4, round(FILTERS * params.n_filters_scale)), 3 if params.size % 16 == 0 else 2
        self.networks = nn.ModuleList(UNet(channels, 2, filters, levels) for _ in range(params.rounds))
        self.unit, self.photons = float(PROBE_UNIT * abs(probe).mean()), float((abs(probe) ** 2).sum())
        start = torch.view_as_real(torch.as_tensor(probe) / self.unit)
        self.probe_parts = nn.Parameter(start, requires_grad=params.refines_probe)
        self.log_scale = nn.Parameter(torch.zeros(()))

    def forward(self, amplitudes, offsets):
        """Return predicted intensity `(batch, position, y, x)`."""
        matrices = windows(offsets, self.params)
        patches = self.agree(self.reconstruct(amplitudes, matrices), matrices)
        return power(far_field(self.probe * patches[..., None, :, :])).sum(-3)

    def reconstruct(self, amplitudes, matrices):
        """Return complex patches `(batch, position, y, x)`, before they are merged."""
        probe = self.probe.detach()
        patches = torch.ones_like(amplitudes, dtype=torch.complex64)
        for _ in range(self.params.physics_rounds - 1):
            patches = self.agree(patches + consistency_step(patches, amplitudes, probe), matrices)
        filled = torch.where(amplitudes < 0, power(far_field(probe)).sum(0).sqrt(), amplitudes)
        contrast = torch.log1p(filled * (self.params.size / self.photons**0.5)) - 1.0
        for network in self.networks[:-1]:
            patches = self.agree(self.correct(network, patches, amplitudes, contrast, probe, matrices), matrices)
        return self.correct(self.networks[-1], patches, amplitudes, contrast, probe, matrices)

    def correct(self, network, patches, amplitudes, contrast, probe, matrices):
        """Return the patches after a step of data consistency and a network."""
        step = consistency_step(patches, amplitudes, probe)
        maps = [patches.real - 1, patches.imag, step.real, step.imag, contrast, self.weights.sqrt().expand_as(contrast)]
        if matrices:
            change = self.agree(patches + step, matrices) - patches
            maps += [change.real, change.imag]
        first, second = network(torch.stack(maps, dim=2).flatten(0, 1)).unflatten(0, (-1, patches.shape[1])).unbind(2)
        return patches + step + torch.complex(first, second)

    def agree(self, patches, matrices):
        return merge(patches, self.weights, matrices) if matrices else patches

    @property
    def probe(self):
        return torch.view_as_complex(self.probe_parts) * self.unit * self.log_scale.exp()

    @property
    def weights(self):
        light = power(self.probe.detach()).sum(0)
        return light / light.max() + DARK


class Peer:
    """Train a `Ptycho` as `ptychopinn.train` trains its model (Adam, clipped, on a cosine), and predict with it.

    Args:
        params: ModelParams.
        training: TrainingParams.
        probe: complex array `(mode, y, x)`.
        steps: int. Length of the learning rate's schedule.
        device: str.
    """

    def __init__(self, params, training, probe, steps, device):
        self.device = device
        self.model = Ptycho(params, probe).to(device)
        rate = training.learning_rate
        self.optimizer = torch.optim.Adam(self.model.parameters(), rate, eps=1e-7)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, steps, FINAL_RATE * rate)
        self.clip = training.gradient_clip_norm

    def epoch(self, batches):
        """Make a step on each batch; return the mean loss."""
        total = r_factor = 0.0
        for (seen, offsets), held_out in batches:
            seen, offsets, measured = (torch.as_tensor(array).to(self.device) for array in (seen, offsets, held_out))
            predicted = self.model(seen, offsets)
            loss = poisson_deviance(predicted, measured, self.model.photons)
            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
            self.optimizer.step()
            self.schedule.step()
            total = total + loss.detach()
            difference = (predicted.detach().sqrt() - measured).abs().sum((1, 2, 3))
            r_factor = r_factor + (difference / measured.sum((1, 2, 3))).mean()
        return float(total) / len(batches)

    def predict(self, batch):
        """Return the patches of a batch: float32 array `(batch, position, y, x, 2)`."""
        with torch.inference_mode():
            measured, offsets = (torch.as_tensor(array).to(self.device) for array in batch)
            patches = self.model.reconstruct(measured, windows(offsets, self.model.params))
            return torch.view_as_real(patches).cpu().numpy()

    @staticmethod
    def operations(work):
        """Count the additions and multiplications of convolutions and matrix products of a call."""
        with FlopCounterMode(display=False) as counter:
            work()
        return counter.get_total_flops()

    @property
    def parameters(self):
        return sum(weight.numel() for weight in self.model.parameters() if weight.requires_grad)


def convolution(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def power(wave):
    return wave.real**2 + wave.imag**2


def far_field(wave):
    return torch.fft.fftshift(torch.fft.fft2(torch.fft.ifftshift(wave, **CENTRED), norm="ortho"), **CENTRED)


def far_field_adjoint(wave):
    return torch.fft.fftshift(torch.fft.ifft2(torch.fft.ifftshift(wave, **CENTRED), norm="ortho"), **CENTRED)


def consistency_step(patches, amplitudes, probe):
    waves, light = far_field(probe * patches[..., None, :, :]), power(probe).sum(0)
    excess = torch.where(amplitudes < 0, 0.0, amplitudes * torch.rsqrt(power(waves).sum(-3) + DIM) - 1.0)
    change = far_field_adjoint(waves * excess[..., None, :, :]) * probe.conj()
    return change.sum(-3) / (light + 0.05 * light.max())


def windows(offsets, params):
    if params.positions == 1:
        return None
    start = offsets + (params.canvas - params.size) / 2
    pixel = torch.arange(params.size, device=offsets.device)[:, None] + start[..., None, None]
    matrices = functional.relu(1 - (torch.arange(params.canvas, device=offsets.device) - pixel).abs())
    return matrices[:, :, 0], matrices[:, :, 1]


def merge(patches, weights, matrices):
    rows, columns = matrices
    placed = torch.complex(*(rows.mT @ (part * weights) @ columns for part in (patches.real, patches.imag)))
    agreement = (placed * placed[:, :1].conj()).sum((-2, -1), keepdim=True)
    turned = placed * (agreement.conj() * torch.rsqrt(power(agreement) + 1e-12))
    total = (rows.mT @ weights.expand_as(patches.real) @ columns).sum(1).clamp_min(1e-12)
    canvas = (turned.sum(1) / total)[:, None]
    return torch.complex(*(rows @ part @ columns.mT for part in (canvas.real, canvas.imag)))


def poisson_deviance(predicted, measured, photons):
    counts, rate = measured.clamp_min(0) ** 2 + PHOTON_FLOOR, predicted + PHOTON_FLOOR
    deviance = torch.where(measured < 0, 0.0, rate - counts + counts * torch.log(counts / rate))
    return deviance.sum((-2, -1)).mean() / photons
