"""Downloads go on where they broke off, say how fast they are, and leave no file that is not the one."""

import errno
import hashlib
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.engine.file_server import FileServer, cut, serving, stall, status, unannounced, whole
from tests.generators import result_of
from workbench.commands.console import TrainingDisplay
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.formats import transferred
from workbench.engine.data.download import Patience, download

QUICK = Patience(timeout_s=0.4, tries=3, pause_s=0.02, beat_s=0.01)
CONTENT = bytes(range(256)) * 8000
DIGEST = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
SIZE = len(CONTENT)
_UNCLEAR = "the server's answer is cut, or cannot be understood"


@pytest.fixture(autouse=True)
def _without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def work(served: FileServer | str, path: Path, **changes: Any) -> Any:
    settings = {"algorithm": "md5", "digest": DIGEST, "activity": "Downloading", "by_hand": "get it by hand",
                "size": SIZE, "patience": QUICK} | changes  # fmt: skip
    return download(served if isinstance(served, str) else served.url, path, **settings)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_a_download_tells_how_much_has_come_and_how_fast(tmp_path: Path) -> None:
    path = tmp_path / "new" / "data.bin"
    with serving(CONTENT) as served:
        said = list(work(served, path))
    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in path.parent.iterdir()] == ["data.bin"]
    told = [event for event in said if event.activity == "Downloading" and event.speed_per_s]
    assert told[-1].done == told[-1].total == SIZE
    assert f"Downloading, {transferred(SIZE, SIZE, told[-1].speed_per_s)}" == told[-1].told
    assert list(work("http://127.0.0.1:9/nobody", path)) == []


@pytest.mark.parametrize(
    ("done", "total", "speed", "words"),
    [
        (45_400_000, 170_052_171, 3.24e6, "45 of 170 MB, 3.2 MB/s"),
        (4_540_000, 50_000_000, 0, "4.5 of 50.0 MB"),
        (900, 0, 120.0, "900 B, 120 B/s"),
        (0, 0, 0, "0 B"),
        (1_200_000_000, 0, 0, "1.2 GB"),
    ],
)
def test_how_much_has_come_in_words(done: int, total: int, speed: float, words: str) -> None:
    assert transferred(done, total, speed, " ") == words


def test_a_connection_that_breaks_off_is_gone_on_with(tmp_path: Path) -> None:
    with serving(CONTENT, cut(600_000), cut(500_000)) as served:
        said = list(work(served, tmp_path / "data.bin"))
    assert (tmp_path / "data.bin").read_bytes() == CONTENT
    assert served.ranges == ["", "bytes=600000-", "bytes=1100000-"]
    assert [asked.get("If-Range") for asked in served.asked] == [None, '"1"', '"1"']
    again = [event for event in said if "trying again" in event.activity]
    assert again[0].activity == "Downloading: the connection broke off; trying again (2 of 3)"
    assert (again[0].done, again[0].total) == (600_000, SIZE)
    assert names(tmp_path) == ["data.bin"]


def test_a_server_that_stalls_is_left_and_asked_again(tmp_path: Path) -> None:
    with serving(CONTENT, stall(600_000, 1.0)) as served:
        said = list(work(served, tmp_path / "data.bin"))
    assert (tmp_path / "data.bin").read_bytes() == CONTENT
    assert served.ranges == ["", "bytes=600000-"]
    assert any("nothing came for 0.4 s; trying again" in event.activity for event in said)


def test_what_does_not_come_is_kept_for_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    with serving(CONTENT, cut(600_000), cut(0), cut(0), cut(0)) as served:
        with pytest.raises(
            UserError, match=r"broke off; get it by hand; 0.6 of 2.0 MB are kept in .*data.bin.part, "
        ):
            list(work(served, path))
        assert len(served.asked) == 3
        assert not path.exists()
        served.answers.clear()
        list(work(served, path))
    assert served.ranges[-1] == "bytes=600000-"
    assert path.read_bytes() == CONTENT


def test_a_canceled_download_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    with serving(CONTENT, stall(600_000, 0.5)) as served:
        going = work(served, path, patience=Patience(timeout_s=30, beat_s=0.01))
        while next(going).done < 600_000:
            pass
        begun = time.monotonic()
        next(going)
        going.close()
        # Not when the server has come to itself.
        assert time.monotonic() - begun < 0.3
        assert (tmp_path / "data.bin.part").stat().st_size == 600_000
        list(work(served, path))
    assert served.ranges == ["", "bytes=600000-"]
    assert path.read_bytes() == CONTENT


def test_a_canceled_check_asks_for_nothing_again(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    with serving(CONTENT) as served:
        going = work(served, path)
        while "Checking" not in next(going).activity:
            pass
        going.close()
        list(work(served, path))
    assert len(served.asked) == 1
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("answer", [whole(), status(416)], ids=["no ranges", "416"])
def test_a_server_that_cannot_go_on_begins_anew(tmp_path: Path, answer: Callable[[Any], None]) -> None:
    with serving(CONTENT, cut(600_000), answer) as served:
        list(work(served, tmp_path / "data.bin"))
    assert (tmp_path / "data.bin").read_bytes() == CONTENT
    assert served.ranges[1] == "bytes=600000-"
    assert len(served.asked) == (2 if answer.__name__ == "answer" else 3)


def test_a_file_that_has_changed_meanwhile_begins_anew(tmp_path: Path) -> None:
    other = CONTENT[::-1]
    with serving(other, cut(600_000)) as served:
        going = work(served, tmp_path / "data.bin")
        while "trying again" not in next(going).activity:
            pass
        going.close()
        served.content, served.tag = CONTENT, '"2"'
        list(work(served, tmp_path / "data.bin"))
    assert served.asked[-1]["If-Range"] == '"1"'
    assert (tmp_path / "data.bin").read_bytes() == CONTENT


def test_what_was_gone_on_with_and_is_wrong_is_downloaded_anew_once(tmp_path: Path) -> None:
    (tmp_path / "data.bin.part").write_bytes(b"x" * 600_000)
    with serving(CONTENT) as served:
        said = list(work(served, tmp_path / "data.bin"))
    assert served.ranges == ["bytes=600000-", ""]
    assert any("beginning anew" in event.activity for event in said)
    assert (tmp_path / "data.bin").read_bytes() == CONTENT
    (tmp_path / "other.bin.part").write_bytes(b"x" * 600_000)
    with (
        serving(CONTENT) as served,
        pytest.raises(UserError, match=f"is damaged .MD5 {DIGEST}, not 00000.*by hand"),
    ):
        list(work(served, tmp_path / "other.bin", digest="0" * 32))
    assert served.ranges == ["bytes=600000-", ""]
    assert names(tmp_path) == ["data.bin"]


def test_a_partial_file_of_another_address_is_not_compared_with_its_mark(tmp_path: Path) -> None:
    with serving(CONTENT, cut(600_000)) as served:
        going = work(served, tmp_path / "data.bin")
        while "trying again" not in next(going).activity:
            pass
        going.close()
        list(work(f"{served.url}?mirror", tmp_path / "data.bin"))
    assert (served.ranges[-1], served.asked[-1].get("If-Range")) == ("bytes=600000-", None)
    assert (tmp_path / "data.bin").read_bytes() == CONTENT


def test_many_small_pieces_are_told_now_and_then(tmp_path: Path) -> None:
    with serving(CONTENT * 10) as served:
        digest = hashlib.md5(CONTENT * 10, usedforsecurity=False).hexdigest()
        patience = Patience(timeout_s=5, beat_s=10)
        said = list(work(served, tmp_path / "data.bin", size=0, digest=digest, patience=patience))
    assert len([event for event in said if event.activity == "Downloading"]) == 1


def test_the_command_line_shows_how_fast_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    display, shown = TrainingDisplay(quiet=True), []
    monkeypatch.setattr(display, "update", lambda *_, figures: shown.append(figures))
    display.show(Progress("Downloading", 45_000_000, 170_000_000, "bytes", speed_per_s=3.2e6))
    display.show(Progress("Downloading", 0, 170_000_000, "bytes"))
    display.show(Progress("Reading", 45, 170))
    assert shown == ["45 of 170 MB, 3.2 MB/s", "", ""]


def test_a_partial_file_that_is_longer_than_the_file_is_not_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "data.bin.part").write_bytes(b"x" * (SIZE + 1))
    with serving(CONTENT) as served:
        list(work(served, tmp_path / "data.bin"))
    assert served.ranges == [""]


def test_wrong_bytes_leave_nothing(tmp_path: Path) -> None:
    with serving(CONTENT[::-1]) as served, pytest.raises(UserError, match="is damaged"):
        list(work(served, tmp_path / "data.bin"))
    assert len(served.asked) == 1
    assert names(tmp_path) == []


def test_a_file_of_another_size_is_not_begun(tmp_path: Path) -> None:
    with (
        serving(CONTENT + b"x") as served,
        pytest.raises(UserError, match=rf"offers {SIZE + 1} bytes.*has {SIZE}"),
    ):
        list(work(served, tmp_path / "data.bin"))
    assert names(tmp_path) == []


def test_no_more_bytes_are_taken_than_the_file_has(tmp_path: Path) -> None:
    flood = unannounced(CONTENT * 3)
    with serving(CONTENT, flood) as served, pytest.raises(UserError, match=f"more came than the {SIZE} bytes"):
        list(work(served, tmp_path / "data.bin"))
    assert names(tmp_path) == []
    with serving(CONTENT, unannounced(CONTENT)) as served:
        list(work(served, tmp_path / "data.bin", size=0))
    assert (tmp_path / "data.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (404, r"the server has no such file \(404 Not Found\)"),
        (403, r"the server does not give it away \(403 Forbidden\)"),
        (503, r"the server has trouble of its own \(503 Service Unavailable\); try again later"),
        (407, r"a proxy on the way asks for a name and password \(407 Proxy Authentication Required\)"),
        (416, r"the server answers 416"),
    ],
)
def test_what_a_server_refuses_is_told_at_once(tmp_path: Path, code: int, words: str) -> None:
    with serving(CONTENT, status(code)) as served:
        with pytest.raises(UserError, match=f"cannot download {served.url}: {words}.*; get it by hand$"):
            list(work(served, tmp_path / "data.bin"))
        assert len(served.asked) == 1


def test_trouble_that_passes_is_waited_for_once_bytes_have_come(tmp_path: Path) -> None:
    with serving(CONTENT, cut(600_000), status(503)) as served:
        list(work(served, tmp_path / "data.bin"))
    assert (tmp_path / "data.bin").read_bytes() == CONTENT
    with (
        serving(CONTENT, cut(600_000), status(404)) as served,
        pytest.raises(UserError, match=r"404.*are kept in"),
    ):
        list(work(served, tmp_path / "other.bin"))
    assert len(served.asked) == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
            _UNCLEAR,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", _UNCLEAR),
        (
            b"HTTP/1.1 206 Part\r\nContent-Range: some\r\n\r\n",
            _UNCLEAR,
        ),
        (b"SSH-2.0-OpenSSH_9\r\n", _UNCLEAR),
        (b"", "Remote end closed connection without response"),
    ],
)
def test_a_server_that_answers_oddly_is_told_in_words(tmp_path: Path, answer: bytes, words: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        thread = threading.Thread(target=_answer_once, args=(server, answer))
        thread.start()
        with pytest.raises(UserError, match=rf"cannot download {url}: {words}; get it by hand$") as caught:
            list(work(url, tmp_path / "data.bin", patience=Patience(timeout_s=5, tries=1, beat_s=0.01)))
        thread.join()
    assert "[Errno" not in str(caught.value)
    assert names(tmp_path) == []


def _answer_once(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(answer)


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_no_server_and_no_name_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r": Connection refused; get it by hand$"):
        list(work(f"http://127.0.0.1:{_closed_port()}/x", tmp_path / "data.bin"))
    _no_names(monkeypatch)
    with pytest.raises(UserError, match=r"the name example\.invalid cannot be resolved \(is there a network\?\)"):
        list(work("https://example.invalid/x", tmp_path / "data.bin"))


def _no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_refuses_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    port = _closed_port()
    monkeypatch.setenv(f"{scheme}_proxy", f"http://me:se@cret@127.0.0.1:{port}/")
    words = f"the proxy 127.0.0.1:{port}, which {scheme}_proxy names, refuses the connection; get it"
    with pytest.raises(UserError, match=words) as caught:
        list(work(f"{scheme}://example.com/x", tmp_path / "data.bin"))
    assert "cret" not in str(caught.value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_proxy", "127.0.0.1")
        with pytest.raises(UserError, match=r": Connection refused; get it"):
            list(work(f"{scheme}://127.0.0.1:{port}/x", tmp_path / "data.bin"))
    monkeypatch.setenv(f"{scheme}_proxy", "http://me:secret@proxy.invalid:3128")
    _no_names(monkeypatch)
    words = rf"the proxy proxy\.invalid:3128, which {scheme}_proxy names, is not known by that name"
    with pytest.raises(UserError, match=words):
        list(work(f"{scheme}://example.com/x", tmp_path / "data.bin"))


def test_a_proxy_that_cannot_be_understood_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://me:secret@proxy:port")
    with pytest.raises(UserError, match="which HTTP_PROXY names, cannot be understood") as caught:
        list(work("http://example.com/x", tmp_path / "data.bin"))
    assert "secret" not in str(caught.value)


def test_a_proxy_that_asks_for_a_password_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "which {0}_proxy names, asks for a name and password .407 Proxy Authentication Required"
    with serving(CONTENT, status(407), status(407)) as proxy:
        monkeypatch.setenv("http_proxy", f"http://me:secret@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "example.org")
        with pytest.raises(UserError, match=words.format("http")):
            list(work("http://example.com/x", tmp_path / "data.bin"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("https_proxy", f"http://me:secret@127.0.0.1:{server.getsockname()[1]}")
        refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
        thread = threading.Thread(target=_answer_once, args=(server, refusal))
        thread.start()
        with pytest.raises(UserError, match=words.format("https")):
            list(work("https://example.com/x", tmp_path / "data.bin"))
        thread.join()


def test_a_disk_without_room_is_told_before_the_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    words = r"it needs 2\.05 MB, and 1 MB are free in .*; get it by hand$"
    with serving(CONTENT) as served, pytest.raises(UserError, match=words):
        list(work(served, tmp_path / "data.bin"))
    assert names(tmp_path) == []


def test_a_disk_that_fills_up_keeps_what_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "data.bin"
    with serving(CONTENT) as served:
        going = work(served, path)
        next(going)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(UserError, match=r"No space left on device.*2\.0 of 2\.0 MB are kept in"):
                list(going)
        list(work(served, path))
    assert path.read_bytes() == CONTENT


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match=r"cannot make the folder .*file/data"):
        list(work("http://127.0.0.1:9/x", tmp_path / "file" / "data" / "x.bin"))


def test_two_that_want_the_same_download_it_once(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    with serving(CONTENT) as served:
        first, second = work(served, path), work(served, path)
        next(first)
        waiting = next(second)
        assert isinstance(waiting, Progress)
        assert waiting.activity == "Waiting for another process that downloads the same"
        # Whoever waits can be canceled.
        canceled = work(served, path)
        next(canceled)
        canceled.close()
        list(first)
        result_of(second)
    assert len(served.asked) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["data.bin"]


def test_who_waits_goes_on_when_the_other_is_canceled(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    with serving(CONTENT, stall(600_000, 0.3)) as served:
        first, second = work(served, path), work(served, path)
        while next(first).done < 600_000:
            pass
        next(second)
        first.close()
        list(second)
    assert served.ranges == ["", "bytes=600000-"]
    assert path.read_bytes() == CONTENT
