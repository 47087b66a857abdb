"""All that a list of runs holds of one run, from whichever source, and how it is put into a database."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.core.records.database import Database
from workbench.core.records.run_journal import JournalLines, packed, unpacked
from workbench.core.records.run_reader import RunReader
from workbench.core.records.run_rows import LATER_COLUMNS, sample_blob
from workbench.core.records.step_blocks import MOST_STEPS, StepBlock, block_of_rows, gapless

_COLUMNS = (
    "name", "model", "recipe", "source", "config", "machine", "status", "message", "created_utc", "started",
    "elapsed_s", "test_looks", *LATER_COLUMNS,
)  # fmt: skip
_STARTED = ("device", "precision", "parameters", "class_names", "images", "dataset_path", "steps_per_epoch")


class NoHistory(ValueError):
    """The source does not say enough of a run; the text says why."""


@dataclass
class RunHistory:
    """Rows as the database has them, without the run's id."""

    row: dict[str, Any]
    """Columns of `runs`; and its `number`, 0 if that is not known."""
    epochs: dict[int, dict[str, Any]] = field(default_factory=dict)
    steps: list[StepBlock] = field(default_factory=list)
    """In their order, none of them twice."""
    warnings: list[str] = field(default_factory=list)
    rate_changes: dict[int, tuple[float, float]] = field(default_factory=dict)
    """Factor and learning rate by step."""
    gradients: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    """Epoch and norms (`run_rows.sample_blob`) by step."""
    is_recorded: bool = True
    """False of a run whose process was killed before the database had it."""
    is_whole: bool = True
    """Whether every line of its source could be read."""

    @classmethod
    def of_database(cls, reader: RunReader, run_id: str) -> "RunHistory":
        """As a database says it.

        Raises:
            UserError: what it says of the run cannot be read.
        """
        record = reader.run(run_id)
        history = cls(
            {
                "number": record.number, "name": record.name, "model": record.model, "recipe": record.recipe,
                "source": record.source, "config": record.config.model_dump_json(),
                "machine": json.dumps(record.machine), "status": record.status, "message": record.message,
                "created_utc": record.created_utc, "started": json.dumps(record.started),
                "elapsed_s": record.elapsed_s, "test_looks": record.test_looks,
                "starred": int(record.is_starred), "tags": json.dumps(record.tags), "note": record.note,
                "deleted_utc": reader.set_aside_at(run_id),
            },
            warnings=list(record.warnings),
        )  # fmt: skip
        for epoch in record.epochs:
            history.epochs[epoch.epoch] = {k: v for k, v in vars(epoch).items() if k not in ("run_id", "epoch")}
        history.steps, lost = reader.step_blocks(run_id)
        history.is_whole = not lost
        for change in reader.rate_changes(run_id):
            history.rate_changes[change.step] = (change.factor, change.learning_rate)
        for sample in reader.gradients(record):
            history.gradients[sample.step] = (sample.epoch, sample_blob(sample))
        return history

    @classmethod
    def of_journal(cls, journal: JournalLines) -> "RunHistory":
        """As the run's journal says it, line after line.

        Raises:
            NoHistory: its beginning is not there, or a line holds what the workbench does not write.
        """
        if not journal.lines or journal.lines[0]["kind"] != "created":
            raise NoHistory("its journal has lost its beginning")
        try:
            history = cls._from_first(journal.lines[0])
            history.is_whole = journal.damaged == 0
            for line in journal.lines[1:]:
                history._take(line)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise NoHistory("its journal holds what this workbench does not write") from error
        return history

    @property
    def step_count(self) -> int:
        return sum(block.count for block in self.steps)

    def first_line(self) -> dict[str, Any]:
        """What a journal begins with: all so far."""
        return {
            "row": self.row, "epochs": self.epochs, "step_blocks": [block.line() for block in self.steps],
            "warnings": self.warnings, "rate_changes": self.rate_changes, "is_recorded": self.is_recorded,
            "gradients": {step: (epoch, packed(norms)) for step, (epoch, norms) in self.gradients.items()},
        }  # fmt: skip

    @classmethod
    def _from_first(cls, line: Mapping[str, Any]) -> "RunHistory":
        told = LATER_COLUMNS | line["row"]
        row = {"number": int(told["number"])} | {column: told[column] for column in _COLUMNS}
        history = cls(row, warnings=list(line["warnings"]), is_recorded=bool(line["is_recorded"]))
        # JSON has no numbers as keys.
        history.epochs = {int(epoch): dict(figures) for epoch, figures in line["epochs"].items()}
        history.steps = [StepBlock.of_line(block) for block in line.get("step_blocks", ())]
        # Earlier versions told each step.
        rows = [(int(step), *figures) for step, figures in line.get("steps", {}).items()]
        for part in gapless(sorted(rows)):
            history._append(block_of_rows(part, 0.0, float(row["elapsed_s"])))
        for step, (factor, rate) in line["rate_changes"].items():
            history.rate_changes[int(step)] = (float(factor), float(rate))
        # Earlier versions measured none.
        for step, (epoch, norms) in line.get("gradients", {}).items():
            history.gradients[int(step)] = (int(epoch), unpacked(norms))
        return history

    def _take(self, line: Mapping[str, Any]) -> None:
        match line["kind"]:
            case "started":
                self._start(line)
            case "steps":
                self._take_steps(line)
            case "gradients":
                self.gradients[int(line["step"])] = (int(line["epoch"]), unpacked(line["norms"]))
            case "epoch":
                self.epochs[int(line["epoch"])] = {k: v for k, v in line.items() if k not in ("kind", "epoch")}
                self.row["elapsed_s"] = float(line["elapsed_s"])
            case "rate_changed":
                self.rate_changes[int(line["step"])] = (float(line["factor"]), float(line["learning_rate"]))
            case "warned":
                self.warnings.append(str(line["message"]))
            case "gap":
                self.is_whole = False
            case _:
                self._take_of_row(line)

    def _take_of_row(self, line: Mapping[str, Any]) -> None:
        """What the list itself says of the run."""
        match line["kind"]:
            case "recorded":
                self.is_recorded, self.row["number"] = True, int(line["number"])
            case "reopened":
                self.row |= {"status": "running", "message": "", "config": json.dumps(line["config"])}
            case "renamed":
                self.row["name"] = str(line["name"])
            case "tagged":
                self.row["tags"] = json.dumps([str(tag) for tag in line["tags"]])
            case "noted":
                self.row["note"] = str(line["note"])
            case "starred":
                self.row["starred"] = int(bool(line["starred"]))
            case "set_aside":
                self.row["deleted_utc"] = str(line["deleted_utc"])
            case "looked":
                self.row["test_looks"] += 1
            case "ended":
                self.row |= {"status": str(line["status"]), "message": str(line["message"])}
            # A newer workbench may say more.
            case _:
                pass

    def _take_steps(self, line: Mapping[str, Any]) -> None:
        if "figures" in line:
            block = StepBlock.of_line(line)
            self._append(block)
            self.row["elapsed_s"] = float(block.marks["elapsed_s"][-1])
            return
        # As earlier versions wrote it.
        epoch, ended_s = int(line["epoch"]), float(line["elapsed_s"])
        figures = zip(line["steps"], line["loss"], line["accuracy"], line["learning_rate"], strict=True)
        for part in gapless((int(step), epoch, *rest) for step, *rest in figures):
            began_s = min(self.row["elapsed_s"], ended_s)
            self._append(block_of_rows(part, began_s, ended_s))
        self.row["elapsed_s"] = ended_s

    def _append(self, block: StepBlock) -> None:
        """What is told twice counts as it was told last; the few steps of a line become larger blocks."""
        if self.steps and self.steps[-1].last >= block.first:
            parts = [part for each in self.steps for part in each.without(block)]
            self.steps = sorted([*parts, block], key=lambda each: each.first)
            return
        before = self.steps[-1] if self.steps else None
        if before is not None and before.last + 1 == block.first and before.count + block.count <= MOST_STEPS:
            self.steps[-1] = before.followed_by(block)
        else:
            self.steps.append(block)

    def _cut(self, last: int, per_epoch: int = 0) -> None:
        """Forget all steps after `last`."""
        kept = (block.until(last, per_epoch) for block in self.steps)
        self.steps = [block for block in kept if block is not None]

    def _start(self, line: Mapping[str, Any]) -> None:
        first, before = int(line["first_step"]), json.loads(self.row["started"])
        started = {key: line[key] for key in _STARTED}
        started["starts"] = [*before.get("starts", []), (first, float(line["elapsed_s"]))]
        started["planned"] = [*before.get("planned", []), int(line["config"]["training"]["epochs"])]
        self.row |= {"started": json.dumps(started), "config": json.dumps(line["config"])}
        # A resumed run does again what came after its checkpoint.
        done = first // int(line["steps_per_epoch"])
        self._cut(first, int(line["steps_per_epoch"]))
        self.epochs = {epoch: figures for epoch, figures in self.epochs.items() if epoch <= done}
        self.rate_changes = {step: values for step, values in self.rate_changes.items() if step <= first}
        self.gradients = {step: values for step, values in self.gradients.items() if step <= first}

    def write(self, run_id: str, number: int, db: Database) -> None:
        """Put it into a database that does not have the run, within a transaction."""
        values = {"rowid": number, "id": run_id, "host": "", "pid": 0}
        values |= {column: (LATER_COLUMNS | self.row)[column] for column in _COLUMNS}
        marks = ", ".join("?" * len(values))
        db.execute(f"INSERT INTO runs ({', '.join(values)}) VALUES ({marks})", values.values())
        tables: dict[str, list[tuple[object, ...]]] = {
            "step_blocks": [(b.first, b.count, b.epoch, b.checksum, b.figures) for b in self.steps],
            "epochs": [(epoch, json.dumps(figures)) for epoch, figures in self.epochs.items()],
            "warnings": [(sentence,) for sentence in self.warnings],
            "rate_changes": [(step, *rest) for step, rest in self.rate_changes.items()],
            "gradients": [(step, *rest) for step, rest in self.gradients.items()],
        }
        for table, rows in tables.items():
            if rows:
                marks = ", ".join("?" * (1 + len(rows[0])))
                db.execute_many(f"INSERT INTO {table} VALUES ({marks})", [(run_id, *row) for row in rows])
