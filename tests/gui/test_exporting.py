"""A run exported from the window: the list of formats, where to, and what is told of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLabel, QRadioButton
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.recorded import record
from tests.gui.seen import action, button, in_dialog, says
from tests.trained import record_run
from workbench.core.export import formats
from workbench.core.export.formats import EXPORT_FORMATS, ONNX, TENSORBOARD
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.gui.main_window import MainWindow
from workbench.gui.runs.export_dialog import ExportDialog
from workbench.gui.widgets.theme import Theme

FORMAT_TITLES = {each.title for each in EXPORT_FORMATS.values()}
WITH_TRAINING = "With the script that trains it, in plain PyTorch"


def choice(dialog: ExportDialog, title: str) -> QRadioButton:
    (found,) = (each for each in dialog.findChildren(QRadioButton) if each.text().startswith(f"{title} ("))
    return found


@pytest.fixture
def dialog(qtbot: QtBot, theme: Theme, monkeypatch: pytest.MonkeyPatch) -> ExportDialog:
    """Where the package of one format is missing."""
    lacking = replace(EXPORT_FORMATS[TENSORBOARD], packages=("nowhere",))
    monkeypatch.setitem(formats.EXPORT_FORMATS, TENSORBOARD, lacking)
    dialog = ExportDialog(record([0.5, 0.7]))
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_every_format_is_offered_with_its_sentence(dialog: ExportDialog) -> None:
    for name, each in EXPORT_FORMATS.items():
        if name == TENSORBOARD:
            continue
        assert choice(dialog, each.title).isEnabled()
        assert says(dialog, each.sentence)
        choice(dialog, each.title).click()
        assert dialog.chosen is each
    assert says(dialog, "those of the kept epoch, 2")


def test_what_is_not_installed_is_said_and_cannot_be_chosen(dialog: ExportDialog) -> None:
    missing = choice(dialog, "TensorBoard")
    assert not missing.isEnabled()
    assert says(dialog, 'pip install "resnet-workbench[tensorboard]"')
    (reason,) = (each for each in dialog.findChildren(QLabel) if "not installed" in each.text())
    assert reason.selectedText() == ""
    reason.setSelection(0, len(reason.text()))
    assert reason.selectedText() == EXPORT_FORMATS[TENSORBOARD].why_not


def test_the_script_that_trains_is_of_python_alone(dialog: ExportDialog) -> None:
    (training,) = dialog.findChildren(QCheckBox)
    assert training.isEnabled()
    assert not dialog.with_training
    training.click()
    assert dialog.with_training
    choice(dialog, "ONNX").click()
    assert not training.isEnabled()
    assert not dialog.with_training
    assert dialog.chosen is EXPORT_FORMATS[ONNX]


def choose(*titles: str, button_text: str = "Choose where…") -> None:
    """In the dialog that opens next: a format, then what else is to be clicked."""

    def click(dialog: ExportDialog) -> None:
        for title in titles:
            choice(dialog, title).click() if title in FORMAT_TITLES else button(dialog, title).click()
        button(dialog, button_text).click()

    in_dialog(ExportDialog, click)


def test_a_run_is_exported_in_any_format(
    qtbot: QtBot,
    make_window: Callable[..., MainWindow],
    home: Home,
    tiny_config: RunConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    asked: list[str] = []

    def answer(_window: object, _title: str, name: str, kind: str) -> tuple[str, str]:
        asked.append(f"{name} {kind}")
        return str(tmp_path / f"run{Path(name).suffix}"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "events"))
    for titles, words, files in (
        (("Python",), "run.py, and run.pt beside it", ("run.py", "run.pt")),
        (("Python", WITH_TRAINING), "run_train.py beside it", ("run_train.py",)),
        (("safetensors",), "Written: ", ("run.safetensors",)),
        (("CSV",), "run.csv, and run_epochs.csv beside it", ("run.csv", "run_epochs.csv")),
        (("TensorBoard",), "tfevents", ("events",)),
        (("TorchScript",), "loaded anew, its logits differ by", ("run.pt",)),
    ):
        window.message_bar.tell("info", "nothing yet")
        choose(*titles)
        action(window.runs_panel, "Export…").trigger()
        qtbot.waitUntil(lambda words=words: words in window.message_bar.text, timeout=LONG_MS)
        for name in files:
            assert (tmp_path / name).exists(), titles
    assert asked[2] == "custom.safetensors safetensors (*.safetensors)"


def test_canceled_nothing_is_asked_or_written(
    make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_run(home, tiny_config)
    window = make_window()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: pytest.fail("no file is asked for"))
    before = sorted(home.root.rglob("*"))
    choose("ONNX", button_text="Cancel")
    action(window.runs_panel, "Export…").trigger()
    assert not window.message_bar.isVisible()
    assert sorted(home.root.rglob("*")) == before
