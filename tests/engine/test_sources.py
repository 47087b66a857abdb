"""Sources: the same images from folder, zip and tar; wrong ones named; the shipped archives."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import CLASSES, SIDE, write_images
from workbench.core.dataset import Dataset
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.image_sources import SAMPLE
from workbench.core.resources import resource_path
from workbench.engine.data import sources
from workbench.engine.data.official import fetch_official, read_official


def run(work: Generator[Progress, None, object]) -> tuple[list[Progress], object]:
    said = []
    while True:
        try:
            said.append(next(work))
        except StopIteration as end:
            return said, end.value


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
    assert said[-1].done == said[-1].total == 156
    again, second = run(sources.read(str(zip_file), SIDE, home))
    assert again == []
    assert first == second


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


def test_an_image_that_cannot_be_decoded_is_named(tmp_path: Path, home: Home) -> None:
    root = write_images(tmp_path / "mine", 2, 1)
    (root / "train" / "red" / "9.png").write_bytes(b"not a png")
    with pytest.raises(UserError, match=r"train/red/9\.png"):
        read(root, home)


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


def official_archive(path: Path, per_batch: int = 20) -> None:
    generator = np.random.default_rng(0)
    with tarfile.open(path, "w:gz") as archive:
        for name in [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]:
            records = generator.integers(0, 256, (per_batch, 3073), dtype=np.uint8)
            records[:, 0] = np.arange(per_batch) % 10
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = records.size
            archive.addfile(member, io.BytesIO(records.tobytes()))


def test_the_official_archive_is_read_channel_by_channel(tmp_path: Path) -> None:
    path = tmp_path / "cifar-10-binary.tar.gz"
    official_archive(path)
    dataset = read_official(path, 32)
    assert dataset.train.images.shape == (100, 32, 32, 3)
    assert dataset.test.labels.tolist() == [i % 10 for i in range(20)]
    with tarfile.open(path) as archive:
        raw = archive.extractfile("cifar-10-batches-bin/test_batch.bin")
        assert raw is not None
        record = raw.read(3073)
    assert dataset.test.images[0, 0, 1].tolist() == [record[1 + 1], record[1 + 1024 + 1], record[1 + 2048 + 1]]


def test_the_official_archive_is_downloaded_with_progress_and_checked(tmp_path: Path) -> None:
    served = tmp_path / "served.tar.gz"
    official_archive(served)
    digest = hashlib.md5(served.read_bytes(), usedforsecurity=False).hexdigest()
    target = tmp_path / "data.tar.gz"
    said, _ = run(fetch_official(target, "", served.as_uri(), digest))
    assert target.read_bytes() == served.read_bytes()
    assert said[-1].done == said[-1].total == served.stat().st_size


def test_a_damaged_download_leaves_nothing(tmp_path: Path) -> None:
    served = tmp_path / "served.tar.gz"
    served.write_bytes(b"something else")
    target = tmp_path / "data.tar.gz"
    with pytest.raises(UserError, match="damaged"):
        run(fetch_official(target, "", served.as_uri(), "0" * 32))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["served.tar.gz"]


def test_no_network_says_what_to_do_instead(tmp_path: Path) -> None:
    missing = (tmp_path / "missing").as_uri()
    with pytest.raises(UserError, match=r"cannot download .* or use the shipped cifar10-jpeg"):
        run(fetch_official(tmp_path / "data.tar.gz", "", missing, ""))
