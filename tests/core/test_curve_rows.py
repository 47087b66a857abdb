"""Curves as a table of all points."""

import csv
import io

import numpy as np

from tests.gui.run_events import epoch
from workbench.core.curves.export import HEADER, CurveTable, csv_parts
from workbench.core.curves.run_curves import RunCurves
from workbench.core.records.run_series import RunSeries


def curves(count: int) -> RunCurves:
    numbers = np.arange(1, count + 1)
    loss = np.full(count, 0.1, np.float32)
    loss[1] = np.nan
    series = RunSeries(numbers, loss, loss, np.full(count, 0.05), 0.5 * numbers, loss)
    return RunCurves.of("r", series, [epoch(1)], [], 100)


def read(tables: list[CurveTable]) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(text for _, text in csv_parts(tables)), newline="")))


def test_every_point_is_a_row() -> None:
    run = curves(12_000)
    tables = [CurveTable.of(run, 'a "wide", one', "loss", kind) for kind in ("raw", "test")]
    rows = read([*tables, CurveTable.of(run, "b", "rate", "raw")])
    assert rows[0] == list(HEADER)
    assert len(rows) == 1 + 12_000 + 1 + 12_000
    assert rows[1] == ['a "wide", one', "train", "loss", "1", "0.01", "0.500", "0.1"]
    assert rows[2][-1] == "", "no number"
    assert rows[12_000][3:6] == ["12000", "120", "6000.000"]
    assert rows[12_001] == ['a "wide", one', "test", "loss", "100", "1", "1.000", "1.3"]
    assert rows[-1] == ["b", "train", "learning_rate", "12000", "120", "6000.000", "0.05"]


def test_parts_say_how_far_they_are() -> None:
    table = CurveTable.of(curves(12_000), "a", "loss", "raw")
    sizes = [rows for rows, _ in csv_parts([table])]
    assert sum(sizes) == len(table)
    assert len(sizes) > 2


def test_a_table_stays_as_it_was_while_the_run_goes_on() -> None:
    run = curves(100)
    table = CurveTable.of(run, "a", "loss", "raw")
    before = read([table])
    run.axis.cut(50)
    run._values["loss"].cut(50)
    run._add(RunSeries(np.arange(51, 90), *(np.full(39, 9.0) for _ in range(5))))
    assert read([table]) == before
