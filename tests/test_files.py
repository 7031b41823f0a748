"""Laws of writing: one writer a folder; whatever happens, and whenever, it holds all old or all new files."""

import os
import pathlib
import subprocess
import sys
import threading

import pytest

from ptychopinn.files import checksum, generation, is_standing, read_standing, write_together, write_whole, writing

NAMES = ("a.bin", "b.bin", "z.json")
SOMETIMES = "page.html"
USERS = {"notes.txt": "mine", ".new": "mine too"}
OLD = {name: f"old {name}" for name in (*NAMES, SOMETIMES)}
NEW = {name: f"new {name}" for name in NAMES}


def texts(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def fill(folder, files):
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def write(folder, word="new"):
    """Write the files of a generation, with a pause in which a kill finds them half-written."""

    def writer(name):
        def write(path):
            path.write_text(word[:1])
            path.write_text(f"{word} {name}")

        return write

    write_together(folder, {name: writer(name) for name in NAMES}, known=(*NAMES, SOMETIMES))


KILLED_AT_EACH_STEP = """
import os, pathlib, signal, sys
sys.path.insert(0, sys.argv[2])
import test_files

def at(step):
    left = [step]
    def count(event, arguments):  # before each call that may change a file
        if event.split(".")[0] in ("os", "open", "shutil", "ctypes", "fcntl"):
            left[0] -= 1
            if left[0] == -1:  # once: the kill is such a call too
                os.kill(os.getpid(), signal.SIGKILL)
    return count

os.fsync = lambda file: None  # a kill loses nothing that was written: only power cuts do
test_files.write(pathlib.Path(sys.argv[1]) / "first" / "out")  # imports what is imported late
for step in range(1000):
    folder = pathlib.Path(sys.argv[1]) / str(step) / "out"
    test_files.fill(folder, {**test_files.OLD, **test_files.USERS})
    if sys.argv[3] == "folder":
        (folder / "sub").mkdir()
    child = os.fork()
    if not child:
        sys.addaudithook(at(step))
        test_files.write(folder)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if status != signal.SIGKILL:
        sys.exit(status)
"""


@pytest.fixture(params=["files alone", "folder"], ids=["exchanged", "moved"])
def killed(request, tmp_path):
    """Folders whose writer was killed, one a step of writing; those with a folder in them cannot be exchanged."""
    here = pathlib.Path(__file__).parent
    subprocess.run([sys.executable, "-c", KILLED_AT_EACH_STEP, tmp_path, here, request.param], check=True)
    return request.param, [tmp_path / str(step) / "out" for step in range(len(os.listdir(tmp_path)) - 1)]


def test_killed_at_any_step_a_folder_is_one_generation(killed, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda file: None)
    kind, folders = killed
    generations = {"old": 0, "new": 0}
    for folder in folders:
        before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
        read = {name: read_standing(folder, name, pathlib.Path.read_text) for name in NAMES}
        assert before == {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}, "a reader wrote"
        which = read["a.bin"].split()[0]
        generations[which] += 1
        assert read == {name: f"{which} {name}" for name in NAMES}
        found = texts(folder)
        assert USERS.items() <= found.items()
        if kind == "files alone":
            expected = OLD if which == "old" else NEW
            assert {name: text for name, text in found.items() if name in OLD} == expected
        write(folder, "next")
        assert texts(folder) == {**{name: f"next {name}" for name in NAMES}, **USERS}
        assert [path.name for path in folder.parent.iterdir()] == ["out"]
        assert {path.name for path in folder.iterdir() if path.is_dir()} <= {"sub"}
    assert min(generations.values()) > 3 and len(folders) > 30


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("failing", NAMES)
def test_a_writer_that_fails_leaves_the_old_files(tmp_path, failing, error):
    def fail(path):
        path.write_text("half")
        raise error

    fill(tmp_path / "out", {**OLD, **USERS})
    with pytest.raises(type(error)):
        write_together(tmp_path / "out", {**dict.fromkeys(NAMES, lambda path: path.write_text("new")), failing: fail})
    assert texts(tmp_path / "out") == {**OLD, **USERS}
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("place", ["current", "link", "beside something of the same name"])
def test_wherever_a_folder_is_it_is_written_and_keeps_what_is_the_users(tmp_path, monkeypatch, place):
    folder = tmp_path / "out"
    fill(folder, {**OLD, **USERS})
    folder.chmod(0o750)
    kept = folder.stat().st_ino
    if place == "current":
        monkeypatch.chdir(folder)
        write(".")
        assert os.stat(".").st_ino == kept, "the shell that stands there would be lost"
    elif place == "link":
        (tmp_path / "link").symlink_to(folder)
        write(tmp_path / "link")
        assert (tmp_path / "link").is_symlink()
    else:
        (tmp_path / ".out.ptychopinn").write_text("the user's")  # where the exchange would be
        write(folder)
        assert (tmp_path / ".out.ptychopinn").read_text() == "the user's"
    assert texts(folder) == {**NEW, **USERS} and folder.stat().st_mode & 0o777 == 0o750


def test_what_somebody_writes_meanwhile_is_kept(tmp_path, monkeypatch):
    from ptychopinn.files import generation

    folder = tmp_path / "out"
    fill(folder, {**OLD, **USERS})

    def exchange(beside, target):
        (target / "late.txt").write_text("late")
        (target / "notes.new").write_text("edited")
        os.replace(target / "notes.new", target / "notes.txt")
        real(beside, target)

    real = generation.exchange
    monkeypatch.setattr(generation, "exchange", exchange)
    write(folder)
    assert texts(folder) == {**NEW, **USERS, "notes.txt": "edited", "late.txt": "late"}


HOLD = "import sys, ptychopinn.files as f\nwith f.writing(sys.argv[1]): print('held', flush=True); sys.stdin.read()"


def test_a_second_writer_is_refused_until_the_first_ends_or_is_killed(tmp_path):
    folder = tmp_path / "out"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    holder.stdout.readline()
    with pytest.raises(ValueError, match=f"one writer at a time.*out, which process {holder.pid} on .*--out"):
        write(folder)
    holder.kill()
    holder.wait()
    write(folder)
    assert texts(folder) == NEW


def test_threads_refuse_each_other_and_nested_use_is_one_hold(tmp_path):
    refused = []

    def other():
        with pytest.raises(ValueError, match="one writer"), writing(tmp_path / "out"):
            pass
        refused.append(True)

    with writing(tmp_path / "out"):
        write(tmp_path / "out")  # holds it again, and lets go
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert refused and texts(tmp_path / "out") == NEW


def test_a_folder_that_stayed_empty_is_taken_back(tmp_path):
    with writing(tmp_path / "new" / "out"):
        assert (tmp_path / "new" / "out").is_dir()
    assert not list(tmp_path.iterdir())


def test_one_file_is_the_old_or_the_new(tmp_path):
    path = tmp_path / "a.bin"
    path.write_text("old")
    seen = []

    def write(temporary):
        temporary.write_text("ne")
        seen.append(path.read_text())
        temporary.write_text("new")

    def fail(temporary):
        temporary.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, fail)
    write_whole(path, write)
    assert seen == ["old"] and texts(tmp_path) == {"a.bin": "new"}


def test_checksum_is_sha256(tmp_path):
    (tmp_path / "abc").write_text("abc")
    assert checksum(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_file_that_is_moved_while_it_is_looked_for_stands(tmp_path, monkeypatch):
    whole = tmp_path / generation.WHOLE
    fill(whole, NEW)
    looked = pathlib.Path.exists

    def moved_once_seen(path):
        found = looked(path)
        if found and path.parent == whole:
            path.rename(tmp_path / path.name)
        return found

    monkeypatch.setattr(pathlib.Path, "exists", moved_once_seen)
    assert all(is_standing(tmp_path, name) for name in NAMES)
    assert not is_standing(tmp_path, "other") and not is_standing(tmp_path / "a.bin", "b.bin")
