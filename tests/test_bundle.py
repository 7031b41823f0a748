"""Laws of bundles: old ones open, lies are refused in a short line, and readers meet one generation and change none."""

import json
import shutil
import subprocess
import sys
import zipfile

import keras
import make_fixtures as make
import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho

from ptychopinn.files import checksum, read_standing, write_together
from ptychopinn.formats import read_scan
from ptychopinn.model import PtychoModel
from ptychopinn.training.bundle import load_bundle

OLD = make.HERE / "bundle_of_0_1"
LINE = 400
"""Characters that a refusal may have, with the path."""


def test_a_bundle_of_0_1_predicts_what_it_predicted(tmp_path):
    shutil.unpack_archive(OLD / "bundle.zip", tmp_path)
    found = make.predict(load_bundle(tmp_path).model, read_scan(make.HERE / "scan.npz"))[:, :1]
    expected = np.load(OLD / "prediction.npz")["prediction"]
    np.testing.assert_allclose(found[0], expected[0], atol=1e-5 * expected[0].max())
    np.testing.assert_allclose(found[1:], expected[1:], atol=1e-5)


def test_reading_a_bundle_changes_nothing(bundle, tmp_path):
    copy = shutil.copytree(bundle, tmp_path / "run")
    for name in (".new", ".ptychopinn-new"):  # the user's, and what a killed writer left
        (copy / name).mkdir()
        (copy / name / "params.json").write_text("half")
    before = sorted(copy.rglob("*"))
    load_bundle(copy)
    assert sorted(copy.rglob("*")) == before


REPLACE = """
import pathlib, shutil, sys
from ptychopinn.files import write_together
bundles = [pathlib.Path(path) for path in sys.argv[2:]]
print("begun", flush=True)
for turn in range(100_000):
    bundle = bundles[turn % 2]
    names = ("model.keras", "history.csv", "params.json")
    write_together(sys.argv[1], {name: lambda path, name=name: shutil.copy(bundle / name, path) for name in names})
"""


def another(bundle, tmp_path):
    """Return a copy of a bundle with another history, which says that it began with a bundle."""
    other = shutil.copytree(bundle, tmp_path / "other")
    record = json.loads((other / "params.json").read_text())
    (other / "history.csv").write_text("epoch,loss\n1,0.5\n")
    record["checksums"]["history.csv"] = checksum(other / "history.csv")
    (other / "params.json").write_text(json.dumps({**record, "from_bundle": {"path": "other", "sha256": ""}}))
    return other


@pytest.mark.parametrize("kind", ["exchanged", "moved"])
def test_a_bundle_that_is_replaced_meanwhile_is_read_whole(bundle, tmp_path, kind):
    other, folder = another(bundle, tmp_path), shutil.copytree(bundle, tmp_path / "run")
    if kind == "moved":
        (folder / "tensorboard").mkdir()
    writer = subprocess.Popen(
        [sys.executable, "-c", REPLACE, folder, bundle, other], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        writer.stdout.readline()
        seen = []
        for _ in range(30):
            loaded = load_bundle(folder)
            assert bool(loaded.history) == bool(loaded.record["from_bundle"]), "a mixture"
            seen.append(bool(loaded.history))
        assert writer.poll() is None, writer.stderr.read()
    finally:
        writer.kill()
    assert len(set(seen)) == 2


def test_a_bundle_that_is_replaced_and_put_back_meanwhile_is_read_whole(bundle, tmp_path, monkeypatch):
    folder, turns = shutil.copytree(bundle, tmp_path / "run"), [bundle, another(bundle, tmp_path)]

    def put(source):
        names = ("model.keras", "history.csv", "params.json")
        write_together(folder, {name: lambda path, name=name: shutil.copy(source / name, path) for name in names})

    def while_replaced(folder, name, read):
        if name != "history.csv" or not turns:
            return read_standing(folder, name, read)
        put(turns.pop())
        found = read_standing(folder, name, read)
        put(turns.pop())
        return found

    monkeypatch.setattr("ptychopinn.training.record.read_standing", while_replaced)
    assert load_bundle(folder).record["from_bundle"] is None and not turns


def retold(folder, **changes):
    """Change `params.json`, with checksums that fit the files."""
    record = json.loads((folder / "params.json").read_text())
    record["checksums"] = {name: checksum(folder / name) for name in ("model.keras", "history.csv")}
    for section, values in changes.items():
        record[section] = {**record[section], **values}
    (folder / "params.json").write_text(json.dumps(record))


def rebuilt(change):
    """A spoiler that changes the configuration in `model.keras`, and says in `params.json` that it belongs there."""

    def spoil(folder):
        path = folder / "model.keras"
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        members["config.json"] = change(members["config.json"].decode()).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        retold(folder)

    return spoil


def asking_for(**params):
    """A spoiler of both configurations alike."""

    def spoil(folder):
        def change(text):
            config = json.loads(text)
            config["config"]["params"].update(params)
            return json.dumps(config)

        rebuilt(change)(folder)
        retold(folder, model=params)

    return spoil


def another_model(folder):
    inputs = keras.Input((4,))
    keras.Model(inputs, keras.layers.Dense(3)(inputs)).save(folder / "model.keras")
    retold(folder)


def not_finite(folder):
    model = load_bundle(folder).model
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    model.save(folder / "model.keras")
    retold(folder)


def bomb(folder):
    with zipfile.ZipFile(folder / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 30_000_000)
    retold(folder)


LIES = {
    "another Keras model": (another_model, "Functional"),
    "a class that is none": (rebuilt(lambda text: text.replace("PtychoModel", "Nothing")), "Nothing"),
    "deep JSON in the model": (rebuilt(lambda text: "[" * 100_000), "recursion"),
    "deep JSON in the parameters": (lambda folder: (folder / "params.json").write_text("[" * 100_000), "Recursion"),
    "no JSON in the model": (rebuilt(lambda text: ""), "Expecting value"),
    "other widths": (asking_for(n_filters_scale=0.5), "could not be loaded"),
    "a million modes": (asking_for(modes=10**6), "modes"),
    "a huge canvas": (asking_for(canvas=8000), "canvas=8000"),
    "parameters that contradict": (lambda folder: retold(folder, model={"amplitude_max": 7.0}), "other parameters"),
    "weights that are not finite": (not_finite, "not finite"),
    "an archive that unpacks to far more": (bomb, "unpacks"),
    "bytes that are no archive": (lambda folder: ((folder / "model.keras").write_text("x"), retold(folder)), "zip"),
}


@pytest.mark.parametrize("spoil, word", LIES.values(), ids=LIES)
def test_bundles_that_lie_are_refused_in_a_short_line(bundle, scan_file, out, tmp_path, spoil, word):
    copy = shutil.copytree(bundle, tmp_path / "run")
    spoil(copy)
    result = ptycho("infer", copy, scan_file, "--output-dir", out, "--quiet")
    assert_said_plainly(result, "Received", word, out=out)
    assert len(result.output.splitlines()[-1]) < LINE


def test_what_a_file_cannot_hold_is_not_built(bundle, tmp_path, monkeypatch):
    copy = shutil.copytree(bundle, tmp_path / "run")
    asking_for(modes=64, scans=1)(copy)
    monkeypatch.setattr(PtychoModel, "from_config", lambda config: pytest.fail("built"))
    with pytest.raises(ValueError, match="64 probe modes"):
        load_bundle(copy)


def test_nothing_is_written_into_the_bundle_that_is_used(bundle, scan_file):
    before = {path.name: path.read_bytes() for path in bundle.iterdir()}
    for command in ("infer", "reconstruct"):
        words = (bundle, scan_file) if command == "infer" else (scan_file, "--bundle", bundle)
        done = ptycho(command, *words, "--output-dir", bundle)
        assert_said_plainly(done, "must not overwrite what it is made of", f"Received: --output-dir {bundle}")
    assert {path.name: path.read_bytes() for path in bundle.iterdir()} == before
