"""Only what is a file is opened: nothing is waited for, and nothing read without end."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.core.files import read_text, require_file

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
