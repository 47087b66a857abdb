"""The official archives: both versions, packed or not, give the same images; nothing in a pickle ever runs."""

import io
import os
import pickle
import shutil
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.file_server import cut, serving
from tests.engine.official_files import pickled, records_of, small, write_archives
from tests.generators import result_of
from workbench.core.data.dataset import Dataset
from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.engine.data import official_archives, sources, survey
from workbench.engine.data.array_pickle import ArrayPickle, RecordedArray, RefusedPickle
from workbench.engine.data.download import Patience
from workbench.engine.data.official import copy_digest, fetch_official, read_official
from workbench.engine.data.official_archives import (
    OFFICIALS,
    Found,
    Official,
    at_hand,
    default_places,
    found_at,
    official_at,
)
from workbench.engine.data.official_batches import BatchReader

QUICK = Patience(timeout_s=5, tries=2, pause_s=0.01, beat_s=0.01)


@pytest.fixture(params=list(OFFICIALS))
def official(request: pytest.FixtureRequest, tmp_path: Path) -> Official:
    """One of the archives with few images, written below `left`."""
    return write_archives(small(OFFICIALS[request.param]), tmp_path / "left")


def read(official: Official, path: Path, image_size: int = 32) -> Dataset:
    return result_of(read_official(official, path, image_size))


def test_records_are_read_channel_by_channel_in_the_order_of_the_batches(
    official: Official, tmp_path: Path
) -> None:
    dataset = read(official, tmp_path / "left" / official.binary.archive)
    many, width = official.source.test, official.label_bytes
    assert dataset.train.images.shape == (official.source.train, 32, 32, 3)
    for number, batch in enumerate(official.binary.train):
        records = records_of(
            OFFICIALS[official.source.name], OFFICIALS[official.source.name].binary.train[number], many
        )
        assert batch.name == official.binary.train[number].name
        part = slice(number * many, (number + 1) * many)
        expected = records[:, width:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        np.testing.assert_array_equal(dataset.train.images[part], expected)
        # The last byte before the pixels is the fine class.
        assert dataset.train.labels[part].tolist() == [
            i * 7 % len(official.source.class_names) for i in range(many)
        ]
    assert dataset.class_names == official.source.class_names
    assert dataset.test.names[1] == f"test/{official.source.class_names[7]}/00001"


def test_every_variant_gives_the_same_images(official: Official, tmp_path: Path) -> None:
    left, first = tmp_path / "left", None
    for variant in official.variants:
        for name in (variant.archive, variant.folder):
            dataset = read(official, left / name)
            first = first or dataset
            np.testing.assert_array_equal(dataset.train.images, first.train.images)
            np.testing.assert_array_equal(dataset.test.images, first.test.images)
            assert dataset.train.names == first.train.names
            assert dataset.test.labels.tolist() == first.test.labels.tolist()


def test_every_variant_is_resized_alike(official: Official, tmp_path: Path) -> None:
    binary, python = (read(official, tmp_path / "left" / variant.folder, 20) for variant in official.variants)
    assert binary.image_size == 20
    np.testing.assert_array_equal(binary.train.images, python.train.images)
    plain = read(official, tmp_path / "left" / official.binary.folder)
    assert abs(binary.train.images.mean() - plain.train.images.mean()) < 2


@pytest.mark.parametrize("kind", ["binary", "python"])
@pytest.mark.parametrize("name", list(OFFICIALS))
def test_reading_takes_little_more_than_the_images(tmp_path: Path, kind: str, name: str) -> None:
    official = write_archives(small(OFFICIALS[name], 1500), tmp_path)
    path = tmp_path / getattr(official, kind).archive
    # What is imported, and Pillow's tables, are no matter of how many images there are.
    read(official, path)
    tracemalloc.start()
    dataset = read(official, path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    decoded = dataset.train.images.nbytes + dataset.test.images.nbytes
    words = 600 * (len(dataset.train) + len(dataset.test))
    assert most < 1.3 * decoded + words


def test_an_array_in_the_order_of_columns_is_understood() -> None:
    pixels = np.arange(6 * 3072, dtype=np.uint32).reshape(6, 3072).astype(np.uint8)
    room = np.empty(pixels.size, np.uint8)
    held = loaded(pickled(pixels, "labels", [1] * 6, by_columns=True), room)
    assert isinstance(held, dict)
    assert held[b"data"] == RecordedArray((6, 3072), is_by_columns=True)
    np.testing.assert_array_equal(room.reshape(3072, 6).T, pixels)


def test_a_batch_in_the_order_of_columns_gives_the_same_images(tmp_path: Path) -> None:
    official = write_archives(small(OFFICIALS["cifar100"]), tmp_path)
    plain = read(official, tmp_path / official.python.folder)
    for batch, of_binary in zip(official.python.batches, OFFICIALS["cifar100"].binary.batches, strict=True):
        records = records_of(OFFICIALS["cifar100"], of_binary, 12)
        content = pickled(records[:, 2:], "fine_labels", records[:, 1].tolist(), by_columns=True)
        (tmp_path / official.python.folder / batch.name).write_bytes(content)
    found = Found(official, official.python, tmp_path / official.python.folder)
    turned = result_of(BatchReader(found, 32).read())
    np.testing.assert_array_equal(turned.train.images, plain.train.images)


# What is on the machine


def test_what_others_left_is_found_in_place_of_a_download(official: Official, tmp_path: Path) -> None:
    left, data = tmp_path / "left", tmp_path / "data"
    python = official.python
    layouts = [python.folder, f"{python.folder}-target/{python.folder}", python.archive, official.binary.archive,
               official.binary.folder, f"{python.folder}-target_archive",
               f"{official.source.name}/{python.folder}"]  # fmt: skip
    for number, layout in enumerate(layouts):
        place = tmp_path / f"place{number}"
        target = place / layout
        target.parent.mkdir(parents=True)
        plain = Path(layout).name.replace("-target_archive", "")
        original = left / (python.archive if layout.endswith("_archive") else plain)
        (shutil.copytree if original.is_dir() else shutil.copyfile)(original, target)
        path = result_of(fetch_official(official, data, [tmp_path / "nowhere", place]))
        assert path == target
        assert len(read(official, path).train) == official.source.train
        found = found_at(path, (official,))
        assert found is not None
        assert found.official is official
    assert not data.exists()


def test_what_is_not_as_it_was_published_is_passed_over_unread(official: Official, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    left, data = tmp_path / "left", tmp_path / "data"
    content = (left / official.binary.archive).read_bytes()
    (left / official.python.folder / official.python.test.name).write_bytes(evil(canary))
    (left / official.python.archive).write_bytes(bytes(official.python.size))
    (left / official.binary.archive).write_bytes(b"x" * official.binary.size)
    batch = left / official.binary.folder / official.binary.test.name
    batch.write_bytes(batch.read_bytes()[::-1])
    with serving(content, cut(1000)) as served, pytest.MonkeyPatch.context() as patch:
        patch.setattr(official_archives, "_HOST", f"http://127.0.0.1:{served.port}/")
        path = result_of(fetch_official(official, data, [left], QUICK))
        again = result_of(fetch_official(official, data, [left], QUICK))
    assert path == again == data / official.binary.archive
    assert served.ranges == ["", "bytes=1000-"]
    assert len(read(official, path).test) == official.source.test
    assert not canary.exists()


def test_without_a_network_the_sentence_says_what_to_do(official: Official, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(official_archives, "_HOST", "http://127.0.0.1:9/")
        with pytest.raises(
            UserError, match=r"cannot download .*Connection refused; get .* by hand and put"
        ) as caught:
            result_of(fetch_official(official, tmp_path / "data", [], QUICK))
    assert ("use the shipped cifar10-jpeg" in str(caught.value)) == (official.source.name == "cifar10")


def test_a_given_file_that_is_not_as_it_was_published_is_refused(official: Official, tmp_path: Path) -> None:
    canary, left = tmp_path / "canary", tmp_path / "left"
    batch = left / official.python.folder / official.python.test.name
    batch.write_bytes(evil(canary))
    said = rf"{batch.name} is not of {official.source.collection} as it was published.*{official.source.name} as"
    with pytest.raises(UserError, match=said):
        read(official, left / official.python.folder)
    for name in (official.python.archive, official.binary.archive):
        content = (left / name).read_bytes()
        (left / name).write_bytes(content[:-1] + b"x")
        with pytest.raises(UserError, match=f"{name} is not of"):
            read(official, left / name)
    assert not canary.exists()


def test_what_may_not_be_read_or_is_something_else_is_told(official: Official, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=rf"is not {official.source.collection}; it must be {official.binary.archive}"
    ):
        read(official, tmp_path)
    for other in OFFICIALS.values():
        if other.source.name != official.source.name:
            with pytest.raises(UserError, match=f"is not {other.source.collection}"):
                read(other, tmp_path / "left" / official.python.archive)


def test_a_path_is_told_by_names_alone(tmp_path: Path) -> None:
    names = {
        "cifar-10-python.tar.gz": "cifar10",
        "cifar-10-binary.tar.gz": "cifar10",
        "cifar-10-python.tgz": "cifar10",
        "cifar-10-batches-py.tar.gz": "cifar10",
        "cifar-10-batches-py-target_archive": "cifar10",
        "cifar-100-python (1).tar.gz": "cifar100",
        "cifar-100-binary.tar.gz": "cifar100",
        "CIFAR-100-Python.tar.gz": "cifar100",
        "cifar-100-python_archive": "cifar100",
        "my-cifar-10.tar.gz": None,
        "cifar-10-python.zip": None,
    }
    for name, known in names.items():
        path = tmp_path / name
        assert official_at(path) is None
        path.write_bytes(b"")
        found = official_at(path)
        assert (found.source.name if found else None) == known, name


def test_a_folder_of_ones_own_is_not_taken_for_an_official_one(tmp_path: Path) -> None:
    for name in ("train", "test"):
        (tmp_path / "mine" / name / "cat").mkdir(parents=True)
    assert official_at(tmp_path / "mine") is None
    write_archives(small(OFFICIALS["cifar100"], 1), tmp_path / "left")
    assert official_at(tmp_path / "left") is None
    assert official_at(tmp_path / "left" / "cifar-100-python") is OFFICIALS["cifar100"]
    outer = tmp_path / "cifar-100-python-target"
    shutil.copytree(tmp_path / "left" / "cifar-100-python", outer / "cifar-100-python")
    assert official_at(outer) is OFFICIALS["cifar100"]
    (outer / "cifar-100-python" / "test").unlink()
    assert official_at(outer) is None
    assert official_at(Path("a\0b")) is None


def test_the_places_are_those_of_torchvision_and_keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_places() == ()
    monkeypatch.setenv("RESNET_WORKBENCH_DATASETS", os.pathsep.join(["/a", "", "~/b"]))
    assert default_places() == (Path("/a"), Path.home() / "b")
    monkeypatch.delenv("RESNET_WORKBENCH_DATASETS")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", "/torch")
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    places = default_places()
    wanted = (tmp_path / "data", tmp_path / ".keras" / "datasets", tmp_path / "datasets", Path("/torch/data"))
    assert set(wanted) <= set(places)
    monkeypatch.setenv("KERAS_HOME", "/keras")
    assert Path("/keras/datasets") in default_places()
    assert list(at_hand(OFFICIALS["cifar10"], [tmp_path / "missing"])) == []


# Sources


def test_a_source_is_read_from_what_was_left_and_then_from_its_copy(
    official: Official, tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, left = official.source.name, tmp_path / "left"
    monkeypatch.setitem(OFFICIALS, name, official)
    monkeypatch.setenv("RESNET_WORKBENCH_DATASETS", str(left))
    folder = result_of(sources.read(name, 32, home))
    assert folder.name == f"{name}-{copy_digest(official)[:16]}-32px"
    assert len(Dataset.require(folder).train) == official.source.train
    # Neither a search nor a download for what is decoded already.
    shutil.rmtree(left)
    assert result_of(sources.read(name, 32, home)) == folder
    assert sources.absolute(name, home) == name


def test_a_copy_of_an_earlier_version_is_kept(
    official: Official, tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OFFICIALS, official.source.name, official)
    path = shutil.copyfile(tmp_path / "left" / official.binary.archive, home.data / official.binary.archive)
    dataset = read(official, path)
    former = home.data / f"{official.source.name}-0123456789ab"
    dataset.save(former)
    assert result_of(sources.read(official.source.name, 32, home)) == former


def test_an_official_archive_by_its_path_is_a_source(
    official: Official, tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "official_at", lambda path: official if found_at(path, (official,)) else None)
    monkeypatch.setattr(sources, "official_at", lambda path: official if found_at(path, (official,)) else None)
    kept = tmp_path / f"{official.python.folder}-target_archive"
    shutil.copyfile(tmp_path / "left" / official.python.archive, kept)
    for path in (kept, tmp_path / "left" / official.python.folder, tmp_path / "left" / official.binary.archive):
        dataset = Dataset.require(result_of(sources.read(str(path), 32, home)))
        assert dataset.class_names == official.source.class_names
        assert len(dataset.test) == official.source.test


def test_looking_through_an_official_archive_tells_its_classes(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "cifar-100-python.tar.gz"
    path.write_bytes(b"")
    found = result_of(survey.survey(str(path), home)).found
    assert found.class_names == OFFICIALS["cifar100"].source.class_names
    assert (found.images("train"), found.images("test"), found.problem()) == (50_000, 10_000, "")


def test_the_table_is_that_of_the_sources() -> None:
    for name, official in OFFICIALS.items():
        assert IMAGE_SOURCES[name] is official.source
        assert official.binary.size == official.source.download_bytes
        for variant in official.variants:
            assert official.source.train % len(variant.train) == 0
            assert all(len(batch.md5) == 32 for batch in variant.batches)
    assert {name for name, source in IMAGE_SOURCES.items() if not source.is_shipped} == set(OFFICIALS)


# Damaged archives


def _packed(official: Official, path: Path, contents: dict[str, bytes]) -> Found:
    with tarfile.open(path, "w:gz") as stream:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"x/{name}")
            member.size = len(content)
            stream.addfile(member, io.BytesIO(content))
    return Found(official, official.binary, path)


def test_members_of_other_sizes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    official = small(OFFICIALS["cifar100"])
    good = {
        batch.name: records_of(OFFICIALS["cifar100"], batch, 12).tobytes() for batch in official.binary.batches
    }
    path = tmp_path / "a.tar.gz"
    for changed, words in (
        ({"test.bin": bytes(50_000_000)}, "test.bin has 50000000 bytes, which is not the size of 12 images"),
        ({"train.bin": good["train.bin"][:-1]}, "train.bin has 36887 bytes"),
        ({"test.bin": b"\xff" * len(good["test.bin"])}, "test.bin has labels above 99"),
    ):
        reading = BatchReader(_packed(official, path, good | changed), 32).read()
        tracemalloc.start()
        with pytest.raises(ValueError, match=words):
            result_of(reading)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
        tracemalloc.stop()
    with pytest.raises(ValueError, match=r"it has no test\.bin"):
        result_of(BatchReader(_packed(official, path, {"train.bin": good["train.bin"]}), 32).read())


def test_a_read_can_be_stopped_soon(tmp_path: Path) -> None:
    official = write_archives(small(OFFICIALS["cifar100"], 1500), tmp_path)
    for variant in official.variants:
        steps = list(BatchReader(Found(official, variant, tmp_path / variant.archive), 32).read())
        # A step for so many images at least.
        assert len(steps) > 2 * 1500 // 100
        assert steps[-1].done == steps[-1].total == 3000


# Pickles


def loaded(content: bytes, room: np.ndarray[Any, np.dtype[np.uint8]] | None = None) -> object:
    return result_of(ArrayPickle(io.BytesIO(content), np.empty(4, np.uint8) if room is None else room).load())


class _Calls:
    """Pickled as a call of whatever it is given."""

    def __init__(self, called: Callable[..., object], *arguments: object) -> None:
        self._made = called, arguments

    def __reduce__(self) -> Any:
        return self._made


def evil(canary: Path) -> bytes:
    return pickle.dumps({"data": _Calls(os.system, f"touch {canary}")}, 2)


def test_what_arrays_and_words_are_made_of_is_read() -> None:
    held = {"a": [1, -5, 300, 70_000, True, None], b"b": (1, 2), "long": "x" * 300, "c": {"d": b"\xff"}, "e": ()}
    for protocol in (3, 4):
        assert loaded(pickle.dumps(held, protocol)) == held
    big = np.arange(70_000, dtype=np.uint8).reshape(700, 100)
    room = np.empty(big.size, np.uint8)
    assert loaded(pickle.dumps({"data": big}, 4), room) == {"data": RecordedArray((700, 100))}
    np.testing.assert_array_equal(room.reshape(700, 100), big)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_what_would_run_is_named_and_does_not_run(tmp_path: Path, protocol: int) -> None:
    canary = tmp_path / "canary"
    for called, arguments, words in (
        (os.system, (f"touch {canary}",), r"posix\.system|nt\.system"),
        (open, (str(canary), "w"), r"io\.open"),
        (eval, (f"open({str(canary)!r}, 'w')",), r"builtins\.eval|__builtin__\.eval"),
        (getattr, ("os", "upper"), r"builtins\.getattr|__builtin__\.getattr"),
        (Path.touch, (canary,), "Path|getattr"),
        (np.load, (str(canary),), r"numpy\.load"),
    ):  # fmt: skip
        content = pickle.dumps({"data": _Calls(called, *arguments)}, protocol)
        with pytest.raises(RefusedPickle, match=rf"it asks for .*({words}).*, which is never called"):
            loaded(content)
    assert not canary.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x80\x02Pabc\n.", "instruction PERSID"),
        (b"\x80\x02K\x01Q.", "instruction BINPERSID"),
        (b"(S'touch x'\nios\nsystem\n.", "instruction STRING|instruction INST"),
        (b"\x80\x02(cos\nsystem\no.", r"asks for os\.system"),
        (b"\x80\x02cnumpy\nndarray\n)\x81.", "instruction NEWOBJ"),
        (b"\x80\x02\x82\x01.", "instruction EXT1"),
        (b"\x80\x02G" + bytes(8) + b".", "instruction BINFLOAT"),
        (b"\x80\x02\xfe.", "instruction fe"),
        (b"\x80\x02cnumpy\nndarray\nK\x01\x85R.", "makes something else than an array"),
        (b"\x80\x02cnumpy\ndtype\ncnumpy\nndarray\n\x85R.", "makes something else than an array"),
        (b"\x80\x02}K\x01b.", "an array of another kind"),
        (b"\x80\x02a.", "do not fit together"),
        (b"\x80\x02K\x01(a.", "do not fit together"),
        (b"\x80\x02h\x05.", "do not fit together"),
        (b"\x80\x02e.", "do not fit together"),
        (b"\x80\x02}K\x01K\x02a.", "do not fit together"),
        (b"\x80\x02}(]K\x01u.", "whose keys are not texts"),
        (b"\x80\x02}(K\x01u.", "whose keys are not texts"),
        (b"\x80\x02c" + b"x" * 300, "a name in it is too long"),
        (b"\x80\x02T\xff\xff\xff\xff", "has 4294967295 bytes in one piece, where 4 are allowed"),
        (b"\x80\x02X\xff\xff\xff\x7f", "has 2147483647 bytes in one piece"),
    ],
)
def test_a_pickle_of_anything_else_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(RefusedPickle, match=words):
        loaded(content)


def test_a_cut_pickle_says_so() -> None:
    whole = pickled(np.zeros((30, 3072), np.uint8), "labels", [1] * 30)
    for cut_at in (0, 1, 5, 100, 50_000, len(whole) - 1):
        with pytest.raises(EOFError, match="ends too early"):
            loaded(whole[:cut_at], np.empty(30 * 3072, np.uint8))


def test_arrays_of_other_kinds_and_sizes_are_refused(tmp_path: Path) -> None:
    pixels = np.zeros((30, 3072), np.uint8)
    room = np.empty(pixels.size, np.uint8)
    whole = pickled(pixels, "labels", [1] * 30)
    assert isinstance(loaded(whole, room), dict)
    with pytest.raises(RefusedPickle, match="an array of O8, where uint8 is allowed"):
        loaded(pickled(pixels, "labels", [1] * 30, spelled=b"O8"), room)
    # A shape of 10**12 numbers, whose memory nobody asks for.
    bomb = whole.replace(b"M\x1e\x00M\x00\x0c\x86", b"J\x40\x42\x0f\x00J\x40\x42\x0f\x00\x86")
    assert bomb != whole
    tracemalloc.start()
    with pytest.raises(RefusedPickle, match="an array of 1000000 x 1000000, where 92160 numbers are allowed"):
        loaded(bomb, room)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    objects = np.empty(2, object)
    objects[0] = _Calls(os.system, f"touch {tmp_path / 'canary'}")
    nested = np.zeros(2, np.dtype([("a", "u1"), ("b", "O")]))
    for array in (objects, nested, np.zeros((2, 2), np.float32), np.array([b"x"])):
        with pytest.raises(RefusedPickle):
            loaded(pickle.dumps({"data": array}, 4))
    assert not (tmp_path / "canary").exists()
