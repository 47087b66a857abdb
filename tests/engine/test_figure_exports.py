"""The figures of a run as tables and as event files: every step, read back by others."""

import csv
import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.damage import change
from tests.run_writer import PER_EPOCH, Writer
from tests.trained import exhausted
from workbench.core.errors import UserError
from workbench.core.events import StepMetrics, Warned
from workbench.core.export.exported import Exported
from workbench.core.export.formats import CSV, EXPORT_FORMATS, TENSORBOARD
from workbench.core.home import Home
from workbench.engine.export import run_export

STEPS = 2 * PER_EPOCH + 5
ODD_STEP = 3


@pytest.fixture
def writer(home: Home) -> Iterator[Writer]:
    """A run of two epochs, 4 s of work, and 1 s of a third one; the loss of one step is no number."""
    writer = Writer(home)
    writer.start()
    for epoch in (1, 2):
        loss = np.full(PER_EPOCH, 0.5, np.float32)
        if epoch == 1:
            loss[ODD_STEP - 1] = np.nan
        steps, ones = np.arange(PER_EPOCH * (epoch - 1) + 1, PER_EPOCH * epoch + 1), np.ones(PER_EPOCH)
        quarters = np.full(PER_EPOCH, 0.25, np.float32)
        writer.store.record_steps(
            [StepMetrics(writer.id, epoch, steps, loss, quarters, ones, 1000.0, 2.0 * epoch, 2.0)]
        )
        writer.epoch(epoch)
    steps, figures = np.arange(2 * PER_EPOCH + 1, STEPS + 1), np.full(STEPS - 2 * PER_EPOCH, 0.25, np.float32)
    last = StepMetrics(writer.id, 3, steps, 2 * figures, figures, 4 * figures.astype(float), 100.0, 5.0, 1.0)
    writer.store.record_steps([last])
    yield writer
    writer.store.close()


def exported(writer: Writer, format_name: str, output: Path) -> Exported:
    return exhausted(run_export.export(writer.id, writer.store, EXPORT_FORMATS[format_name], output))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# Tables


def test_every_step_has_a_line(writer: Writer, tmp_path: Path) -> None:
    done = exported(writer, CSV, tmp_path / "run.csv")
    assert done.files == (tmp_path / "run.csv", tmp_path / "run_epochs.csv")
    rows = rows_of(tmp_path / "run.csv")
    assert [row["step"] for row in rows] == [str(step) for step in range(1, STEPS + 1)]
    assert [row["epoch"] for row in rows] == ["1"] * PER_EPOCH + ["2"] * PER_EPOCH + ["3"] * 5
    assert [row["loss"] for row in rows] == ["" if step == ODD_STEP else "0.5" for step in range(1, STEPS + 1)]
    assert {(row["accuracy"], row["learning_rate"]) for row in rows} == {("0.25", "1.0")}
    assert rows[PER_EPOCH - 1]["elapsed_s"] == "2.0"
    assert rows[2 * PER_EPOCH - 1]["elapsed_s"] == "4.0"
    assert rows[0]["elapsed_s"] == "0.2"
    assert {row["images_per_s"] for row in rows[: 2 * PER_EPOCH]} == {"1000.0"}
    assert {row["images_per_s"] for row in rows[2 * PER_EPOCH :]} == {"100.0"}


def test_every_epoch_has_a_line(writer: Writer, tmp_path: Path) -> None:
    exported(writer, CSV, tmp_path / "run.csv")
    first, second = rows_of(tmp_path / "run_epochs.csv")
    assert first == {
        "epoch": "1", "step": "10", "train_loss": "1.0", "train_accuracy": "0.4", "validation_loss": "1.1",
        "validation_accuracy": "0.5", "test_loss": "1.2", "test_accuracy": "0.3", "elapsed_s": "2.0",
        "images_per_s": "1000.0", "best": "1",
    }  # fmt: skip
    assert second["epoch"] == "2"


def test_a_second_export_replaces_the_first_but_no_other_table(writer: Writer, tmp_path: Path) -> None:
    exported(writer, CSV, tmp_path / "run.csv")
    exported(writer, CSV, tmp_path / "run.csv")
    (tmp_path / "other_epochs.csv").write_text("mine")
    with pytest.raises(UserError, match=r"other_epochs\.csv is there already"):
        exported(writer, CSV, tmp_path / "other.csv")
    assert not (tmp_path / "other.csv").exists()


# Event files


def scalars_of(folder: Path) -> dict[str, list[Any]]:
    """As TensorBoard itself reads them, with its checksums, none left out."""
    from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator

    reader = EventAccumulator(str(folder), size_guidance={SCALARS: 0})
    reader.Reload()
    return {tag: reader.Scalars(tag) for tag in reader.Tags()[SCALARS]}


def test_tensorboard_reads_every_step(writer: Writer, tmp_path: Path) -> None:
    done = exported(writer, TENSORBOARD, tmp_path / "events")
    found = scalars_of(tmp_path / "events")
    assert [path.parent for path in done.files] == [tmp_path / "events"]
    for tag in ("loss/step", "accuracy/step", "learning_rate"):
        assert [each.step for each in found[tag]] == list(range(1, STEPS + 1)), tag
    losses = [each.value for each in found["loss/step"]]
    assert math.isnan(losses.pop(ODD_STEP - 1))
    assert set(losses) == {0.5}
    assert [each.value for each in found["images_per_s"]] == [1000.0] * 2 * PER_EPOCH + [100.0] * 5
    created = datetime.fromisoformat(writer.store.run(writer.id).created_utc).timestamp()
    times = [each.wall_time - created for each in found["loss/step"]]
    assert times[PER_EPOCH - 1 : 2 * PER_EPOCH : PER_EPOCH] == pytest.approx([2.0, 4.0])
    assert times == sorted(times)
    assert times[-1] == pytest.approx(5.0)


def test_a_run_whose_creation_was_lost_has_the_times_of_its_work(writer: Writer, tmp_path: Path) -> None:
    change(writer.store.home, "UPDATE runs SET created_utc=''")
    exported(writer, TENSORBOARD, tmp_path / "events")
    assert scalars_of(tmp_path / "events")["loss/step"][-1].wall_time == pytest.approx(5.0)


def test_tensorboard_reads_every_epoch_at_its_last_step(writer: Writer, tmp_path: Path) -> None:
    exported(writer, TENSORBOARD, tmp_path / "events")
    found = scalars_of(tmp_path / "events")
    wanted = {"loss/train": 1.0, "loss/validation": 1.1, "loss/test": 1.2, "accuracy/train": 0.4,
              "accuracy/validation": 0.5, "accuracy/test": 0.3}  # fmt: skip
    for tag, value in wanted.items():
        points = found[tag]
        assert [(each.step, each.value) for each in points] == [
            (PER_EPOCH, pytest.approx(value)), (2 * PER_EPOCH, pytest.approx(value))
        ]  # fmt: skip


def test_a_run_is_not_mixed_with_another_and_replaces_itself(writer: Writer, tmp_path: Path) -> None:
    exported(writer, TENSORBOARD, tmp_path)
    writer.steps(STEPS + 1, STEPS + 1)
    exported(writer, TENSORBOARD, tmp_path)
    assert len(scalars_of(tmp_path)["loss/step"]) == STEPS + 1
    assert len(list(tmp_path.glob("events.*"))) == 1
    (tmp_path / "events.out.tfevents.1700000000.host").write_bytes(b"")
    with pytest.raises(UserError, match=r"which has event files already .* give each run a folder of its own"):
        exported(writer, TENSORBOARD, tmp_path)


@pytest.mark.parametrize("name", [CSV, TENSORBOARD])
def test_a_run_without_steps_has_no_figures(home: Home, tmp_path: Path, name: str) -> None:
    writer = Writer(home)
    with pytest.raises(UserError, match="has no steps yet; there are no figures to export"):
        exported(writer, name, tmp_path / f"x{EXPORT_FORMATS[name].suffix}")
    writer.store.close()
    assert not list(tmp_path.glob("x*"))


@pytest.mark.parametrize("name", [CSV, TENSORBOARD])
def test_steps_that_cannot_be_read_are_told_and_epochs_are_there(
    writer: Writer, tmp_path: Path, name: str
) -> None:
    home, output = writer.store.home, tmp_path / f"x{EXPORT_FORMATS[name].suffix}"
    change(home, "UPDATE step_blocks SET checksum=1")
    said = list(run_export.export(writer.id, writer.store, EXPORT_FORMATS[name], output))
    (warning,) = (each.message for each in said if isinstance(each, Warned))
    assert f"steps 1 to {STEPS} of run {writer.id} cannot be read; 'doctor --repair' looks for them" in warning
    assert warning.endswith("only its epochs are exported")
    if name == CSV:
        assert rows_of(output) == []
        assert [row["epoch"] for row in rows_of(tmp_path / "x_epochs.csv")] == ["1", "2"]
    else:
        found = scalars_of(output)
        assert "loss/step" not in found
        assert [each.step for each in found["accuracy/test"]] == [PER_EPOCH, 2 * PER_EPOCH]
    change(home, "DELETE FROM epochs")
    with pytest.raises(UserError, match=f"steps 1 to {STEPS} of run .* cannot be read.*no figures to export"):
        exported(writer, name, output)


def test_an_epoch_whose_last_step_was_lost_stands_between_the_others(writer: Writer, tmp_path: Path) -> None:
    (block,) = writer.store.step_blocks(writer.id)[0]
    parts = [block.until(PER_EPOCH - 1), block.after(PER_EPOCH + 1)]
    change(writer.store.home, "DELETE FROM step_blocks")
    for part in parts:
        change(
            writer.store.home, "INSERT INTO step_blocks VALUES (?, ?, ?, ?, ?, ?)",
            writer.id, part.first, part.count, part.epoch, part.checksum, part.figures,
        )  # fmt: skip
    exported(writer, TENSORBOARD, tmp_path)
    found = scalars_of(tmp_path)
    assert [each.step for each in found["loss/test"]] == [PER_EPOCH, 2 * PER_EPOCH]
    assert [each.step for each in found["loss/step"]] == [*range(1, PER_EPOCH), *range(PER_EPOCH + 2, STEPS + 1)]
