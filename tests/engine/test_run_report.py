"""A run as one HTML file: whole, offline, true, and written whatever is missing."""

import json
import re
import shlex
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.core.test_train_command import typed
from tests.engine.html_pages import Element, parsed
from tests.run_writer import Writer
from tests.trained import exhausted, record_run
from workbench.core.data.dataset import ImageSet
from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import RateChanged
from workbench.core.export.formats import EXPORT_FORMATS, HTML
from workbench.core.home import Home
from workbench.core.intervals import wilson_interval
from workbench.core.records.run_record import RunRecord
from workbench.core.records.run_series import RunSeries
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import Presets
from workbench.engine.export import run_export
from workbench.engine.reports.reported_run import ReportedRun, read_run
from workbench.engine.reports.run_report import run_page, write_report

SECTIONS = ["settings", "curves", "confusion", "classes", "calibration", "mistakes", "warnings", "images",
            "environment", "repeat"]  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, image_folder: Path) -> tuple[Home, str]:
    """A run of three epochs on images of its own."""
    home = Home(tmp_path_factory.mktemp("reported")).prepare()
    config = RunConfig.build(
        {
            "model": {"blocks": [1, 1], "widths": [8, 8], "num_classes": 3, "input_size": 16},
            "data": {"source": str(image_folder), "validation_fraction": 0.2},
            "training": {"epochs": 3, "batch_size": 16, "learning_rate": 0.001, "crop_padding": 2, "threads": 1,
                         "device": "cpu", "precision": "fp32"},
        }
    )  # fmt: skip
    return home, record_run(home, config)


@pytest.fixture(scope="module")
def read(trained: tuple[Home, str]) -> Iterator[ReportedRun]:
    home, run_id = trained
    with closing(RunStore.for_reading(home)) as store:
        yield exhausted(read_run(run_id, store))


def written(home: Home, run_id: str, path: Path, epoch: int | None = None) -> str:
    with closing(RunStore.for_reading(home)) as store:
        shown = exhausted(write_report(run_id, store, path, epoch=epoch))
        kept = store.run(run_id).best
        assert shown == (epoch or (kept.epoch if kept is not None else None))
    return path.read_text(encoding="utf-8")


def section(page: Element, key: str) -> Element:
    return page.one("section", id=key)


def rows(element: Element) -> list[list[str]]:
    return [[cell.text for cell in row.all("th") + row.all("td")] for row in element.one("tbody").all("tr")]


def test_a_report_is_whole_and_loads_nothing(trained: tuple[Home, str], tmp_path: Path) -> None:
    text = written(*trained, tmp_path / "run.html")
    assert len(text.encode()) < 2_000_000
    page = parsed(text)
    assert [each.attributes["id"] for each in page.all("section")] == SECTIONS
    assert [each.attributes["href"] for each in page.all("a")] == [f"#{key}" for key in SECTIONS]
    for element in page.all():
        for key, value in element.attributes.items():
            assert key not in ("onclick", "onload", "srcset", "action")
            if key in ("src", "href"):
                assert value.startswith(("data:image/png;base64,", "#"))
    assert page.all("link") == []
    assert not re.search(r"url\(|@import|fetch\(|XMLHttp|https?://", text)
    assert (
        "default-src 'none'" in page.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    )


def test_it_reads_without_eyes_and_without_a_script(trained: tuple[Home, str], tmp_path: Path) -> None:
    page = parsed(written(*trained, tmp_path / "run.html"))
    assert page.one("html").attributes["lang"] == "en"
    assert all(image.attributes["alt"] for image in page.all("img"))
    for figure in page.all("svg"):
        assert figure.attributes["role"] == "img"
        assert len(figure.attributes["aria-label"]) > 20
    for table in page.all("table"):
        assert table.one("caption").text
        heads = table.one("thead").all("th")
        assert all(head.attributes["scope"] == "col" for head in heads)
        for row in table.one("tbody").all("tr"):
            assert row.all("th")[0].attributes["scope"] == "row"
            assert len(row.all("th") + row.all("td")) == len(heads)
    levels = [int(each.tag[1]) for each in page.all() if re.fullmatch(r"h\d", each.tag)]
    assert levels == [1, *[2] * len(SECTIONS)]
    ids = [each.attributes["id"] for each in page.all() if "id" in each.attributes]
    assert len(set(ids)) == len(ids)


def test_the_figures_are_those_of_the_run(trained: tuple[Home, str], read: ReportedRun, tmp_path: Path) -> None:
    page = parsed(written(*trained, tmp_path / "run.html"))
    evaluation, record = read.evaluation, read.record
    assert evaluation is not None
    assert record.best is not None
    right, total = int(evaluation.correct.sum()), len(evaluation.labels)
    low, high = wilson_interval(right, total)
    verdict = page.one("p", class_="verdict").text
    assert verdict == (
        f"{100 * right / total:.1f}\u202f% of {total} test images right (95 % interval {100 * low:.1f} to "
        f"{100 * high:.1f}\u202f%) after epoch {record.best.epoch} of 3, the best by validation."
    )
    matrix = rows(section(page, "confusion").one("details"))
    assert [row[1:] for row in matrix] == [[str(value) for value in row] for row in evaluation.confusion.tolist()]
    assert [row[0] for row in rows(section(page, "classes"))] == list(evaluation.class_names)
    epochs = rows(section(page, "curves"))
    assert [row[0] for row in epochs] == ["1", "2", "3"]
    assert epochs[0][6] == f"{100 * record.epochs[0].test_accuracy:.1f}\u202f%"
    assert "train" in section(page, "curves").all("svg")[0].text
    machine = dict(zip(*(
        [each.text for each in section(page, "environment").all(tag)] for tag in ("dt", "dd")), strict=True
    ))  # fmt: skip
    assert machine["number format"] == "fp32"
    assert machine["PyTorch"] == record.machine["torch"]


def test_mistakes_are_shown_worst_first(trained: tuple[Home, str], read: ReportedRun, tmp_path: Path) -> None:
    evaluation, pictures = read.evaluation, read.pictures
    assert evaluation is not None
    assert pictures is not None
    wrong = evaluation.indices(wrong_only=True)
    assert len(wrong), "the run learned too well to be a test"
    shown = section(parsed(written(*trained, tmp_path / "run.html")), "mistakes").all("img")
    assert len(shown) == min(len(wrong), 40)
    first, names = int(wrong[0]), evaluation.class_names
    said = f"{names[evaluation.labels[first]]} → {names[evaluation.predictions[first]]} "
    assert shown[0].attributes["alt"] == (f"{pictures.names[first]}: {said}{evaluation.confidence[first]:.2f}")
    assert shown[0].attributes["width"] == "96"


def test_its_command_repeats_the_run(trained: tuple[Home, str], read: ReportedRun, tmp_path: Path) -> None:
    commands = section(parsed(written(*trained, tmp_path / "run.html")), "repeat").all("pre")
    config, name = typed(commands[0].text)
    assert config == read.record.config
    assert name == ("" if read.record.name == read.record.model else read.record.name)
    assert shlex.split(commands[1].text) == ["resnet-workbench", "resume", read.record.id, "--epochs", "6"]


def test_what_its_command_does_not_repeat_is_said() -> None:
    run = made()
    epochs = run.record.config.training.epochs
    longer, same, untold = resumed_for(run, [3, epochs]), resumed_for(run, [epochs, epochs]), resumed_for(run, [])
    step = run.record.config.with_values({"training.schedule": "step"})
    told = {
        "no departures": warned(run),
        "resumed as planned": warned(same),
        "a rate that does not go by epochs": warned(replace(longer, record=replace(longer.record, config=step))),
    }
    assert told == dict.fromkeys(told, "")
    assert "it was to train 3 epochs when it began, and was resumed (after step 50) for" in warned(longer)
    assert "another number of epochs is not known any more" in warned(untold)
    changed = replace(run, rate_changes=(RateChanged(run.record.id, 7, 0.5, 0.05),))
    assert "its learning rate was multiplied by 0.5 by hand after step 7" in warned(changed)
    message = "ended by hand in epoch 2; the best was epoch 1"
    ended = replace(run, record=replace(run.record, status="finished", message=message))
    assert warned(ended).endswith("does not repeat the run: it ended by hand in epoch 2; the best was epoch 1.")


def resumed_for(run: ReportedRun, planned: list[int]) -> ReportedRun:
    """After step 50, with so many epochs planned at its starts."""
    started = dict(run.record.started) | {"starts": [(0, 0.0), (50, 9.0)], "planned": planned}
    return replace(run, record=replace(run.record, started=started))


def warned(run: ReportedRun) -> str:
    return " ".join(
        each.text for each in section(parsed(run_page(run).html()), "repeat").all("p", class_="warning")
    )


def test_the_epochs_that_a_run_was_told_first_are_known(trained: tuple[Home, str], read: ReportedRun) -> None:
    assert read.record.planned == [read.record.config.training.epochs] == [3]


def test_settings_name_what_differs_from_presets(trained: tuple[Home, str], tmp_path: Path) -> None:
    settings = section(parsed(written(*trained, tmp_path / "run.html")), "settings")
    differing, everything = settings.all("table")
    assert {"training.epochs", "training.learning_rate", "model.widths"} <= {row[0] for row in rows(differing)}
    assert "data.source" not in {row[0] for row in rows(differing)}
    assert ["training.learning_rate", "0.001"] in [row[:2] for row in rows(everything)]


def test_another_epoch_says_that_it_is_not_the_kept_one(trained: tuple[Home, str], tmp_path: Path) -> None:
    home, run_id = trained
    with closing(RunStore.for_reading(home)) as store:
        kept = store.run(run_id).best
    assert kept is not None
    other = 1 if kept.epoch != 1 else 2
    verdict = parsed(written(home, run_id, tmp_path / "run.html", other)).one("p", class_="verdict").text
    assert f"after epoch {other} (the run keeps epoch {kept.epoch})" in verdict
    with pytest.raises(UserError, match=r"epoch is 9; run .* has answers of the epochs 1 to 3"):
        written(home, run_id, tmp_path / "none.html", 9)
    assert not (tmp_path / "none.html").exists()


def test_what_cannot_be_written_is_refused_before_anything_is_read(trained: tuple[Home, str]) -> None:
    home, run_id = trained
    with (
        closing(RunStore.for_reading(home)) as store,
        pytest.raises(UserError, match=r"cannot write /dev/null/run.html"),
    ):
        next(write_report(run_id, store, Path("/dev/null/run.html")))


def test_a_run_that_goes_on_meanwhile_is_said_as_it_was_read(home: Home, tmp_path: Path) -> None:
    writer, path = Writer(home), tmp_path / "run.html"
    writer.start()
    writer.epoch(1, evaluated=False)
    with closing(RunStore.for_reading(home)) as store:
        work = run_export.export(writer.id, store, EXPORT_FORMATS[HTML], path)
        said = next(work)
        while said.activity != "Writing the report":
            said = next(work)
        writer.epoch(2, evaluated=False)
        assert exhausted(work).epoch == 1
    writer.store.close()
    assert "after epoch 1 of" in path.read_text(encoding="utf-8")


# What is missing


def absences(text: str) -> dict[str, list[str]]:
    """Of each section that says that something is missing."""
    page = parsed(text)
    found = {key: [each.text for each in section(page, key).all("p", class_="absence")] for key in SECTIONS}
    return {key: sentences for key, sentences in found.items() if sentences}


@pytest.fixture
def copied(home: Home, trained: tuple[Home, str]) -> tuple[Home, str]:
    """The trained run in a home that may be spoiled."""
    shutil.copytree(trained[0].root, home.root, dirs_exist_ok=True)
    return home, trained[1]


def test_without_pictures_mistakes_are_listed(copied: tuple[Home, str], read: ReportedRun, tmp_path: Path) -> None:
    home, run_id = copied
    with closing(RunStore(home)) as store:
        started = json.dumps(dict(store.run(run_id).started) | {"dataset_path": "/nowhere"})
        with store._db.transaction():
            store._db.execute("UPDATE runs SET started=?, source='/no', config=replace(config, ?, '\"/no\"')",
                              (started, json.dumps(store.run(run_id).config.data.source)))  # fmt: skip
    text = written(home, run_id, tmp_path / "run.html")
    (sentence,) = absences(text)["mistakes"]
    assert re.match("the pictures are not there: data.source is '/no', but there is no such file", sentence)
    listed = rows(section(parsed(text), "mistakes"))
    assert read.evaluation is not None
    assert [int(row[0]) for row in listed] == read.evaluation.indices(wrong_only=True)[:30].tolist()


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_without_answers_the_rest_is_there(copied: tuple[Home, str], tmp_path: Path, damage: str) -> None:
    home, run_id = copied
    for path in (home.runs / run_id / "evaluations").iterdir():
        if damage == "cut":
            path.write_bytes(path.read_bytes()[:100])
        else:
            path.unlink()
    text = written(home, run_id, tmp_path / "run.html")
    assert set(absences(text)) == {"confusion", "classes", "calibration", "mistakes"}
    page = parsed(text)
    assert "36 test images right (95 % interval" in page.one("p", class_="verdict").text
    assert len(section(page, "curves").all("svg")) == 4


def test_a_run_that_has_only_begun(home: Home, tmp_path: Path) -> None:
    writer = Writer(home)
    writer.store.close()
    text = written(home, writer.id, tmp_path / "run.html")
    page = parsed(text)
    assert page.one("p", class_="verdict").text.startswith(
        "It was interrupted before its end. Before its first epoch"
    )
    assert set(absences(text)) == {"curves", "confusion", "classes", "calibration", "mistakes"}
    assert section(page, "repeat").all("pre")[1].text == f"resnet-workbench resume {writer.id}"


def test_a_run_without_a_whole_epoch_shows_its_steps(home: Home, tmp_path: Path) -> None:
    writer = Writer(home)
    writer.start()
    writer.steps(1, 7)
    writer.change_rate(3)
    writer.warn("careful <now>")
    writer.store.finish(writer.id, "failed", "it broke")
    writer.store.close()
    text = written(home, writer.id, tmp_path / "run.html")
    page = parsed(text)
    assert "the run ended before its first epoch was finished" in absences(text)["curves"]
    assert len(section(page, "curves").all("path", class_="train")) > 2
    assert "changed by hand after step 3" in section(page, "curves").text
    said = [each.text for each in section(page, "warnings").all("p", class_="warning")]
    assert said == ["careful <now>", "it broke"]
    assert "It has failed." in page.one("p", class_="failed").text


# Names of people's


EVIL = "<script>alert(1)</script>\"'&{{7*7}}"
NAMES = ("חתול", "🐶🏽", EVIL, "x" * 200)


def made(names: tuple[str, ...] = NAMES, steps: int = 100, images: int = 400, side: int = 32) -> ReportedRun:
    """A run that nobody trained."""
    draw = np.random.default_rng(0)
    labels = draw.integers(0, len(names), images)
    logits = draw.normal(size=(images, len(names))).astype(np.float32)
    evaluation = Evaluation(labels, logits, names, 2)
    started = {"device": EVIL, "precision": "fp32", "parameters": 10, "class_names": names,
               "images": [9, 1, images], "dataset_path": EVIL, "steps_per_epoch": max(1, steps // 2)}  # fmt: skip
    config = RunConfig().with_values({"data.source": EVIL, "model.num_classes": max(2, len(names))})
    record = RunRecord("0123abcd", 3, EVIL, EVIL, EVIL, EVIL, config, "stopped", EVIL, "2026", {"os": EVIL},
                       started, 12.0, 1, (), (EVIL,), True, (EVIL,), f"{EVIL}\nsecond")  # fmt: skip
    numbers = np.arange(1, steps + 1)
    series = RunSeries(numbers, draw.random(steps).astype(np.float32), draw.random(steps).astype(np.float32),
                       draw.random(steps), numbers / 9, draw.random(steps).astype(np.float32))  # fmt: skip
    pixels = draw.integers(0, 256, (images, side, side, 3)).astype(np.uint8)
    pictures = ImageSet(pixels, labels, tuple(f"test/{EVIL}/{number}" for number in range(images)))
    return ReportedRun(record, series, (), Presets.load(), EVIL, evaluation, "", evaluation, pictures, "")


def test_names_are_text_wherever_they_stand() -> None:
    text = run_page(made()).html()
    page = parsed(text)
    (script,) = page.all("script")
    assert "alert" not in script.text
    assert page.one("head").one("title").text == EVIL
    assert page.one("h1").text == EVIL
    assert "49" not in page.one("h1").text
    assert len([each for each in page.all() if EVIL in each.text]) > 20
    assert not [each for each in page.all() if any(key.startswith("on") for key in each.attributes)]
    for name in NAMES:
        assert name in section(page, "classes").text
    for figure in re.findall(r"<svg.*?</svg>", text, re.S):
        ET.fromstring(figure)
    assert typed(section(page, "repeat").all("pre")[0].text)[0].data.source == EVIL
    # Written from right to left, a name must not turn the words around it.
    for element in page.all():
        if any(isinstance(child, str) and "חתול" in child for child in element.children):
            assert element.tag in ("bdi", "title", "span") or "\u2068" in element.text


@pytest.mark.parametrize(
    ("steps", "classes", "images", "side"), [(1_000_000, 10, 2000, 32), (10, 1000, 3000, 32), (10, 10, 100, 224)]
)
def test_its_size_does_not_follow_from_steps_classes_or_pixels(
    steps: int, classes: int, images: int, side: int
) -> None:
    names = tuple(f"class {number}" for number in range(classes))
    page = run_page(made(names, steps, images, side))
    assert len(page.html().encode()) < 2_000_000


def test_a_perfect_network_has_no_mistakes() -> None:
    run = made(("a", "b"))
    assert run.evaluation is not None
    logits = np.eye(2, dtype=np.float32)[run.evaluation.labels] * 9
    text = run_page(replace(run, evaluation=replace(run.evaluation, logits=logits))).html()
    assert "no test image is taken for another class" in text
    assert "no class was taken for another" in text
