"""Images of one's own become what a network takes, as its training images did; what is none is a sentence."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.trained import exhausted
from workbench.core.data.dataset import Dataset
from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.engine.data import sources
from workbench.engine.inspection.given_image import from_bytes, from_pixels, read_image

_SIDE = 32


def _noise(width: int, height: int, channels: int = 3) -> Image.Image:
    pixels = np.random.default_rng(width * height).integers(0, 256, (height, width, channels), np.uint8)
    return Image.fromarray(pixels.squeeze())


def _saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


def test_an_image_of_the_networks_size_is_taken_as_it_is(tmp_path):
    image = _noise(_SIDE, _SIDE)
    given = read_image(_saved(image, tmp_path / "a.png"), _SIDE)

    assert np.array_equal(given.pixels, np.asarray(image))
    assert given.pixels.dtype == np.uint8
    assert given.words == "32 x 32 pixels, taken as they are."


def test_it_is_cut_and_scaled_as_training_images_are(tmp_path):
    for part in ("train", "test"):
        for label in ("a", "b"):
            (tmp_path / f"own/{part}/{label}").mkdir(parents=True)
            _noise(101, 64).save(tmp_path / f"own/{part}/{label}/1.png")
    dataset = Dataset.require(exhausted(sources.read(str(tmp_path / "own"), _SIDE, Home(tmp_path / "home"))))

    given = read_image(tmp_path / "own/test/a/1.png", _SIDE)

    assert np.array_equal(given.pixels, dataset.test.images[0])
    assert given.original_size == (101, 64)
    assert tuple(given.crop) == (18.5, 0, 64, 64)
    assert given.words == "101 x 64 pixels; the middle 64 x 64 were cut out and scaled to 32 x 32."


def test_the_pixels_alone_give_the_same(tmp_path):
    image = _noise(40, 70)

    from_file = read_image(_saved(image, tmp_path / "a.png"), _SIDE)

    assert np.array_equal(from_pixels(np.asarray(image), _SIDE).pixels, from_file.pixels)
    assert np.array_equal(from_bytes((tmp_path / "a.png").read_bytes(), _SIDE).pixels, from_file.pixels)


def test_it_is_turned_upright_before_it_is_cut(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned by 90 degrees clockwise.
    image = _noise(64, 32)

    given = read_image(_saved(image, tmp_path / "a.png", exif=exif), _SIDE)

    assert given.original_size == (32, 64)
    assert tuple(given.crop) == (0, 16, 32, 32)
    assert np.array_equal(given.pixels, np.rot90(np.asarray(image), -1)[16:48])


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "RGBA", "I;16", "YCbCr"])
def test_every_kind_of_pixels_becomes_rgb(tmp_path, mode):
    if mode == "I;16":
        image = Image.fromarray(np.full((48, 48), 257 * 200, np.uint16))
    else:
        image = Image.new("RGB", (48, 48), (200, 200, 200)).convert(mode)
    kind = {"CMYK": "jpg", "YCbCr": "jpg"}.get(mode, "png")

    given = read_image(_saved(image, tmp_path / f"a.{kind}"), _SIDE)

    assert given.pixels.shape == (_SIDE, _SIDE, 3)
    # Few colors are dithered: only on the whole as bright.
    brightness = given.pixels.mean() if mode in ("1", "P") else given.pixels.astype(float)
    assert np.abs(brightness - 200).max() <= 4


def test_what_is_transparent_is_white(tmp_path):
    given = read_image(_saved(Image.new("RGBA", (9, 9), (0, 0, 0, 0)), tmp_path / "a.png"), _SIDE)

    assert (given.pixels == 255).all()


def test_a_single_pixel_fills_the_image(tmp_path):
    given = read_image(_saved(Image.new("RGB", (1, 1), (3, 99, 250)), tmp_path / "a.png"), _SIDE)

    assert (given.pixels == (3, 99, 250)).all()
    assert given.words == "1 x 1 pixels, scaled to 32 x 32."


def test_of_an_animation_the_first_frame_is_taken_and_said(tmp_path):
    frames = [Image.new("RGB", (32, 32), color) for color in ("red", "blue")]
    given = read_image(_saved(frames[0], tmp_path / "a.gif", save_all=True, append_images=frames[1:]), _SIDE)

    assert (given.pixels == (255, 0, 0)).all()
    assert given.words == "The first of several frames, 32 x 32 pixels, taken as they are."


def test_a_large_photograph_is_drafted_and_all_but_the_same(tmp_path):
    y, x = np.mgrid[:4200, :5000]
    waves = np.stack(
        [128 + 100 * np.sin(x / 300), 128 + 90 * np.cos(y / 210), 127 + 90 * np.sin((x + y) / 400)], -1
    )
    path = _saved(Image.fromarray(waves.astype(np.uint8)), tmp_path / "a.jpg", quality=95)

    drafted = read_image(path, _SIDE)
    with Image.open(path) as whole:
        exact = from_pixels(np.asarray(whole), _SIDE)

    assert drafted.original_size == exact.original_size == (5000, 4200)
    assert drafted.crop == exact.crop
    assert np.abs(drafted.pixels.astype(int) - exact.pixels).max() <= 2


def test_names_may_have_any_letters(tmp_path):
    path = _saved(_noise(20, 20), tmp_path / "木 🐸 é.png")

    assert read_image(path, _SIDE).original_size == (20, 20)


# What is no image, or none that is read.


def _refused(path: Path) -> str:
    with pytest.raises(UserError) as refused:
        read_image(path, _SIDE)
    sentence = str(refused.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    return sentence


def test_what_is_not_there_or_no_file_is_refused(tmp_path):
    assert "No such file" in _refused(tmp_path / "none.png")
    assert "it is a folder, not a file" in _refused(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")

    assert "it is a pipe, not a file" in _refused(tmp_path / "pipe.png")


@pytest.mark.parametrize("content", [b"", b"only text\n", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"])
def test_what_is_no_image_is_refused_whatever_its_name(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)

    assert "it is no image that is known here" in _refused(tmp_path / "a.png")


def test_a_cut_image_is_refused(tmp_path):
    path = _saved(_noise(300, 300), tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:5000])

    assert "truncated" in _refused(path)


@pytest.mark.parametrize("side", [9_500, 20_000])
def test_a_huge_image_is_refused_before_it_is_decoded(tmp_path, side):
    content = io.BytesIO()
    Image.new("1", (side, side)).save(content, "PNG")
    # Of its pixels nothing is left that could be decoded.
    (tmp_path / "a.png").write_bytes(content.getvalue()[:100])

    assert "at most 89 megapixels are" in _refused(tmp_path / "a.png")


def test_pixels_without_a_range_are_refused(tmp_path):
    path = _saved(Image.fromarray(np.zeros((9, 9), np.float32)), tmp_path / "a.tif")

    assert "expected 8 or 16 bits per channel" in _refused(path)


def test_a_refusal_of_pasted_bytes_names_what_it_was_told(tmp_path):
    with pytest.raises(UserError, match="cannot read the pasted image: it is no image"):
        from_bytes(b"nothing", _SIDE, "the pasted image")


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_one_color_that_means_transparent_becomes_white(tmp_path, mode):
    black = 0 if mode == "L" else (0, 0, 0)
    path = _saved(Image.new(mode, (_SIDE, _SIDE), black), tmp_path / "a.png", transparency=black)
    assert (read_image(path, _SIDE).pixels == 255).all()
