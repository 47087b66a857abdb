"""What the folder of a run without a journal still says: settings, checkpoints and evaluations."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from workbench.core.errors import UserError, reason
from workbench.core.evaluation import Evaluation
from workbench.core.files import read_text
from workbench.core.records.run_folder import RunFolder
from workbench.core.records.run_history import NoHistory, RunHistory
from workbench.core.records.run_rows import is_moment
from workbench.core.settings.config import RunConfig

WARNING = (
    "rebuilt from its settings, checkpoints and evaluations: figures of training and validation, steps, and the "
    "time it took are lost"
)


def of_folder(folder: RunFolder) -> RunHistory:
    """As far as it can be told.

    Raises:
        NoHistory: its settings cannot be read.
    """
    about = _about(folder)
    try:
        config = RunConfig.from_json(json.dumps(about), "its config.json")
    except UserError as error:
        raise NoHistory(str(error)) from error
    best, last = (_manifest(folder, kind) for kind in ("best", "last"))
    # The best one is always of an epoch's end.
    per_epoch = best["step"] // best["epoch"] if best["epoch"] else 0
    evaluations = dict(_evaluations(folder))
    for evaluation in evaluations.values():
        # The settings were written before the data were read.
        config = config.with_values({"model.num_classes": len(evaluation.class_names)})
    created = _text(about, "created_utc")
    row: dict[str, Any] = {
        "number": 0, "name": _text(about, "name") or _text(about, "model") or folder.run_id,
        "model": _text(about, "model") or "custom", "recipe": _text(about, "recipe") or "custom",
        "source": config.data.source, "config": config.model_dump_json(),
        "machine": json.dumps(about.get("machine") if isinstance(about.get("machine"), dict) else {}),
        "created_utc": created if is_moment(created) else "", "started": "{}", "elapsed_s": 0.0,
        "test_looks": len(evaluations), "status": "interrupted", "message": "",
    }  # fmt: skip
    history = RunHistory(row, warnings=[WARNING])
    for epoch, evaluation in evaluations.items():
        history.epochs[epoch] = _figures(evaluation, epoch * per_epoch, epoch == best["epoch"])
    if last["epoch"] >= config.training.epochs:
        row["status"] = "finished"
    return history


def _evaluations(folder: RunFolder) -> Iterator[tuple[int, Evaluation]]:
    """Those that can be read, by their epoch."""
    for epoch in folder.evaluated_epochs():
        with contextlib.suppress(UserError):
            yield epoch, Evaluation.load(folder.evaluation(epoch))


def _figures(evaluation: Evaluation, step: int, is_best: bool) -> dict[str, Any]:
    unknown = float("nan")
    return {
        "step": step, "train_loss": unknown, "train_accuracy": unknown, "validation_loss": None,
        "validation_accuracy": None, "test_loss": evaluation.loss, "test_accuracy": evaluation.accuracy,
        "images_per_s": unknown, "elapsed_s": 0.0, "best": is_best,
    }  # fmt: skip


def _about(folder: RunFolder) -> dict[str, Any]:
    try:
        about = json.loads(read_text(folder.config))
    except (OSError, ValueError, RecursionError) as error:
        raise NoHistory(f"its config.json cannot be read: {reason(error)}") from error
    if not isinstance(about, dict) or not isinstance(about.get("config"), dict):
        raise NoHistory("its config.json does not hold its settings")
    return about


def _manifest(folder: RunFolder, kind: str) -> dict[str, int]:
    """Step and epoch of a checkpoint; 0 if there is none or its manifest cannot be read."""
    try:
        manifest = json.loads(read_text(folder.checkpoints / f"{kind}.json"))
    except (OSError, ValueError, RecursionError):
        manifest = {}
    numbers = manifest if isinstance(manifest, dict) else {}
    return {key: _whole(numbers.get(key)) for key in ("step", "epoch")}


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _text(about: dict[str, Any], key: str) -> str:
    return about[key] if isinstance(about.get(key), str) else ""
