"""Laws of writing: whatever happens, and whenever, a folder holds all old or all new files, and nothing else."""

import os
import pathlib
import shutil

import pytest

from ptychopinn import files
from ptychopinn.files import NEW, checksum, settle, write_together, write_whole

NAMES = ("a.bin", "b.bin", "z.json")
LAST = "b.bin"  # neither first nor last of the alphabet


def texts(folder):
    return {path.name: path.read_text() for path in pathlib.Path(folder).iterdir()}


def state(word):
    return {name: f"{word} {name}" for name in NAMES}


def writers(word, half_way=lambda: None):
    """Writers that write half of a file, are watched, and write the rest."""

    def writer(name):
        def write(path):
            text = f"{word} {name}"
            path.write_text(text[:4])
            half_way()
            path.write_text(text)

        return write

    return {name: writer(name) for name in NAMES}


@pytest.fixture(params=[state("old"), {}], ids=["over old files", "into an empty folder"])
def old(request, tmp_path):
    """The files that are there before, in `tmp_path / "folder"`."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, text in request.param.items():
        (folder / name).write_text(text)
    return request.param


def before_each_step(patched, call):
    """Call a function before each flush, move and deletion of `ptychopinn.files`."""

    def watch(module, name, real):
        patched.setattr(module, name, lambda *args: (call(), real(*args))[1])

    for module, name in ((os, "fsync"), (os, "replace"), (shutil, "rmtree")):
        watch(module, name, getattr(module, name))


def test_killed_at_any_moment_a_folder_settles_to_all_old_or_all_new(old, tmp_path, monkeypatch):
    """What a kill would leave is photographed at every step; each picture must settle."""
    folder, pictures = tmp_path / "folder", []

    def photograph():
        pictures.append(shutil.copytree(folder, tmp_path / f"picture {len(pictures)}"))

    with monkeypatch.context() as patched:
        before_each_step(patched, photograph)
        write_together(folder, writers("new", half_way=photograph), LAST)
    assert texts(folder) == state("new") and len(pictures) > 4 * len(NAMES)
    settled = []
    for picture in pictures:
        crashed = shutil.copytree(picture, tmp_path / "crashed")
        write_together(crashed, writers("newer"), LAST)  # finds nothing in its way
        assert texts(crashed) == state("newer")
        shutil.rmtree(crashed)
        settle(picture, LAST)
        settled.append(texts(picture))
    assert all(one in (old, state("new")) for one in settled)
    assert old in settled and state("new") in settled


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("failing", NAMES)
def test_a_writer_that_fails_leaves_the_old_files(old, tmp_path, failing, error):
    def fail(path):
        path.write_text("half")
        raise error

    with pytest.raises(type(error)):
        write_together(tmp_path / "folder", {**writers("new"), failing: fail}, LAST)
    assert texts(tmp_path / "folder") == old


@pytest.mark.parametrize("moves", range(2 * len(NAMES) + 1))
def test_a_move_that_fails_settles_to_all_old_or_all_new(old, tmp_path, monkeypatch, moves):
    left, replace = [moves], os.replace

    def fail_in_the_end(*args):
        if not left[0]:
            raise OSError("no")
        left[0] -= 1
        replace(*args)

    folder = tmp_path / "folder"
    with monkeypatch.context() as patched:
        patched.setattr(files.os, "replace", fail_in_the_end)
        try:
            write_together(folder, writers("new"), LAST)
            finished = True
        except OSError:
            finished = False
    settle(folder, LAST)
    assert finished == (moves == 2 * len(NAMES))
    assert texts(folder) == (state("new") if moves >= len(NAMES) else old)


def test_settle_twice_is_settle_once(old, tmp_path):
    folder = tmp_path / "folder"
    (folder / NEW).mkdir()
    (folder / NEW / NAMES[0]).write_text("half")
    for _ in range(2):
        settle(folder, LAST)
        assert texts(folder) == old


def test_one_file_is_the_old_or_the_new(old, tmp_path, monkeypatch):
    path = tmp_path / "folder" / "a.bin"
    seen = []
    with monkeypatch.context() as patched:
        before_each_step(patched, lambda: seen.append(path.read_text() if path.exists() else None))
        write_whole(path, lambda temporary: temporary.write_text("new"))
    assert len(seen) == 2 and set(seen) == {old.get("a.bin")}
    assert texts(tmp_path / "folder") == {**old, "a.bin": "new"}

    def fail(temporary):
        temporary.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, fail)
    assert texts(tmp_path / "folder") == {**old, "a.bin": "new"}


def test_checksum_is_sha256(tmp_path):
    (tmp_path / "abc").write_text("abc")
    assert checksum(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
