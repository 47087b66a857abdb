"""The list of export formats: one description each, and sentences for what is wrong."""

from dataclasses import replace
from pathlib import Path

import pytest

from workbench.core.errors import UserError
from workbench.core.export.formats import EXPORT_FORMATS, ONNX, TENSORBOARD, format_named


def test_each_says_what_it_is() -> None:
    suffixes = [each.suffix for each in EXPORT_FORMATS.values()]
    assert len(set(suffixes)) == len(suffixes)
    for name, each in EXPORT_FORMATS.items():
        assert each.name == name
        assert each.sentence.endswith(".")
        # Whoever lacks a package can be told what to install.
        assert bool(each.packages) == bool(each.extra)


def test_a_wrong_name_gets_the_nearest_one() -> None:
    with pytest.raises(UserError, match=r"--format is 'onx' \(did you mean 'onnx'\?\); it must be python, onnx, "):
        format_named("onx")
    assert format_named("ONNX") is EXPORT_FORMATS[ONNX]


def test_a_missing_package_is_said_with_what_installs_it() -> None:
    there = replace(EXPORT_FORMATS[ONNX], packages=("json",))
    assert there.why_not == ""
    lacking = replace(there, packages=("json", "nowhere_a", "nowhere_b"))
    words = "onnx needs nowhere_a and nowhere_b, which are not installed"
    assert lacking.why_not == f'{words}: pip install "resnet-workbench[onnx]"'
    with pytest.raises(UserError, match="not installed"):
        lacking.require()


def test_outputs_are_looked_at_before_the_work(tmp_path: Path) -> None:
    onnx, events = EXPORT_FORMATS[ONNX], EXPORT_FORMATS[TENSORBOARD]
    onnx.check_output(tmp_path / "new" / "net.ONNX")
    events.check_output(tmp_path)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "net.onnx").mkdir()
    for wanted, path, words in (
        (onnx, tmp_path / "net.pt", "for onnx it must end in .onnx"),
        (onnx, tmp_path / "net.onnx", "it is a folder"),
        (onnx, tmp_path / "file" / "net.onnx", "is no folder"),
        (events, tmp_path / "file", "is no folder"),
    ):
        with pytest.raises(UserError, match=words):
            wanted.check_output(path)
