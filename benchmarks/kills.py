"""Kill writers at random moments, race them for one folder, read what they replace: nothing may be lost or mixed.

Writers are the real commands train and infer, in processes that are forked off this one, which has imported everything;
and `write`, the library's writing of a bundle alone, which is quick enough for many tries. Half of the kills are aimed:
they fall while a complete generation is put in place. `python benchmarks/kills.py --kills 100 --writes 400 --races 20`
"""

import argparse
import contextlib
import hashlib
import importlib
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("KERAS_BACKEND", "torch")

from ptychopinn.files import checksum, read_standing, write_together, writing
from ptychopinn.files.generation import GONE, NEW
from ptychopinn.simulation import objects, probes, scans

SMALL = ("--n-filters-scale", "0.1", "--unroll", "1", "--epochs", "1", "--no-report", "--quiet")
HEAVY = ("torch", "keras", "tensorflow", "matplotlib.pyplot", "scipy.ndimage", "skimage.metrics",
         "ptychopinn.training.bundle", "ptychopinn.reconstruction.refinement",
         "ptychopinn.evaluation.against_truth")  # fmt: skip
"""What the commands import; TensorFlow because Keras does to save a model, where it is installed."""

PLACING = 0.06
"""Seconds in which a complete generation is put in place and the old one cleared away, on a busy disk."""

BUNDLE = ("model.keras", "params.json", "history.csv")
LAYOUTS = ("files alone", "with a folder")
"""What the user has in the folder: where there is a folder, it cannot be exchanged, and files are moved."""

SIGNALS = (signal.SIGKILL, signal.SIGINT)
USERS = {"notes.txt": "the user's", ".new/mine.txt": "the user's too"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, help="kills, half of train and half of infer")
    parser.add_argument("--writes", type=int, default=400, help="kills of the library's writing alone")
    parser.add_argument("--races", type=int, default=20, help="races of two of each")
    parser.add_argument("--reads", type=int, default=200, help="bundles opened while they are replaced")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    for name in HEAVY:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    chance = random.Random(wanted.seed)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pathlib.Path(folder))
        print(f"{'what':52} {'times':>5}  outcomes")
        for command, tries in (("train", wanted.kills // 2), ("infer", wanted.kills // 2), ("write", wanted.writes)):
            for layout, aimed, number in itertools.product(LAYOUTS, (False, True), SIGNALS):
                times = range(max(1, tries // 8))
                outcomes = [bench.kill(command, layout == LAYOUTS[1], aimed, number, chance) for _ in times]
                moment = "put in place" if aimed else "any moment"
                tell(f"{number.name} of {command}, {moment}, {layout}", outcomes)
        for command in ("train", "infer", "write"):
            tell(f"two of {command} into one folder", [bench.race(command) for _ in range(wanted.races)])
        for layout in LAYOUTS:
            tell(f"bundle opened while replaced, {layout}", bench.read(layout == LAYOUTS[1], wanted.reads // 2))


def tell(what, outcomes):
    """Print a row of the table."""
    counts = ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in sorted(set(outcomes)))
    print(f"{what:52} {len(outcomes):5}  {counts}", flush=True)


class Bench:
    """Two scans, a run and a reconstruction of the first, and how long the second takes."""

    def __init__(self, folder):
        self.folder, self.count = folder, 0
        for seed in (1, 2):
            truth = objects.lines(64, count=40, seed=seed)
            positions = scans.jittered_raster(truth.shape, size=32, step=6, seed=seed)
            probe = probes.gaussian(32, width=0.16)
            scans.write_ptychopinn(folder / f"{seed}.npz", scans.simulate(truth, probe, positions, 1e5, seed=seed))
        self.took, self.generations = {}, {}
        for command, seed in itertools.product(("train", "infer"), (1, 2)):
            out = folder / f"{command}{seed}"
            began = time.monotonic()
            child = self.start(command, seed, out)
            assert wait(child) == 0, (folder / "said").read_text()
            self.took[command] = time.monotonic() - began
            self.generations[command, seed] = {path.name: checksum(path) for path in out.iterdir()}
        for seed in (1, 2):
            self.generations["write", seed] = {name: self.generations["train", seed][name] for name in BUNDLE}
        self.took["write"] = 0.2

    def arguments(self, command, seed, out):
        """Return what is typed: each command's second generation is of another scan."""
        if command == "train":
            return ["train", f"{self.folder}/{seed}.npz", "--seed", str(seed), "--output-dir", str(out), *SMALL]
        options = ["--no-report", "--quiet", "--refine", "1"]
        return ["infer", f"{self.folder}/train1", f"{self.folder}/{seed}.npz", "--output-dir", str(out), *options]

    def start(self, command, seed, out, said="said"):
        """Start a command in a process of its own."""
        if command == "write":
            return forked(lambda: replace(out, self.folder / f"train{seed}", pause=0.05), self.folder / said)
        return forked(lambda: run_command(self.arguments(command, seed, out)), self.folder / said)

    def fresh(self, command, with_folder=True):
        """Return a folder that holds the first generation, and files of the user."""
        self.count += 1
        source = self.folder / ("infer1" if command == "infer" else "train1")
        out = shutil.copytree(source, self.folder / f"try{self.count}" / "out")
        for name, text in USERS.items():
            if with_folder or "/" not in name:
                (out / name).parent.mkdir(exist_ok=True)
                (out / name).write_text(text)
        return out

    def kill(self, command, with_folder, aimed, number, chance):
        """Kill a command that writes the second generation over the first; say what the folder holds."""
        out = self.fresh(command, with_folder)
        child = self.start(command, 2, out)
        if aimed:
            while not (out / NEW / GONE).exists() and not ended(child):
                time.sleep(0.0002)
            time.sleep(chance.uniform(0, PLACING))
        else:
            time.sleep(chance.uniform(0, self.took[command]))
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)
        wait(child)
        outcome = self.judge(command, out)
        if outcome in ("old", "new"):  # whoever writes next finds nothing in the way
            wait(forked(lambda: replace(out, self.folder / "train1"), self.folder / "said"))
            left = [path.name for path in out.parent.iterdir() if path != out] + [
                path.name for path in out.iterdir() if path.name.startswith(".ptychopinn")
            ]
            outcome = f"{outcome}, then left {left}" if left else outcome
        shutil.rmtree(out.parent)
        return outcome

    def judge(self, command, out):
        """Say which generation a folder holds, as readers see it; where it holds no folder, as anyone does."""
        plain = not (out / ".new").exists()
        for name, text in USERS.items():
            if plain and "/" in name:
                continue
            if not (out / name).exists() or (out / name).read_text() != text:
                return "LOST a file of the user"
        first, second = (self.generations[command, seed] for seed in (1, 2))
        names = first if command == "infer" else BUNDLE
        found = {name: checksum(out / name) if plain else read_standing(out, name, checksum) for name in names}
        if found == {name: first[name] for name in names}:
            return "old"
        if any(found[name] == first[name] for name in names if first[name] != second[name]):
            return "MIXED"
        return "new" if self.is_second(command, out, found, second) else "NEITHER"

    def is_second(self, command, out, found, second):
        """Tell whether files are those of the second generation, as far as they do not hold the time of day."""
        if command == "infer":
            report = json.loads(read_standing(out, "report.json", pathlib.Path.read_text))
            same = all(found[name] == second[name] for name in found if name != "report.json")
            return same and report["data"].endswith("/2.npz")
        record = json.loads(read_standing(out, "params.json", pathlib.Path.read_text))
        return record["training"]["seed"] == 2 and all(
            found[name] == wanted for name, wanted in record["checksums"].items()
        )

    def race(self, command):
        """Start two of a command at once for one folder."""
        out = self.fresh(command, with_folder=False)
        children = [self.start(command, 2, out, f"said{which}") for which in (1, 2)]
        codes = [wait(child) for child in children]
        said = "".join((self.folder / f"said{which}").read_text() for which in (1, 2))
        outcome = self.judge(command, out)
        shutil.rmtree(out.parent)
        if outcome == "new" and sorted(codes) == [0, 1] and said.count("one writer at a time") == 1:
            return "one worked, the other was refused"
        holds = sorted([float(time_) for time_ in line.split()[1:]] for line in said.splitlines() if "held" in line)
        if outcome == "new" and len(holds) == 2 and holds[0][1] < holds[1][0]:
            return "both worked, one after the other"
        return f"WRONG: {outcome}, exit codes {codes}, {said[-200:]!r}"

    def read(self, with_folder, count):
        """Open a bundle again and again while another process replaces it."""
        out = self.fresh("train", with_folder)
        sources = [self.folder / f"train{seed}" for seed in (1, 2)]
        writer = forked(lambda: replace_forever(out, sources), self.folder / "said")
        seen = self.folder / "seen"
        reader = forked(lambda: seen.write_text(json.dumps(open_often(out, count))), self.folder / "said2")
        code = wait(reader)
        os.kill(writer, signal.SIGKILL)
        wait(writer)
        shutil.rmtree(out.parent)
        return json.loads(seen.read_text()) if code == 0 else [f"WRONG: {(self.folder / 'said2').read_text()[-200:]!r}"]


def replace(out, bundle, pause=0.0):
    """Replace a bundle by another, held from a moment before."""
    with writing(out):
        began = time.monotonic()
        time.sleep(pause)
        write_together(out, {name: lambda path, name=name: shutil.copy(bundle / name, path) for name in BUNDLE})
        print(f"held {began} {time.monotonic()}", flush=True)


def replace_forever(out, bundles):
    """Replace a bundle by one and the other, in turn."""
    for bundle in itertools.cycle(bundles):
        replace(out, bundle)


def open_often(out, count):
    """Open a bundle `count` times; say of which generation each was: its record's, and that of its weights."""
    from ptychopinn.training.bundle import load_bundle

    outcomes, weights = [], {}
    for _ in range(count):
        bundle = load_bundle(out)
        seed = bundle.record["training"]["seed"]
        digest = hashlib.sha256(b"".join(weight.tobytes() for weight in bundle.model.get_weights())).hexdigest()
        outcomes.append(f"seed {seed}" if weights.setdefault(seed, digest) == digest else "MIXED")
    return outcomes


def forked(work, said):
    """Do some work in a forked process, whose output goes to a file; return its number."""
    child = os.fork()
    if child:
        return child
    code = 3
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    try:
        with open(said, "w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        work()
        code = 0
    except SystemExit as end:
        code = end.code
    except ValueError as error:
        os.write(2, str(error).encode())
        code = 1
    finally:
        os._exit(code if isinstance(code, int) else 1)


def run_command(arguments):
    """Run `ptycho` as the installed command does."""
    from ptychopinn_cli.main import main as ptycho

    ptycho(arguments)


def ended(child):
    """Tell whether a process has ended, without taking its exit code."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def wait(child):
    """Wait for a process, and return its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main()
