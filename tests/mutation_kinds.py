"""What can be spoilt: scans, bundles, checkpoints and options; each is opened as a user would and compared."""

import bz2
import dataclasses
import functools
import io
import json
import pathlib
import shutil
import tempfile
import zipfile

import mutators
import numpy as np
from mutations import AS_WRITTEN, EQUAL, WRONG

ROOT = pathlib.Path(__file__).parents[1]


@dataclasses.dataclass(frozen=True)
class Spoilt:
    """A spoilt file, or the folder of a bundle; `damaged` ones must be read as equal to the original, or refused.

    `what` is the array that was changed, where it was one: its file and its path in there.
    """

    path: pathlib.Path
    how: str
    damaged: bool
    original: int = 0
    what: tuple[str, str] | None = None


def applied(draw, choices, *content):
    """Draw a mutator and apply it: `(name, what it returned)`."""
    chosen = choices[draw.integers(len(choices))]
    return chosen.__name__, chosen(draw, *content)


def spoilt_archive(draw, arrays, path, original=0):
    """Write an archive that is spoilt in its bytes, arrays, headers or packing."""
    key, way = list(arrays)[draw.integers(len(arrays))], draw.integers(10)
    methods = dict.fromkeys([*arrays], zipfile.ZIP_DEFLATED) if draw.random() < 0.5 else {}
    if way < 4:
        how, content = applied(draw, mutators.DAMAGES, mutators.packed(arrays, methods))
    elif way < 8:
        how, changed = applied(draw, mutators.REWRITES, arrays, key)
        content = mutators.packed(changed, methods)
    else:
        how, content = applied(draw, mutators.PACKINGS, arrays, key)
    if path.suffix == ".bz2":
        content = bz2.compress(content)
        if way < 4:
            how, content = applied(draw, mutators.DAMAGES, content)
    path.write_bytes(content)
    return Spoilt(path, f"{how} of {key}" if way >= 4 else how, way < 4, original, (path.name, key))


def same(one, other, rtol=1e-5):
    """Tell whether two dicts of arrays hold the same."""
    return one.keys() == other.keys() and all(
        np.shape(one[key]) == np.shape(other[key])
        and np.allclose(one[key], other[key], rtol=rtol, atol=rtol * np.abs(other[key]).max(initial=0))
        for key in one
    )


MENDED = ("eft out", "asked;", "made of the mean", "moved by", "added up", "taken for", "subtracted", "brought to",
          "pixels are", "middle is taken", "other way round", "are full")  # fmt: skip
"""Words of the notes with which a preparation says that it mended what a file holds."""


class Scans:
    """Scans of every format, as `read_scan` opens them."""

    def __init__(self):
        with np.load(ROOT / "fixtures" / "scan.npz") as file:
            ptychopinn = dict(file)
        tike = {
            "data": np.fft.ifftshift(ptychopinn["diff3d"], axes=(1, 2))[None].astype(np.float32),
            "scan": np.stack([ptychopinn["ycoords"], ptychopinn["xcoords"]], axis=-1)[None],
            "probe": ptychopinn["probeGuess"].reshape(1, 1, 1, -1, *ptychopinn["probeGuess"].shape[-2:]),
        }
        more = {"bad_pixels": np.eye(32, dtype=bool), "pixel_size_m": np.array(1e-8), "energy_eV": np.array(8e3)}
        self.originals = [ptychopinn, ptychopinn | more, tike]
        self.contents = [self._content_of(arrays) for arrays in self.originals]

    def spoil(self, draw, folder):
        """Write a spoilt scan."""
        original = int(draw.integers(len(self.originals)))
        path = folder / ("spoilt.npz.bz2" if draw.random() < 0.1 else "spoilt.npz")
        return spoilt_archive(draw, self.originals[original], path, original)

    def judge(self, spoilt):
        """Read it, and compare with the original and with what NumPy reads in the file."""
        from ptychopinn import read_scan

        scan = read_scan(spoilt.path)
        content = content_of(scan)
        if same(content, self.contents[spoilt.original]):
            return EQUAL
        if spoilt.damaged:  # an object that cannot be read may be left out, with a note
            kept = {key: value for key, value in self.contents[spoilt.original].items() if key != "object"}
            return AS_WRITTEN if same(content, kept) and any("left out" in note for note in scan.notes) else WRONG
        if any(word in note for note in scan.notes for word in MENDED):
            return AS_WRITTEN
        return AS_WRITTEN if same(content, said_by(spoilt.path, scan)) else WRONG

    def _content_of(self, arrays):
        from ptychopinn import read_scan

        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "scan.npz"
            path.write_bytes(mutators.packed(arrays))
            scan = read_scan(path)
            content = content_of(scan)
            assert same(content, said_by(path, scan))
        return content


def content_of(scan):
    """Return all that a scan holds as a dict of arrays."""
    known = {name: getattr(scan, name) for name in ("object", "mask", "pixel_size_m", "energy_eV", "distance_m")}
    return {
        "amplitudes": scan.amplitudes(slice(None)),
        "positions": scan.positions,
        "probe": scan.probe,
        "photons": scan.mean_photons,
        **{name: value for name, value in known.items() if value is not None},
    }


def said_by(path, scan):
    """Return what NumPy alone reads in the file of a scan, as `content_of` does, by the assumptions that it states."""
    content = bz2.decompress(path.read_bytes()) if path.suffix == ".bz2" else path.read_bytes()
    with np.load(io.BytesIO(content)) as file:
        arrays = {key: file[key] for key in file.files if _is_plain(file, key)}
    of_tike = "diff3d" not in arrays and "diffraction" not in arrays
    if of_tike:
        stored, positions, probe = arrays["data"][0], arrays["scan"][0], arrays["probe"]
    else:
        stored = arrays.get("diff3d", arrays.get("diffraction"))
        stored = np.moveaxis(stored, -1, 0) if stored.shape[0] == stored.shape[1] != stored.shape[2] else stored
        positions, probe = np.stack([arrays["ycoords"].ravel(), arrays["xcoords"].ravel()], -1), arrays["probeGuess"]
    good = (
        ~arrays["bad_pixels"].astype(bool)
        if "bad_pixels" in arrays and not of_tike
        else np.ones(stored.shape[1:], bool)
    )
    counts = scan.measurement == "counts"
    values = np.where(good, stored, 0).astype(np.float64)
    light = (values if counts else np.square(values)).sum() / len(stored)
    amplitudes = np.where(good, np.sqrt(values) if counts else values, -1)
    probe = probe.reshape(-1, *stored.shape[1:]).astype(np.complex128)
    centred = np.fft.fftshift if scan.corner else lambda array, axes=None: array
    said = {
        "amplitudes": centred(amplitudes, axes=(1, 2)),
        "positions": positions,
        "probe": probe * np.sqrt(light / (np.abs(probe) ** 2).sum()),
        "photons": light,
    }
    if of_tike:
        return said
    said |= {key: float(arrays[key].item()) for key in ("pixel_size_m", "energy_eV", "distance_m") if key in arrays}
    left_out = any("left out" in note for note in scan.notes)
    said |= {"object": np.squeeze(arrays["objectGuess"])} if "objectGuess" in arrays and not left_out else {}
    return said | ({} if good.all() else {"mask": centred(good)})


def _is_plain(file, key):
    try:
        return file[key].dtype.kind in "biufc"
    except Exception:  # pickled, or what NumPy cannot read
        return False


class Bundles:
    """Bundles, as `load_bundle` opens them: damaged, or changed with their checksums made right again."""

    def __init__(self):
        import keras

        from ptychopinn import (
            DataParams,
            ModelParams,
            PtychoModel,
            TrainingParams,
            fit_to,
            load_bundle,
            read_scan,
            save_bundle,
        )

        scan = read_scan(ROOT / "fixtures" / "scan.npz")
        keras.utils.set_random_seed(0)
        model = PtychoModel(fit_to(scan, ModelParams(n_filters_scale=0.1, unroll=1), DataParams()))
        model.diffraction.set_probes([scan.probe])
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        described = {"path": "scan.npz", "name": "scan.npz", "shape": [81, 32, 32], "sha256": 64 * "0"}
        history = [{"epoch": 1.0, "loss": 2.0, "r_factor": 0.5, "seconds": 1.0}]
        save_bundle(self.folder, model, DataParams(), TrainingParams(), history=history, training_data=[described])
        self.content = self._content(load_bundle(self.folder))

    def spoil(self, draw, folder):
        """Copy the bundle, and spoil a file of it."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        name = ("params.json", "params.json", "model.keras", "model.keras", "history.csv")[draw.integers(5)]
        file = folder / name
        damaged = bool(name != "params.json" and draw.random() < 0.3)
        if damaged:
            how, content = applied(draw, mutators.DAMAGES, file.read_bytes())
        elif name == "model.keras":
            how, content = spoilt_model(draw, file.read_bytes())
        elif name == "params.json":
            how, content = applied(draw, (mutators.odd_json, mutators.odd_json, mutators.flip), file.read_bytes())
        else:
            how, content = applied(draw, mutators.DAMAGES, file.read_bytes())
        file.write_bytes(content)
        if not damaged and name != "params.json":
            correct_checksums(folder, name)
        return Spoilt(folder, f"{how} of {name}", damaged)

    def judge(self, spoilt):
        """Open it, and compare its weights and parameters."""
        from ptychopinn import load_bundle

        found = self._content(load_bundle(spoilt.path))
        if found[0] == self.content[0] and same(found[1], self.content[1]):
            return EQUAL
        return WRONG if spoilt.damaged else AS_WRITTEN

    @staticmethod
    def _content(bundle):
        weights = {str(i): weight for i, weight in enumerate(bundle.model.get_weights())}
        return (
            bundle.model.params.to_dict(),
            bundle.data.to_dict(),
            bundle.training.to_dict(),
            bundle.history,
        ), weights


def spoilt_model(draw, content):
    """Return a Keras file with a changed member: its configuration, its weights, or no such member."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = list(members)[draw.integers(len(members))]
    if draw.random() < 0.15:
        how, changed = "without", None
    elif name.endswith(".json"):
        how, changed = "odd_json", mutators.odd_json(draw, members[name])
    else:
        how, changed = applied(draw, mutators.DAMAGES, members[name])
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member, body in members.items():
            if member != name:
                archive.writestr(member, body)
            elif changed is not None:
                archive.writestr(member, changed)
    return f"{how} of {name} in", stream.getvalue()


def correct_checksums(folder, name):
    """Write the checksum of a file into `params.json`."""
    from ptychopinn.files import checksum

    record = json.loads((folder / "params.json").read_text())
    record["checksums"][name] = checksum(folder / name)
    (folder / "params.json").write_text(json.dumps(record))


class Checkpoints:
    """Checkpoints, as `train` goes on from them."""

    def __init__(self):
        from ptychopinn import (
            DataParams,
            ExecutionParams,
            LossParams,
            ModelParams,
            Settings,
            TrainingParams,
            fit_to,
            read_scan,
        )

        self.scan = read_scan(ROOT / "fixtures" / "scan.npz")
        model = fit_to(self.scan, ModelParams(n_filters_scale=0.1, unroll=1), DataParams(n_groups=16))
        training = TrainingParams(epochs=1, early_stop_patience=3, logger="none")
        self.settings = Settings(model, LossParams(), DataParams(n_groups=16), training, ExecutionParams())
        with tempfile.TemporaryDirectory() as folder:
            self._train(folder, resume=False)
            self.whole = (pathlib.Path(folder) / "checkpoint.npz").read_bytes()
            self.content = self._train(folder, resume=True)

    def spoil(self, draw, folder):
        """Write a spoilt checkpoint."""
        with np.load(io.BytesIO(self.whole)) as file:
            arrays = dict(file)
        path = folder / "checkpoint.npz"
        if draw.random() < 0.2:
            arrays["state"] = np.array(mutators.odd_json(draw, str(arrays["state"])).decode("utf8", "replace"))
            path.write_bytes(mutators.packed(arrays))
            return Spoilt(path, "odd_json of state", False)
        return spoilt_archive(draw, arrays, path)

    def judge(self, spoilt):
        """Go on from it, and compare weights and history."""
        found = self._train(spoilt.path.parent, resume=True)
        if found[0] == self.content[0] and same(found[1], self.content[1]):
            return EQUAL
        return WRONG if spoilt.damaged else AS_WRITTEN

    def _train(self, folder, resume):
        from ptychopinn import train

        trained = train(self.scan, self.settings, folder=folder, resume=resume)
        weights = {str(i): weight for i, weight in enumerate(trained.model.get_weights())}
        return trained.history, weights


class Options:
    """YAML files of options, as `ptycho train --config` reads them, up to the parameters."""

    OPTIONS = {"epochs": 3, "learning_rate": 1e-3, "group_side": 2, "generator": "unet", "jit": "true", "photons": 1e5,
               "max_distance": 20.5, "seed": 1, "logger": "csv"}  # fmt: skip

    def spoil(self, draw, folder):
        """Write a spoilt file of options."""
        path = folder / "options.yaml"
        path.write_bytes(mutators.odd_yaml(draw, self.OPTIONS))
        return Spoilt(path, "odd_yaml", False)

    def judge(self, spoilt):
        """Parse a command line with it, without running the command, and make the parameters."""
        from ptychopinn_cli.errors import fit_for_a_terminal
        from ptychopinn_cli.options import collect

        with fit_for_a_terminal():  # as the group `ptycho` does around each of its commands
            values = self._parsed(spoilt.path)
            for kind in self._params:
                collect(kind, values)
        said = [line.partition(":")[0] for line in spoilt.path.read_text().splitlines() if line[:1].isalpha()]
        return WRONG if len(set(said)) < len(said) else AS_WRITTEN

    @functools.cached_property
    def _params(self):
        from ptychopinn import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams

        return ModelParams, DataParams, LossParams, TrainingParams, ExecutionParams

    @staticmethod
    def _parsed(path):
        from ptychopinn_cli.main import main

        context = main.make_context("ptycho", ["train", "scan.npz", "--config", str(path)])
        name, command, rest = main.resolve_command(context, context.protected_args + context.args)
        with context:
            return command.make_context(name, rest, parent=context).params
