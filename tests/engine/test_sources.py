"""Sources: the same images from folder, zip and tar; wrong ones named; the shipped archives."""

import io
import os
import shutil
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import CLASSES, SIDE, write_images
from workbench.core.data.dataset import Dataset
from workbench.core.data.image_sources import IMAGE_SOURCES, SAMPLE, ImageSource
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.resources import resource_path
from workbench.engine.data import sources
from workbench.engine.data.tar import opened_tar


def run(work: Generator[Progress, None, object]) -> tuple[list[Progress], object]:
    said = []
    while True:
        try:
            said.append(next(work))
        except StopIteration as end:
            return said, end.value


def packed(folder: Path, kind: str) -> Path:
    return Path(shutil.make_archive(str(folder.parent / f"packed-{kind}"), kind, folder))


def read(source: object, home: Home, size: int = SIDE) -> Dataset:
    _, folder = run(sources.read(str(source), size, home))
    return Dataset.require(Path(str(folder)))


@pytest.fixture
def zip_file(image_folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "images.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(image_folder.rglob("*.png"), reverse=True):
            archive.write(file, f"some/folder/{file.relative_to(image_folder)}")
    return path


@pytest.fixture
def tar_file(image_folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "images.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(image_folder, ".")
    return path


def test_every_container_gives_the_same_data_in_the_same_order(
    image_folder: Path, zip_file: Path, tar_file: Path, home: Home
) -> None:
    folder = read(image_folder, home)
    assert folder.class_names == CLASSES
    assert (len(folder.train), len(folder.test)) == (120, 36)
    for other in (read(zip_file, home), read(tar_file, home)):
        np.testing.assert_array_equal(other.train.images, folder.train.images)
        np.testing.assert_array_equal(other.test.labels, folder.test.labels)
        assert other.test.names == folder.test.names


def test_the_second_time_comes_from_the_decoded_copy(zip_file: Path, home: Home) -> None:
    said, first = run(sources.read(str(zip_file), SIDE, home))
    assert any(progress.done == progress.total == 156 for progress in said)
    again, second = run(sources.read(str(zip_file), SIDE, home))
    assert again == []
    assert first == second


def test_what_was_moved_or_touched_is_not_read_again(image_folder: Path, tmp_path: Path, home: Home) -> None:
    _, first = run(sources.read(str(image_folder), SIDE, home))
    moved = shutil.copytree(image_folder, tmp_path / "elsewhere", copy_function=shutil.copyfile)
    said, second = run(sources.read(str(moved), SIDE, home))
    assert second == first
    assert {progress.activity for progress in said} == {"Looking at elsewhere"}
    (moved / "notes.txt").write_text("that is no image")
    assert run(sources.read(str(moved), SIDE, home))[1] == first


def test_a_changed_folder_is_read_again(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 4, 2)
    assert len(read(root, home).train) == 12
    Image.new("RGB", (SIDE, SIDE)).save(root / "train" / "red" / "new.png")
    assert len(read(root, home).train) == 13


def test_other_sizes_and_modes_are_cropped_and_resized(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    Image.new("L", (50, 20), 200).save(root / "train" / "red" / "gray.png")
    Image.new("P", (8, 8)).save(root / "test" / "red" / "palette.gif")
    dataset = read(root, home, size=24)
    assert dataset.train.images.shape == (7, 24, 24, 3)
    gray = dataset.train.names.index("train/red/gray.png")
    assert (dataset.train.images[gray] == 200).all()


def test_files_that_are_no_images_are_passed_over(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    (root / "train" / "red" / "notes.txt").write_text("x")
    (root / "train" / "red" / ".hidden.png").write_bytes(b"x")
    (root / "readme.png").write_bytes(b"x")
    assert len(read(root, home).train) == 6


def test_an_unknown_class_folder_is_named(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    (root / "test" / "gren").mkdir()
    Image.new("RGB", (8, 8)).save(root / "test" / "gren" / "1.png")
    with pytest.raises(UserError, match=r"test/gren .*did you mean 'green'"):
        read(root, home)


@pytest.mark.parametrize(("part", "words"), [("train", "of 0 classes"), ("test", "no images in test")])
def test_a_missing_part_is_named(tmp_path: Path, home: Home, part: str, words: str) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    (root / part).rename(root / "other")
    with pytest.raises(UserError, match=words):
        read(root, home)


def test_what_cannot_be_decoded_is_left_out_and_listed(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 3, 1)
    names = sorted(path.name for path in (root / "train" / "red").iterdir())
    whole = (root / "train" / "red" / names[1]).read_bytes()
    (root / "train" / "red" / names[0]).write_bytes(b"not a png")
    (root / "train" / "red" / "empty.png").write_bytes(b"")
    (root / "train" / "red" / "cut.png").write_bytes(whole[: len(whole) // 2])
    for source in (root, packed(root, "zip"), packed(root, "gztar")):
        dataset = read(source, home)
        assert len(dataset.train) == 8
        known = "it is no image that is known here"
        assert [(path.rpartition("/")[2], why == known) for path, why in dataset.unreadable] == [
            (names[0], True), ("cut.png", False), ("empty.png", True),
        ]  # fmt: skip
        # Who was left out keeps its number.
        red = dataset.train.original_indices[dataset.train.labels == dataset.class_names.index("red")]
        assert 0 not in np.diff(red)
        assert len(red) == 2


@pytest.mark.parametrize(
    ("part", "words"), [("train", "training image of class red"), ("test", "image for testing")]
)
def test_a_class_of_which_nothing_can_be_read_is_named(tmp_path: Path, home: Home, part: str, words: str) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    for path in (root / part).glob("red/*" if part == "train" else "*/*"):
        path.write_bytes(b"no")
    with pytest.raises(UserError, match=rf"no .*{words} in .*mine can be read: .*{part}/.*it is no image"):
        read(root, home)
    assert not list(home.data.glob("*mine*"))


@pytest.mark.parametrize("kind", ["zip_file", "tar_file"])
@pytest.mark.parametrize("keep", [0.0, 0.5, 0.98])
def test_a_cut_archive_is_named(kind: str, keep: float, home: Home, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(kind)
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(UserError, match=path.name):
        read(path, home)


def test_a_cut_xz_archive_is_named(tmp_path: Path, home: Home) -> None:
    content = resource_path(SAMPLE.resource).read_bytes()
    cut = tmp_path / "cut.tar.xz"
    cut.write_bytes(content[: len(content) // 20])
    with pytest.raises(UserError, match=r"cut\.tar\.xz; the file is damaged|cut\.tar\.xz.*damaged or cut short"):
        read(cut, home)


def test_a_tar_cut_between_two_images_is_not_taken_for_whole(
    image_folder: Path, tmp_path: Path, home: Home
) -> None:
    path = tmp_path / "plain.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(image_folder, ".")
    with tarfile.open(path) as archive:
        last = archive.getmembers()[-1]
    path.write_bytes(path.read_bytes()[: last.offset])
    with pytest.raises(UserError, match="end mark"):
        read(path, home)


def test_sixteen_bit_and_transparent_images_are_seen_as_people_see_them(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    deep = np.full((SIDE, SIDE), 30_000, np.uint16)
    Image.fromarray(deep).save(root / "train" / "red" / "deep.png")
    Image.new("RGBA", (SIDE, SIDE), (255, 0, 0, 0)).save(root / "train" / "red" / "clear.png")
    dataset = read(root, home)
    images = dict(zip(dataset.train.names, dataset.train.images, strict=True))
    assert (images["train/red/deep.png"] == 30_000 // 257).all()
    assert (images["train/red/clear.png"] == 255).all()


def test_photographs_are_upright(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    photo = Image.new("RGB", (SIDE, SIDE))
    photo.paste((255, 255, 255), (0, 0, SIDE, SIDE // 2))
    exif = Image.Exif()
    exif[274] = 3  # turned upside down
    photo.save(root / "train" / "red" / "photo.png", exif=exif)
    dataset = read(root, home)
    upright = dict(zip(dataset.train.names, dataset.train.images, strict=True))["train/red/photo.png"]
    assert upright[0, 0].tolist() == [0, 0, 0]
    assert upright[-1, 0].tolist() == [255, 255, 255]


def test_links_that_lead_nowhere_are_passed_over(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    (root / "train" / "red" / "gone.png").symlink_to(tmp_path / "nothing.png")
    assert len(read(root, home).train) == 6


def test_a_path_that_cannot_be_looked_up_is_refused(home: Home) -> None:
    for source in ("x" * 5000, "~nobody-of-that-name/x"):
        with pytest.raises(UserError, match=r"data\.source"):
            sources.locate(source, home)


def test_a_wrong_source_gets_the_allowed_ones(tmp_path: Path, home: Home) -> None:
    with pytest.raises(UserError, match=r"data\.source is 'sampel'.*did you mean 'sample'.*cifar10-jpeg"):
        sources.locate("sampel", home)
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UserError, match=r"no folder, \.zip or \.tar"):
        sources.locate(str(tmp_path / "notes.txt"), home)


def test_the_shipped_sample_is_real_and_whole(home: Home) -> None:
    dataset = read("sample", home, size=32)
    assert dataset.train.images.shape == (10_000, 32, 32, 3)
    assert np.bincount(dataset.test.labels).tolist() == [200] * 10
    assert dataset.class_names[3] == "cat"
    # Photographs, not noise: neighboring pixels are alike, whole images are not.
    pixels = dataset.test.images.astype(float)
    assert np.abs(np.diff(pixels, axis=2)).mean() < 20
    assert pixels.mean((1, 2, 3)).std() > 20


@pytest.mark.parametrize("source", [s for s in IMAGE_SOURCES.values() if s.is_shipped], ids=lambda s: str(s.name))
def test_the_table_says_what_a_shipped_archive_holds(source: ImageSource) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    sizes = set()
    with opened_tar(resource_path(source.resource)) as stream:
        for member in stream:
            if not member.isfile() or not member.name.endswith(".jpg"):
                continue
            part, label = member.name.split("/")[-3:-1]
            opened = stream.extractfile(member) if not counts[part, label] else None
            counts[part, label] += 1
            if opened is not None:
                sizes.add(Image.open(io.BytesIO(opened.read())).size)
    parts = {
        part: sum(count for (its_part, _), count in counts.items() if its_part == part)
        for part in ("train", "test")
    }
    assert parts == {"train": source.train, "test": source.test}
    assert sizes == {(source.image_size, source.image_size)}
    for part in parts:
        assert sorted(label for its_part, label in counts if its_part == part) == list(source.class_names)


def test_a_decoded_copy_that_is_odd_is_made_again(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    _, folder = run(sources.read(str(root), SIDE, home))
    manifest = Path(str(folder)) / "dataset.json"
    whole = manifest.read_text()
    for odd in ('{"version": null}', "[" * 10_000, whole.replace('"version": 1', '"version": "1"')):
        manifest.write_text(odd)
        assert len(read(root, home).train) == 6
    # Of another size than the network wants.
    read(root, home, size=8).save(Path(str(folder)))
    assert read(root, home).image_size == SIDE


def odd_folder(root: Path, name: bytes) -> Path:
    """Images of two classes, one of whose folders is called `name`."""
    for part in (b"train", b"test"):
        for label in (b"plain", name):
            folder = os.path.join(os.fsencode(root), part, label)
            os.makedirs(folder)
            Image.new("RGB", (SIDE, SIDE)).save(os.path.join(folder, b"1.png"), "PNG")
    return root


def odd_tar(path: Path, name: str) -> Path:
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for part in ("train", "test"):
            for label in ("plain", name):
                member = tarfile.TarInfo(f"{part}/{label}/1.png")
                member.size = len(PNG)
                archive.addfile(member, io.BytesIO(PNG))
    return path


def odd_zip(path: Path, name: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for part in ("train", "test"):
            for label in ("plain", name):
                archive.writestr(f"{part}/{label}/1.png", PNG)
    return path


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE)).save(buffer, "PNG")
    return buffer.getvalue()


PNG = png()


@pytest.mark.skipif(os.name == "nt", reason="names of bytes are Unix's")
@pytest.mark.parametrize(("name", "said"), [(b"caf\xe9", r"caf\\xe9"), (b"a\nb", r"a\\nb")])
def test_a_class_folder_whose_name_is_no_text_is_named(tmp_path: Path, home: Home, name: bytes, said: str) -> None:
    words = rf"the class folder (train|test)/{said} in .* needs another name: one line"
    with pytest.raises(UserError, match=words):
        read(odd_folder(tmp_path / "mine", name), home)
    with pytest.raises(UserError, match=words):
        read(odd_tar(tmp_path / "mine.tar", os.fsdecode(name)), home)


@pytest.mark.parametrize(("name", "said"), [("a\nb", r"a\\nb"), ("x" * 60_000, r"xxx.*…x* \(60000 characters\)")])
@pytest.mark.parametrize(("write", "suffix"), [(odd_tar, "tar"), (odd_zip, "zip")])
def test_a_class_that_no_folder_could_be_is_named(
    tmp_path: Path, home: Home, write: Callable[[Path, str], Path], suffix: str, name: str, said: str
) -> None:
    with pytest.raises(UserError, match=rf"the class folder train/{said} in .* needs another name") as caught:
        read(write(tmp_path / f"mine.{suffix}", name), home)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("name", ["../up", "/etc", "a/../../b", "..\\up", "C:/up"])
@pytest.mark.parametrize(("write", "suffix"), [(odd_tar, "tar"), (odd_zip, "zip")])
def test_an_archive_that_leads_out_of_itself_is_refused(
    tmp_path: Path, home: Home, write: Callable[[Path, str], Path], suffix: str, name: str
) -> None:
    path = tmp_path / f"mine.{suffix}"
    write(path, "other")
    with_entry(path, f"{name}/1.png")
    with pytest.raises(UserError, match=r"the entry .* in .*mine\.\w+ leads out of it"):
        read(path, home)


def with_entry(path: Path, name: str) -> None:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(name, PNG)
        return
    with tarfile.open(path, "a") as opened:
        member = tarfile.TarInfo(name)
        member.size = len(PNG)
        opened.addfile(member, io.BytesIO(PNG))


def test_a_zip_that_marks_other_bytes_as_utf8_is_refused(tmp_path: Path, home: Home) -> None:
    path = odd_zip(tmp_path / "mine.zip", "caf\u00e9s")
    path.write_bytes(path.read_bytes().replace("\u00e9s".encode(), b"\xe9ss"))
    with pytest.raises(UserError, match=r"mine\.zip: a name in it is marked as UTF-8, but is none"):
        read(path, home)


@pytest.mark.skipif(os.name == "nt", reason="names of bytes are Unix's")
def test_an_image_may_be_called_anything(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    folder = os.path.join(os.fsencode(root), b"train", b"red")
    Image.new("RGB", (SIDE, SIDE)).save(os.path.join(folder, b"caf\xe9\n.png"), "PNG")
    assert r"train/red/caf\xe9\n.png" in read(root, home).train.names


@pytest.mark.skipif(os.name == "nt", reason="pipes with a name are Unix's")
def test_a_pipe_among_the_images_is_passed_over(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    os.mkfifo(root / "train" / "red" / "1.png")
    assert len(read(root, home).train) == 6


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_an_image_that_may_not_be_read_is_left_out(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    hidden = min((root / "train" / "red").iterdir())
    with without_rights(tmp_path, hidden):
        dataset = read(root, home)
    assert dataset.unreadable == ((f"train/red/{hidden.name}", "Permission denied"),)
    # It is another content once it may.
    assert read(root, home).unreadable == ()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
@pytest.mark.parametrize("hidden", ["mine.zip", "mine/train/red"])
def test_what_may_not_be_read_is_named(tmp_path: Path, home: Home, hidden: str) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    archive = odd_zip(tmp_path / "mine.zip", "other")
    source = archive if hidden.endswith(".zip") else root
    with without_rights(tmp_path, tmp_path / hidden), pytest.raises(UserError, match=r"Permission denied"):
        read(source, home)


@contextmanager
def without_rights(root: Path, hidden: Path) -> Iterator[None]:
    """As somebody who may not read `hidden`; the superuser, who may read everything, becomes another one."""
    is_superuser = os.geteuid() == 0
    opened = [root, *(folder for folder in root.parents if folder.is_relative_to(tempfile.gettempdir()))]
    modes = {path: path.stat().st_mode for path in (*opened, *root.rglob("*"))}
    for path in modes if is_superuser else ():
        path.chmod(modes[path] | 0o777)
    hidden.chmod(0)
    try:
        if is_superuser:
            os.seteuid(65534)
        yield
    finally:
        if is_superuser:
            os.seteuid(0)
        for path, mode in modes.items():
            if path.exists():
                path.chmod(mode)
