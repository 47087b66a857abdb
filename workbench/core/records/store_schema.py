"""The tables of the run database, and how older ones are brought up to date."""

import re
from collections.abc import Iterator
from pathlib import Path

from workbench.core.files import require_file
from workbench.core.home import Home

# One entry per version: what makes it out of the one before.
_STEPS = (
    """
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    model TEXT NOT NULL,
    recipe TEXT NOT NULL,
    source TEXT NOT NULL,
    config TEXT NOT NULL,
    machine TEXT NOT NULL,
    status TEXT NOT NULL,
    message TEXT NOT NULL DEFAULT '',
    created_utc TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started TEXT NOT NULL DEFAULT '{}',
    elapsed_s REAL NOT NULL DEFAULT 0,
    test_looks INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE steps (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    loss REAL,
    accuracy REAL NOT NULL,
    learning_rate REAL NOT NULL,
    PRIMARY KEY (run_id, step)
) WITHOUT ROWID;
CREATE TABLE epochs (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    epoch INTEGER NOT NULL,
    metrics TEXT NOT NULL,
    PRIMARY KEY (run_id, epoch)
) WITHOUT ROWID;
CREATE TABLE warnings (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    message TEXT NOT NULL
);
""",
    """
CREATE TABLE rate_changes (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    factor REAL NOT NULL,
    learning_rate REAL NOT NULL
);
""",
    """
CREATE TABLE gradients (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    norms BLOB NOT NULL,
    PRIMARY KEY (run_id, step)
);
""",
    # A sample's blob has figures of blocks behind its norms, which earlier versions would take for damage.
    "",
    # Steps as blocks (`step_blocks`); `earlier_steps` makes them of the rows of `steps`, and drops those.
    """
CREATE TABLE step_blocks (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    figures BLOB NOT NULL,
    PRIMARY KEY (run_id, first)
);
ALTER TABLE runs ADD COLUMN starred INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN deleted_utc TEXT NOT NULL DEFAULT '';
CREATE TABLE queue (
    id TEXT PRIMARY KEY,
    place REAL NOT NULL,
    name TEXT NOT NULL,
    model TEXT NOT NULL,
    recipe TEXT NOT NULL,
    config TEXT NOT NULL,
    tags TEXT NOT NULL DEFAULT '[]',
    state TEXT NOT NULL,
    message TEXT NOT NULL DEFAULT '',
    added_utc TEXT NOT NULL
);
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
""",
)

BLOCKS_SINCE = 5
"""The first version without a row per step."""

VERSION = len(_STEPS)
# Of an SQLite file, four bytes, the highest first (sqlite.org/fileformat.html#user_version_number).
_VERSION_AT = 60
# Up to here, bringing a file up to date takes no longer than opening the window.
_LONG_BYTES = 8_000_000


TABLES = {"runs", "step_blocks", "epochs", "warnings", "rate_changes", "gradients", "queue", "settings"}


def missing(version: int) -> Iterator[str]:
    """Statements that bring an older database, or an empty one (0), up to date. Nothing recorded is changed."""
    for statements in _STEPS[version:]:
        yield from filter(str.strip, statements.split(";"))
    if version < VERSION:
        yield f"PRAGMA user_version={VERSION}"


def later_tables(version: int) -> set[str]:
    """Those that a database of an earlier version cannot have, as it is brought up to date in one transaction."""
    return set(re.findall(r"CREATE TABLE (\w+)", "".join(_STEPS[version:]))) if version > 0 else set()


def version_in(path: Path) -> int | None:
    """Of the database in a file, without opening it as one; None where there is none to read."""
    try:
        require_file(path)
        with path.open("rb") as file:
            header = file.read(_VERSION_AT + 4)
    except OSError:
        return None
    return int.from_bytes(header[_VERSION_AT:], "big") if len(header) == _VERSION_AT + 4 else None


def is_long_of_earlier_version(home: Home) -> bool:
    """Whether bringing its list up to date takes so long that a person should be told."""
    version = version_in(home.database)
    return version is not None and 0 < version < VERSION and home.database.stat().st_size > _LONG_BYTES
