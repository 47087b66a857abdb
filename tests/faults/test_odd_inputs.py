"""Input that could hang, or come back whole: one short sentence at once."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.commands import TINY, call, command, refused
from workbench.commands.application import run
from workbench.core.home import Home

unix = pytest.mark.skipif(os.name == "nt", reason="pipes with a name, devices and names of bytes are Unix's")
# As Python passes on an argument that is no UTF-8.
CAFE = b"caf\xe9".decode("utf-8", "surrogateescape")
LONG = "x" * 100_000
# Torch alone takes seconds to load on a busy machine; without the check these would take for ever.
AT_ONCE_S = 60


@pytest.fixture
def pipe(tmp_path: Path) -> str:
    """Named like all that a command reads."""
    os.mkfifo(tmp_path / "pipe.zip")
    return str(tmp_path / "pipe.zip")


def asked(home: Home, *arguments: str) -> str:
    """The one sentence of a refusal; fails where it does not come at once."""
    called = command(home, *arguments)
    return short(subprocess.run(called, capture_output=True, text=True, timeout=AT_ONCE_S))


def answered(home: Home, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The same without a process of its own."""
    code = run(["--home", str(home.root), *arguments])
    said = capsys.readouterr()
    return short(subprocess.CompletedProcess(arguments, code, said.out, said.err))


def short(done: subprocess.CompletedProcess[str]) -> str:
    sentence = refused(done)
    assert len(sentence) < 700
    assert sentence.isprintable()
    return sentence


@unix
@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--data"],
        ["train", "--weights"],
        ["train", "--config"],
        ["evaluate", "--model", "resnet8", "--weights"],
        ["preflight", "--data"],
    ],
)
def test_a_pipe_is_not_waited_for(home: Home, pipe: str, arguments: list[str]) -> None:
    assert f"{pipe}" in (sentence := asked(home, *arguments, pipe))
    assert "it is a pipe, not a file" in sentence


@unix
@pytest.mark.parametrize("option", ["--data", "--config"])
def test_a_device_is_not_read(home: Home, option: str) -> None:
    assert "/dev/zero" in (sentence := asked(home, "train", option, "/dev/zero"))
    assert "it is a device, not a file" in sentence


@unix
def test_an_export_does_not_wait_for_a_pipe(home: Home, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "net.py")
    said = asked(home, "export", "--model", "resnet8", "--output", str(tmp_path / "net.py"))
    assert "it is a pipe, not a file" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--data", LONG],
        ["train", "--weights", LONG],
        ["train", "--config", LONG],
        ["train", "--device", LONG],
        ["train", "--recipe", LONG],
        ["train", "--epochs", LONG],
        ["train", "--name", LONG],
        ["train", "--set", LONG],
        ["describe", "--model", LONG],
        ["describe", "--model", "resnet8", "--set", f"model.widths={LONG}"],
        ["describe", "--model", "resnet8", "--set", f"model.{LONG}=1"],
        ["describe", "--model", "resnet8", "--set", f"{LONG}=1"],
        ["resume", LONG],
        ["runs", "show", LONG],
        ["export", LONG, "--output", "x.py"],
        ["export", "--model", "resnet8", "--output", f"{LONG}.py"],
        [LONG],
        ["train", f"--{LONG}"],
    ],
    ids=lambda arguments: " ".join(argument[:30] for argument in arguments),
)
def test_a_value_of_100_000_characters_is_shortened(
    home: Home, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = answered(home, arguments, capsys)
    assert "characters" in sentence
    assert "x…x" in sentence


@unix
@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--data", CAFE],
        ["train", "--name", CAFE],
        ["train", "--weights", CAFE],
        ["train", "--config", CAFE],
        ["describe", "--model", CAFE],
        ["describe", "--model", "resnet8", "--set", f"model.stem={CAFE}"],
        ["runs", "show", CAFE],
        ["export", "--model", "resnet8", "--output", CAFE],
    ],
)
def test_bytes_that_are_no_text_are_shown_escaped(
    home: Home, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert r"caf\xe9" in answered(home, arguments, capsys)


@unix
def test_a_home_whose_name_is_no_text_works(tmp_path: Path, image_folder: Path) -> None:
    home = Home(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")))
    strict = {"PYTHONIOENCODING": "utf-8:strict"}
    done = call(home, "train", *TINY, "--data", str(image_folder), "--epochs", "1", "--json", **strict)
    assert done.returncode == 0, done.stderr
    for arguments in (["runs", "show", "latest"], ["export", "latest", "--output", str(home.root / "net.py")]):
        done = call(home, *arguments, **strict)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_home_of_nobody_is_refused(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    sentence = answered(home, ["--home", "~nobody-of-that-name/x", "models"], capsys)
    assert "the home folder ~nobody-of-that-name/x cannot be found" in sentence


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "is not JSON: it is nested too deeply"),
        ("[1]", "holds [1]; expected an object of fields"),
        ('{"model": null}', "model is null; it must be an object of fields"),
        (json.dumps({"model": {f"k{letter}": 1 for letter in "abcdefghijklmno"}}), "and 7 more fields are wrong"),
    ],
)
def test_an_odd_configuration_is_refused(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    (tmp_path / "odd.json").write_text(text)
    assert words in answered(home, ["train", "--config", str(tmp_path / "odd.json")], capsys)
