"""Reading sources of one's own: on all cores, within limits, whole or not at all."""

import errno
import io
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.conftest import SIDE, write_images
from tests.trained import exhausted
from workbench.core.data.dataset import Dataset
from workbench.core.data.image_layout import chosen_for_test
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.engine.data import bombs, containers, contents, decoder, decoding_pool, sources
from workbench.engine.data.decoder import Packed, Unpacked
from workbench.engine.data.decoding import opened, square_of
from workbench.engine.data.decoding_pool import DecodingPool, EndedError

NAMES = ("train/red/1.png", "train/blue/1.png", "test/red/1.png", "test/blue/1.png")


def read(source: Path, home: Home, size: int = SIDE) -> Dataset:
    return Dataset.require(exhausted(sources.read(str(source), size, home)))


def png(width: int = SIDE, height: int = SIDE, color: Any = 90, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (width, height), color).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def many_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first image on, and in small batches."""
    monkeypatch.setattr(decoding_pool, "_ALONE_S", -1.0)
    monkeypatch.setattr(decoding_pool, "_BATCH_IMAGES", 5)
    monkeypatch.setattr(decoding_pool, "cores", lambda: 2)


@pytest.mark.usefixtures("many_processes")
@pytest.mark.parametrize("kind", ["folder", "zip", "gztar"])
def test_many_processes_give_what_one_gives(
    tmp_path: Path, home: Home, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_images(tmp_path / "mine", 8, 3)
    (root / "train" / "red" / "broken.png").write_bytes(b"no")
    source = root if kind == "folder" else packed(root, kind)
    began = list[int]()
    real = decoding_pool._Processes
    monkeypatch.setattr(
        decoding_pool, "_Processes", lambda number, side: began.append(number) or real(number, side)
    )
    together = read(source, home)
    assert began == [2]
    monkeypatch.setattr(decoding_pool, "cores", lambda: 1)
    alone = read(source, Home(tmp_path / "other").prepare())
    assert began == [2]
    for ours, theirs in ((together.train, alone.train), (together.test, alone.test)):
        np.testing.assert_array_equal(ours.images, theirs.images)
        np.testing.assert_array_equal(ours.labels, theirs.labels)
        assert ours.names == theirs.names
    assert together.unreadable == alone.unreadable
    assert len(together.unreadable) == 1


def packed(folder: Path, kind: str) -> Path:
    return Path(shutil.make_archive(str(folder.parent / "packed"), kind, folder))


@pytest.mark.usefixtures("many_processes")
def test_a_large_image_is_decoded_alone() -> None:
    images = [Packed("small", png()), Packed("large", png(4000, 4000)), Packed("last", png())]
    assert [each.is_left for each in decoder.decode(images, SIDE, is_alone=False)] == [False, True, False]
    found = dict[str, Unpacked]()
    with DecodingPool(SIDE) as pool:
        for image in images:
            take(found, pool.put(image))
        take(found, pool.finish())
    assert {name: each.square.original_size for name, each in found.items() if each.square} == {
        "small": (SIDE, SIDE), "large": (4000, 4000), "last": (SIDE, SIDE),
    }  # fmt: skip


def take(found: dict[str, Unpacked], batches: Iterable[list[Unpacked]]) -> None:
    for batch in batches:
        found.update({unpacked.name: unpacked for unpacked in batch})


class Broken:
    """Processes that end before they have done anything, or after some batches."""

    def __init__(self, answers: int) -> None:
        self._answers = answers

    def submit(self, batch: list[Packed]) -> Future[Any]:
        future = Future[Any]()
        if self._answers > 0:
            self._answers -= 1
            future.set_result(decoder.decode(batch, SIDE, is_alone=False))
        else:
            future.set_exception(EndedError("code 1"))
        return future

    def end(self) -> None:
        pass


@pytest.mark.usefixtures("many_processes")
def test_where_no_process_can_be_started_one_goes_on(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    root = write_images(tmp_path / "mine", 8, 3)
    monkeypatch.setattr(decoding_pool, "_Processes", lambda *_: Broken(0))
    assert len(read(root, home).train) == 24
    assert "no processes to decode images could be started" in caplog.text


@pytest.mark.usefixtures("many_processes")
def test_where_a_process_ends_later_it_is_said(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_images(tmp_path / "mine", 12, 3)
    monkeypatch.setattr(decoding_pool, "_Processes", lambda *_: Broken(2))
    with pytest.raises(UserError, match="a process that decodes images ended unexpectedly"):
        read(root, home)
    assert leftovers(home) == []


@pytest.mark.usefixtures("many_processes")
def test_a_process_that_is_killed_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = list[subprocess.Popen[bytes]]()
    start = decoding_pool._started
    monkeypatch.setattr(decoding_pool, "_started", lambda side: started.append(start(side)) or started[-1])
    with DecodingPool(SIDE) as pool, pytest.raises(UserError, match="ended unexpectedly"):
        put_until_killed(pool, started)
    assert all(process.poll() is not None for process in started)


def put_until_killed(pool: DecodingPool, started: list[subprocess.Popen[bytes]]) -> None:
    for number in range(1000):
        for batch in pool.put(Packed(f"{number}", png())):
            for process in started if batch else ():
                process.kill()


@contextmanager
def at_most(memory: float) -> Iterator[None]:
    """Of Python's and numpy's, in this process."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < memory


def leftovers(home: Home) -> list[str]:
    return sorted(path.name for path in home.data.iterdir() if path.name not in ("seen", "locks"))


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_canceled_reading_leaves_nothing(tmp_path: Path, home: Home, steps: int) -> None:
    source = packed(write_images(tmp_path / "mine", 8, 3), "gztar")
    work = sources.read(str(source), SIDE, home)
    for _ in range(steps):
        next(work)
    work.close()
    assert leftovers(home) == []
    assert len(read(source, home).train) == 24


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 3, 1)
    folder = exhausted(sources.read(str(root), SIDE, home))
    left = folder.with_name(f".unfinished-{folder.name}-12345")
    left.mkdir()
    (left / "train-images.npy").write_bytes(b"half")
    # Cut short, it is noticed and made again.
    (folder / "train-images.npy").write_bytes(b"x")
    assert len(read(root, home).train) == 9
    assert leftovers(home) == [folder.name]


def test_a_byte_that_was_changed_is_noticed_and_made_good(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 3, 1)
    folder = exhausted(sources.read(str(root), SIDE, home))
    pixels = folder / "train-images.npy"
    whole = pixels.read_bytes()
    pixels.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    read(root, home)
    assert pixels.read_bytes() == whole


_READER = """
import sys
from pathlib import Path
from workbench.core.home import Home
from workbench.engine.data import reading, sources

if __name__ == "__main__":
    read_images = reading.read_images

    def slowly(path, side, folder):
        print("read", flush=True)
        sys.stdin.readline()
        yield from read_images(path, side, folder)

    sources.read_images = slowly
    for progress in sources.read(sys.argv[1], 16, Home(Path(sys.argv[2])).prepare()):
        print(progress.activity, flush=True)
"""


def test_two_processes_do_the_work_once(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 3, 1)
    script = tmp_path / "reader.py"
    script.write_text(_READER)
    command = [sys.executable, str(script), str(root), str(home.root)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    first = subprocess.Popen(command, **pipes)  # type: ignore[call-overload]
    until(first, "read")
    second = subprocess.Popen(command, **pipes)  # type: ignore[call-overload]
    until(second, "Waiting for another process that reads mine")
    first.communicate("\n", timeout=60)
    rest, _ = second.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 0)
    assert "read\n" not in rest
    assert len(leftovers(home)) == 1


def until(process: subprocess.Popen[str], words: str) -> None:
    if process.stdout is None:
        raise ValueError("it has no output")
    for line in process.stdout:
        if line.strip() == words:
            return
    raise AssertionError(f"the process ended without saying {words}")


def test_a_source_that_another_one_reads_can_be_left(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 3, 1)
    folder = exhausted(sources.read(str(root), SIDE, home))
    (folder / "dataset.json").unlink()
    lock = sources._lock_of(folder)
    with lock:
        waiting = sources.read(str(root), SIDE, home)
        assert {next(waiting).activity for _ in range(3)} == {"Waiting for another process that reads mine"}
        waiting.close()
    assert len(read(root, home).train) == 9


def folder_of_classes(root: Path, images: int) -> Path:
    for number, label in enumerate(("ant", "bee", "cow")):
        (root / label).mkdir(parents=True)
        for index in range(images):
            (root / label / f"{index}.png").write_bytes(png(color=(index * 9, number * 80, 40)))
    return root


@pytest.mark.parametrize("kind", ["folder", "zip", "gztar"])
def test_folders_of_classes_alone_are_split_in_the_same_way_wherever_they_lie(
    tmp_path: Path, home: Home, kind: str
) -> None:
    root = folder_of_classes(tmp_path / "mine", 10)
    source = root if kind == "folder" else packed(root, kind)
    dataset = read(source, home)
    assert dataset.is_split_here
    assert dataset.class_names == ("ant", "bee", "cow")
    assert np.bincount(dataset.train.labels).tolist() == [8, 8, 8]
    assert np.bincount(dataset.test.labels).tolist() == [2, 2, 2]
    chosen = set(chosen_for_test([f"bee/{index}.png" for index in range(10)]))
    bees = [name for name in dataset.test.names if "/bee/" in name]
    assert {name.removeprefix("test/") for name in bees} == chosen
    # What is not chosen for testing is trained on, and nothing twice.
    everything = [name.partition("/")[2] for name in (*dataset.train.names, *dataset.test.names)]
    assert len(set(everything)) == 30


def test_another_image_moves_hardly_any_to_the_other_part(tmp_path: Path, home: Home) -> None:
    before = set(read(folder_of_classes(tmp_path / "mine", 40), home).test.names)
    (tmp_path / "mine" / "ant" / "new.png").write_bytes(png())
    after = set(read(tmp_path / "mine", home).test.names)
    assert len(before ^ after) <= 2


def test_a_tar_whose_train_comes_last_is_one_with_parts(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "mine.tar"
    with tarfile.open(path, "w") as archive:
        for name in ("a/x.png", "b/broken.png", *(f"{p}/{c}/1.png" for p in ("test", "train") for c in "ab")):
            content = b"no" if "broken" in name else png()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    dataset = read(path, home)
    assert not dataset.is_split_here
    assert (len(dataset.train), len(dataset.test), dataset.unreadable) == (2, 2, ())


# What would cost memory or hours is refused, or left out, by its heads.


class Zeros(io.RawIOBase):
    def __init__(self, size: int) -> None:
        super().__init__()
        self._left = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        given = min(self._left, size if size >= 0 else self._left)
        self._left -= given
        return bytes(given)


def with_long_image(path: Path, size: int) -> Path:
    """An archive of four images and one that says it is of so many bytes, all of them zeros."""
    names = [f"{part}/{label}/1.png" for part in ("train", "test") for label in "ab"]
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
            with zipped.open("train/a/long.png", "w", force_zip64=True) as file:
                for _ in range(size >> 20):
                    file.write(bytes(1 << 20))
            for name in names:
                zipped.writestr(name, png())
        return path
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        long = tarfile.TarInfo("train/a/long.png")
        long.size = size
        archive.addfile(long, Zeros(size))
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(png())
            archive.addfile(member, io.BytesIO(png()))
    return path


@pytest.mark.parametrize("name", ["mine.zip", "mine.tar.gz"])
def test_an_archive_out_of_which_far_too_much_comes_is_refused(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(bombs, "_NO_MATTER", 20 << 20)
    path = with_long_image(tmp_path / name, 48 << 20)
    with pytest.raises(UserError, match=rf"{name} has .*B, but more than 21.MB come out of it, over 200 times"):
        read(path, home)
    assert leftovers(home) == []


@pytest.mark.parametrize("name", ["mine.zip", "mine.tar.gz", "mine.tar"])
def test_a_file_larger_than_any_image_is_left_out(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(containers, "LARGEST_FILE", 1 << 20)
    dataset = read(with_long_image(tmp_path / name, 4 << 20), home)
    assert [path for path, _ in dataset.unreadable] == ["train/a/long.png"]
    assert "an image file may have at most 1.05" in dataset.unreadable[0].reason


@pytest.mark.parametrize("name", ["mine.zip", "mine.tar", "mine"])
def test_more_files_than_are_read_are_refused(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    root = write_images(tmp_path / "mine", 4, 2)
    kind = {"mine.zip": "zip", "mine.tar": "tar"}.get(name)
    source = root if kind is None else packed(root, kind)
    for module in (bombs, containers):
        monkeypatch.setattr(module, "MOST_FILES", 10)
    with pytest.raises(UserError, match=r"has (more than 10|\d+) files; give"):
        read(source, home)


def test_a_table_of_contents_that_is_too_long_is_not_read(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(write_images(tmp_path / "mine", 4, 2), "zip")
    content = bytearray(path.read_bytes())
    end = content.rfind(b"PK\x05\x06")
    # It says that it has few files, and that their table is long.
    content[end + 8 : end + 16] = struct.pack("<HHL", 2, 2, 100 << 20)
    path.write_bytes(content)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(UserError, match=r"has a table of contents of 105 ?.?MB; give an archive of at most 500"):
        read(path, home)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def claiming(width: int, height: int, depth: int, color: int) -> bytes:
    """A PNG of few bytes that says it has so many pixels."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (claiming(32_000, 32_000, 8, 2), "megapixels are read"),
        (claiming(13_000, 13_000, 1, 0), "at most 89 megapixels are read"),
        (
            claiming(9_000, 9_000, 8, 6),
            "megapixels of this kind would take 648 MB of memory; at most 400 are taken",
        ),
    ],
)
def test_an_image_of_too_many_pixels_is_left_out(
    tmp_path: Path, home: Home, recwarn: pytest.WarningsRecorder, content: bytes, words: str
) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    (root / "train" / "red" / "huge.png").write_bytes(content)
    started = time.monotonic()
    ((path, why),) = read(root, home).unreadable
    assert path == "train/red/huge.png"
    assert words in why
    assert not recwarn.list
    # Nothing of it was decoded: the pixels that it lacks would have been said to be missing.
    assert "truncated" not in why
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "RGBA", "CMYK", "I;16", "YCbCr"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_scaling_first_gives_what_turning_and_converting_first_gives(mode: str, orientation: int) -> None:
    generator = np.random.default_rng(0)
    few = Image.fromarray(generator.integers(0, 256, (6, 9, 3), np.uint8))
    coarse = few.resize((90, 60), Image.Resampling.BICUBIC)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(coarse.convert("L")).astype(np.uint16) * 257)
    elif mode in ("RGBA", "LA"):
        image = coarse.convert("RGBA")
        image.putalpha(coarse.convert("L"))
        image = image.convert(mode)
    else:
        image = coarse.convert(mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, "TIFF" if mode in ("CMYK", "YCbCr", "I;16") else "PNG", exif=exif)
    with opened(io.BytesIO(buffer.getvalue())) as stored:
        square = square_of(stored, 20)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(buffer.getvalue())))
    if mode == "I;16":
        upright = Image.fromarray((np.asarray(upright) // 257).astype(np.uint8))
    layer = upright.convert("RGBA")
    white = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    expected = np.asarray(ImageOps.fit(white, (20, 20), Image.Resampling.LANCZOS)).astype(int)
    assert square.original_size == upright.size
    assert np.abs(square.pixels - expected).mean() < 2
    assert np.abs(square.pixels - expected).max() < 12


def test_a_damaged_member_of_a_zip_is_left_out(tmp_path: Path, home: Home) -> None:
    path = packed(write_images(tmp_path / "mine", 3, 1), "zip")
    with zipfile.ZipFile(path) as archive:
        victim = next(each for each in archive.infolist() if each.filename.startswith("train/red/0"))
    content = bytearray(path.read_bytes())
    content[victim.header_offset + 30 + len(victim.filename) + 20] ^= 0xFF
    path.write_bytes(content)
    dataset = read(path, home)
    assert [each.path for each in dataset.unreadable] == [victim.filename]


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_member_is_left_out_however_it_is_packed(tmp_path: Path, home: Home, compression: int) -> None:
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name in NAMES:
            archive.writestr(name, png())
        archive.writestr("train/red/broken.png", png(40, 40))
        victim = archive.infolist()[-1]
    content = bytearray(path.read_bytes())
    start = victim.header_offset + 30 + len(victim.filename)
    content[start + 8 : start + 30] = b"\xff" * 22
    path.write_bytes(content)
    assert [each.path for each in read(path, home).unreadable] == [victim.filename]


def test_no_more_is_unpacked_than_a_head_says(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "mine.zip"
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(200 << 20)) + packer.flush()
    with zipfile.ZipFile(path, "w") as archive:
        for name in NAMES:
            archive.writestr(name, png())
        archive.writestr("train/red/bomb.png", bomb)
    content = bytearray(path.read_bytes())
    local, central = content.find(b"train/red/bomb.png") - 30, content.rfind(b"train/red/bomb.png") - 46
    for head in (local + 8, central + 10):
        struct.pack_into("<H", content, head, zipfile.ZIP_DEFLATED)
        struct.pack_into("<I", content, head + 14, 100)
    path.write_bytes(content)
    with at_most(50e6):
        dataset = read(path, home)
    assert [each.path for each in dataset.unreadable] == ["train/red/bomb.png"]


def test_a_password_is_told_without_words_of_python(tmp_path: Path, home: Home) -> None:
    path = packed(write_images(tmp_path / "mine", 3, 1), "zip")
    content = bytearray(path.read_bytes())
    for magic, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        while (place := content.find(magic, place + 1)) >= 0:
            content[place + flags] |= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"packed.zip: a file in it needs a password; use a .zip without"):
        read(path, home)


def test_large_images_are_written_a_few_at_a_time(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 50, 1)
    with at_most(60e6):
        assert len(read(root, home, 512).train) == 150


def test_large_files_do_not_wait_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding_pool, "_ALONE_S", -1.0)
    monkeypatch.setattr(decoding_pool, "_LARGE_BYTES", len(png()))
    monkeypatch.setattr(decoding_pool, "_Processes", lambda *_: Broken(1000))
    found = dict[str, Unpacked]()
    with DecodingPool(SIDE, 2) as pool:
        for number in range(5):
            take(found, pool.put(Packed(f"small {number}", png())))
        take(found, pool.put(Packed("large", png() + b"more")))
        assert len(found) == 6
    assert all(each.square is not None for each in found.values())


@pytest.mark.usefixtures("many_processes")
def test_where_the_system_has_no_room_for_a_process_one_goes_on(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, start = list[subprocess.Popen[bytes]](), decoding_pool._started

    def only_one(side: int) -> subprocess.Popen[bytes]:
        if started:
            raise OSError(errno.EAGAIN, "Resource temporarily unavailable")
        started.append(start(side))
        return started[0]

    monkeypatch.setattr(decoding_pool, "_started", only_one)
    assert len(read(write_images(tmp_path / "mine", 8, 3), home).train) == 24
    assert started[0].poll() is not None


def with_header(path: Path, change: Callable[[bytearray], None]) -> Path:
    """A .tar of which the header of one file in the middle is another."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name in NAMES:
            member = tarfile.TarInfo(name)
            member.size = len(png())
            archive.addfile(member, io.BytesIO(png()))
    content = bytearray(path.read_bytes())
    start = content.find(NAMES[1].encode())
    header = content[start : start + 512]
    change(header)
    content[start : start + 512] = header
    path.write_bytes(content)
    return path


def with_a_huge_size(header: bytearray) -> None:
    header[124:136] = b"\x80" + b"\x7f" * 11
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)


def with_a_flipped_byte(header: bytearray) -> None:
    header[110] ^= 1


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("change", "why"), [(with_a_huge_size, "unexpected end of data"), (with_a_flipped_byte, "bad checksum")]
)
def test_a_damaged_header_is_not_the_end_of_a_tar(
    tmp_path: Path, home: Home, change: Callable[[bytearray], None], why: str
) -> None:
    with pytest.raises(UserError, match=f"mine.tar: {why}; the file is damaged or cut short"):
        read(with_header(tmp_path / "mine.tar", change), home)


@pytest.mark.parametrize("words", [
    {"GNU.sparse.map": "x,y"}, {"GNU.sparse.realsize": "z"}, {"GNU.sparse.size": "z"},
    {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "10"},
])  # fmt: skip
def test_odd_words_about_a_file_of_a_tar_are_a_sentence(tmp_path: Path, home: Home, words: dict[str, str]) -> None:
    path = tmp_path / "mine.tar"
    with tarfile.open(path, "w") as archive:
        for name in NAMES:
            member = tarfile.TarInfo(name)
            member.size, member.pax_headers = len(png()), words
            archive.addfile(member, io.BytesIO(png()))
    with pytest.raises(UserError, match=r"mine.tar: a header in it has words that cannot be understood; the file"):
        read(path, home)


@pytest.mark.parametrize("suffix", ["zip", "tar"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_one_image(tmp_path: Path, home: Home, suffix: str) -> None:
    path, names = tmp_path / f"mine.{suffix}", ["red/1.png", "red/2.png", "blue/1.png", "blue/1.png"]
    if suffix == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, png())
    else:
        with tarfile.open(path, "w") as stream:
            for name in names:
                member = tarfile.TarInfo(name)
                member.size = len(png())
                stream.addfile(member, io.BytesIO(png()))
    dataset = read(path, home)
    assert (len(dataset.train), len(dataset.test)) == (2, 1)


@pytest.mark.parametrize("change", ["another", "gone"])
def test_a_source_that_changes_while_it_is_read_is_not_taken_for_what_it_was(
    tmp_path: Path, home: Home, change: str
) -> None:
    root = write_images(tmp_path / "mine", 3, 1)
    victim = sorted((root / "train" / "red").iterdir())[0]

    def read_and_change() -> None:
        for step in sources.read(str(root), SIDE, home):
            if step.activity.startswith("Reading") and change == "gone":
                victim.unlink(missing_ok=True)
            elif step.activity.startswith("Reading"):
                victim.write_bytes(png(9, 9))

    with pytest.raises(UserError, match="mine has changed while it was read; try again"):
        read_and_change()
    assert leftovers(home) == []


def test_without_locks_two_readings_do_not_disturb_each_other(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    root = write_images(tmp_path / "mine", 3, 1)
    first = sources.read(str(root), SIDE, home)
    assert any(step.activity.startswith("Reading") for step in first)
    with ThreadPoolExecutor(1) as other:
        found = other.submit(read, root, home).result()
    assert len(found.train) == len(Dataset.require(exhausted(first)).train) == 9
    assert len(leftovers(home)) == 1


def test_a_file_that_is_no_image_by_its_size_is_not_looked_at(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 3, 1)
    with (root / "train" / "red" / "huge.png").open("wb") as file:
        file.truncate(1 << 40)
    started = time.monotonic()
    assert [each.path for each in read(root, home).unreadable] == ["train/red/huge.png"]
    assert time.monotonic() - started < 20


def test_an_archive_is_looked_at_in_pieces(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(write_images(tmp_path / "mine", 3, 1), "zip")
    monkeypatch.setattr(contents, "_CHUNK", 100)
    monkeypatch.setattr(containers, "REPORT_EVERY_S", -1.0)
    looking = [step for step in sources.read(str(path), SIDE, home) if step.activity == "Looking at packed.zip"]
    assert len(looking) > path.stat().st_size // 100


def test_a_full_disk_is_told_in_words_and_nothing_is_left(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_images(tmp_path / "mine", 3, 1)

    def full(*_: object) -> Generator[Progress, None, None]:
        yield Progress("Reading", 0, 0)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sources, "read_images", full)
    with pytest.raises(UserError, match=r"cannot write the decoded images .*: No space left on device; free some"):
        read(root, home)
    assert leftovers(home) == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_folders_that_are_links_are_gone_into_but_not_in_circles(tmp_path: Path, home: Home) -> None:
    stored = write_images(tmp_path / "stored", 3, 1)
    root = tmp_path / "mine"
    root.mkdir()
    (root / "train").symlink_to(stored / "train")
    (root / "test").mkdir()
    for label in ("red", "green", "blue"):
        (root / "test" / label).symlink_to(stored / "test" / label)
    (root / "test" / "circle").symlink_to(root)
    dataset = read(root, home)
    assert (len(dataset.train), len(dataset.test)) == (9, 3)


@pytest.mark.parametrize("other", ["./train/a/1.png", "train//a/1.png", "train/./a/1.png"])
def test_an_image_is_the_same_however_its_name_is_written(tmp_path: Path, home: Home, other: str) -> None:
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in (*(f"{part}/{label}/1.png" for part in ("train", "test") for label in "ab"), other):
            archive.writestr(name, png(color=len(name)))
    assert (len(read(path, home).train), len(read(path, home).test)) == (2, 2)


def test_a_zip_with_separators_of_windows_is_read(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in ("train", "test"):
            for label in "ab":
                info = zipfile.ZipInfo("name")
                info.filename = f"{part}\\{label}\\1.png"
                archive.writestr(info, png())
    assert read(path, home).class_names == ("a", "b")
