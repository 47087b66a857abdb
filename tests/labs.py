"""Labs whose results are made up, and labs that are trained in seconds."""

import zlib
from collections.abc import Mapping, Sequence

from tests.conftest import SIDE
from workbench.core.events import EpochMetrics, Status
from workbench.core.labs.catalog import LABS
from workbench.core.labs.findings import Findings, findings
from workbench.core.labs.lab import Lab
from workbench.core.labs.plan import LabSettings, PlannedRun, lab_runs, planned_runs
from workbench.core.records.run_record import RunRecord

TINY = {"data.source": "", "model.widths": [8, 8, 8], "model.input_size": SIDE, "training.batch_size": 16,
        "training.crop_padding": 2, "training.threads": 1, "training.precision": "fp32",
        "training.device": "cpu"}  # fmt: skip
"""Values for images of `image_folder`, of which the source is still to be given."""


def recorded(
    planned: PlannedRun,
    test_error: float = 0.2,
    train_error: float = 0.1,
    status: Status = "finished",
    run_id: str = "",
) -> RunRecord:
    """As the list has it: with the names that are filled in when a run begins."""
    config = planned.config.with_values({"data.normalization": "cifar10"})
    epochs = config.training.epochs if status == "finished" else 1
    metrics = tuple(
        EpochMetrics("", epoch, epoch, 1.0, 1 - train_error - 0.4 * (epochs - epoch) / epochs, None, None, 1.0,
                     1 - test_error - 0.4 * (epochs - epoch) / epochs, 100.0, float(epoch), True)
        for epoch in range(1, epochs + 1)
    )  # fmt: skip
    run_id = run_id or f"{zlib.crc32(planned.name.encode()):08x}"
    return RunRecord(
        run_id, 1, planned.name, "m", "r", config.data.source, config,
        status, "" if status != "failed" else "the loss became nan at step 7", "2026-01-01T00:00:00+00:00", {},
        {"device": "CPU, 2 threads", "precision": "fp32"}, 1.0, 1, metrics,
    )  # fmt: skip


def made(name: str, errors: Mapping[str, Sequence[tuple[float, float]]], seeds: int = 0) -> Findings:
    """A lab in which the runs of each arm, in the order of seeds, have these test and training errors."""
    lab = LABS[name]
    settings = LabSettings(4, seeds or max(map(len, errors.values())))
    planned = planned_runs(lab, settings)
    records = [
        recorded(each, *errors[each.arm.name][each.seed - 1])
        for each in planned
        if each.seed <= len(errors.get(each.arm.name, ()))
    ]
    return findings(lab, settings, lab_runs(planned, records, ()))


def settings_for(source: str, lab: Lab, epochs: int = 1, seeds: int = 1) -> LabSettings:
    """Small enough for a test."""
    values = {key: value for key, value in TINY.items() if key not in lab.fields}
    return LabSettings(epochs, seeds, values | {"data.source": source})
