"""The curves that are drawn, written to files."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtGui import QAction, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import LONG_MS
from tests.gui.drawn import view_place
from tests.gui.run_events import epoch, started, steps
from tests.gui.seen import button, says
from tests.trained import record_run
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.gui.main_window import MainWindow
from workbench.gui.runs.curve_picture import write_png, write_svg
from workbench.gui.runs.plot_panel import PlotPanel
from workbench.gui.widgets.theme import MARGIN, Theme


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> PlotPanel:
    panel = PlotPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(900, 500)
    panel.show()
    fill(panel)
    return panel


def fill(panel: PlotPanel) -> None:
    for number, group in enumerate(("twins", "twins", "alone")):
        run = f"r{number}"
        panel.add_run(run, f"run {number}", number, group)
        panel.append(replace(started(run), name=f"run {number}"))
        panel.append(steps(1, 3000, run))
        for at in range(1, 31):
            panel.append(epoch(at, run))
    panel.redraw()


def test_a_picture_shows_what_is_drawn_at_twice_the_resolution(
    panel: PlotPanel, theme: Theme, tmp_path: Path
) -> None:
    write_png(panel, tmp_path / "curves.png", panel.ground)
    image = QImage(str(tmp_path / "curves.png"))
    assert image.width() == 2 * panel.width()
    colors = {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(image.height())}
    for number in range(3):
        assert theme.series(number).name() in colors
    assert image.pixelColor(1, 1) == theme.color("surface")
    # The window goes on as before.
    assert not any(plot.grab().isNull() for plot in panel.plots)


@pytest.mark.parametrize("are_grouped", [False, True])
def test_a_drawing_has_lines_and_texts_and_no_pixels(panel: PlotPanel, tmp_path: Path, are_grouped: bool) -> None:
    panel.choose(replace(panel.choices, are_seeds_grouped=are_grouped))
    panel.redraw()
    path = tmp_path / "curves.svg"
    write_svg(panel, path, panel.ground)
    tags = [element.tag.rpartition("}")[2] for element in ElementTree.parse(path).iter()]
    assert "image" not in tags
    # Raw, smoothed and test in each plot of each run; validation is wide, and so are its dots.
    assert tags.count("polyline") >= 3 * 2 * (2 if are_grouped else 3)
    words = path.read_text(encoding="utf-8")
    assert "run 2" in words
    assert "validation" in words
    assert "epoch" in words


def test_axes_of_a_drawing_are_as_wide_as_its_lines(panel: PlotPanel, theme: Theme, tmp_path: Path) -> None:
    path = tmp_path / "curves.svg"
    write_svg(panel, path, panel.ground)
    renderer = QSvgRenderer(str(path))
    image = QImage(renderer.viewBox().size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    # Just before the right end of the data, where there is nothing but the grid beside the lines.
    view = view_place(panel.loss)
    x = round(view.right()) + MARGIN - 3
    column = [image.pixelColor(x, y) for y in range(image.height())]
    assert sum(color != theme.color("surface") for color in column) >= 4
    assert image.pixelColor(x + 12, 1) == theme.color("surface")


def test_the_table_has_what_is_drawn(panel: PlotPanel) -> None:
    def told() -> set[tuple[str, str, str]]:
        return {(table.run, table.quantity, table.kind) for table in panel.tables()}

    kinds = ("raw", "smoothed", "validation", "test")
    every = {(f"run {n}", q, k) for n in range(3) for q in ("loss", "accuracy") for k in kinds}
    assert told() == every
    assert sum(map(len, panel.tables())) == 3 * 2 * (2 * 3000 + 2 * 30)
    panel.header.legend.muted.add("r1")
    panel.choose(replace(panel.choices, quantities=("loss", "rate"), kinds=frozenset(("test",))))
    assert told() == {(f"run {n}", q, k) for n in (0, 2) for q, k in (("loss", "test"), ("rate", "raw"))}
    panel.header.legend.muted.clear()
    panel.choose(replace(panel.choices, are_seeds_grouped=True))
    assert len(told()) == 6, "the runs behind a mean"


def ask(window: QWidget, text: str) -> None:
    (found,) = [each for each in window.findChildren(QAction) if each.text() == text]
    found.trigger()


@pytest.mark.parametrize(
    ("text", "suffix"), [("Picture (PNG)…", "png"), ("Drawing (SVG)…", "svg"), ("All points (CSV)…", "csv")]
)
def test_the_window_writes_the_file_that_is_asked_for(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, suffix: str
) -> None:
    window.workspaces.show("train")
    fill(window.plot_panel)
    path = tmp_path / f"written.{suffix}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    assert button(window.plot_panel, "Export").isEnabled()
    ask(window.plot_panel, text)
    qtbot.waitUntil(lambda: says(window.message_bar, "Written:"), timeout=LONG_MS)
    if suffix == "csv":
        with path.open(newline="", encoding="utf-8") as file:
            assert sum(1 for _ in csv.reader(file)) == 1 + 3 * 2 * (2 * 3000 + 2 * 30)
    assert path.stat().st_size > 1000
    assert [each.name for each in tmp_path.iterdir() if "written" in each.name] == [path.name]


def test_a_file_that_cannot_be_written_is_said(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.workspaces.show("train")
    fill(window.plot_panel)
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "file" / "x.png"), ""))
    ask(window.plot_panel, "Picture (PNG)…")
    assert says(window.message_bar, "cannot write")


def test_seeds_of_one_configuration_are_one_group(
    make_window: Callable[..., MainWindow], home: Home, tiny_config: RunConfig
) -> None:
    ids = [record_run(home, tiny_config.with_values({"training.seed": seed})) for seed in (1, 2)]
    ids.append(record_run(home, tiny_config.with_values({"training.epochs": 2})))
    window = make_window()
    window.workspaces.show("train")
    for run_id in ids:
        window.run_desk.draw_run(run_id, True)
    groups = [window.plot_panel.run(run_id).group for run_id in ids]
    assert groups[0] == groups[1] != groups[2]
