"""Run databases as a failing disk, a killed process or a stray program leaves them."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.run_writer import PER_EPOCH, Writer
from workbench.core.home import Home
from workbench.core.records.store_repair import Repair, repair

EPOCHS = 4


def recorded_runs(home: Home, count: int = 3) -> list[str]:
    """Ids of finished runs with all that a run can leave, the oldest first."""
    ids = []
    for _ in range(count):
        writer = Writer(home)
        writer.start()
        for epoch in range(1, EPOCHS + 1):
            writer.steps(PER_EPOCH * (epoch - 1) + 1, PER_EPOCH * epoch)
            writer.gradients(PER_EPOCH * (epoch - 1) + 1)
            writer.epoch(epoch)
        writer.change_rate(PER_EPOCH)
        writer.warn("careful")
        writer.store.finish(writer.id, "finished")
        writer.store.close()
        ids.append(writer.id)
    return ids


def repaired(home: Home) -> Repair:
    work = repair(home)
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Repair = end.value
            return result


def flip_bytes(path: Path, count: int, seed: int) -> None:
    """Change `count` bytes; every third seed spares all but the header and the tables of tables."""
    draw = random.Random(seed)
    content = bytearray(path.read_bytes())
    end = (len(content), 4096, 200)[seed % 3]
    for _ in range(count):
        content[draw.randrange(min(end, len(content)))] ^= draw.randrange(1, 256)
    path.write_bytes(content)


def change(home: Home, statement: str, *values: object) -> None:
    """As a stray program would."""
    with closing(sqlite3.connect(home.database)) as database, database:
        database.execute(statement, values)
