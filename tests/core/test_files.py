"""Only what is a file is opened: nothing is waited for, and nothing read without end."""

import errno
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.core.errors import UserError
from workbench.core.files import read_text, require_file, require_writable, write_atomically

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes with a name and devices are Unix's")


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@pytest.mark.parametrize(
    ("make", "kind"), [(os.mkfifo, "a pipe"), (os.mkdir, "a folder"), (listening, "a socket")]
)
def test_what_is_no_file_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], kind: str
) -> None:
    # The path of a socket may have 107 bytes.
    monkeypatch.chdir(tmp_path)
    make(Path("odd"))
    with pytest.raises(OSError, match=f"it is {kind}, not a file"):
        require_file(Path("odd"))
    with pytest.raises(OSError, match=f"it is {kind}, not a file"):
        read_text(Path("odd"))


def test_devices_and_names_that_no_file_can_have_are_refused() -> None:
    with pytest.raises(OSError, match="it is a device, not a file"):
        require_file(Path("/dev/zero"))
    with pytest.raises(FileNotFoundError):
        require_file(Path("a\0b"))


def test_files_and_links_to_them_are_read(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("größer", encoding="utf-8")
    (tmp_path / "link").symlink_to("text")
    assert read_text(tmp_path / "link") == "größer"


def test_what_is_written_has_the_rights_of_other_files(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()
    path = tmp_path / "new" / "file"
    write_atomically(path, lambda file: file.write(b"first"))
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)
    path.chmod(0o640)
    write_atomically(path, lambda file: file.write(b"second"))
    assert (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) == (0o640, b"second")


@pytest.mark.parametrize("target", ["link", "gone", "folder"])
def test_a_link_to_no_file_is_replaced_like_a_file(tmp_path: Path, target: str) -> None:
    (tmp_path / "folder").mkdir(mode=0o700)
    path, usual = tmp_path / "link", tmp_path / "usual"
    usual.touch()
    path.symlink_to(target)
    write_atomically(path, lambda file: file.write(b"written"))
    assert (path.is_symlink(), path.read_bytes()) == (False, b"written")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_what_cannot_be_written_is_known_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    require_writable(tmp_path / "file")
    require_writable(tmp_path / "new" / "newer" / "file")
    with pytest.raises(UserError, match="it is a folder"):
        require_writable(tmp_path)
    with pytest.raises(UserError, match="file is no folder"):
        require_writable(tmp_path / "file" / "below")
    with pytest.raises(UserError, match="cannot write"):
        require_writable(tmp_path / ("long" * 100) / "file")
    monkeypatch.setattr(os, "access", lambda *_arguments: False)
    with pytest.raises(UserError, match="there is no right to write in"):
        require_writable(tmp_path / "file")
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    with pytest.raises(UserError, match="there is no such drive"):
        require_writable(tmp_path / "file")


def test_a_file_system_without_rights_is_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path, _mode: int) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr(Path, "chmod", refuse)
    write_atomically(tmp_path / "file", lambda file: file.write(b"written"))
    assert (tmp_path / "file").read_bytes() == b"written"
