"""The tables of the run database, and how older ones are brought up to date."""

import sqlite3

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
)

VERSION = len(_STEPS)


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Make what is missing, in the transaction that is open. Nothing recorded is changed."""
    # Read again: another process may have done it while this one waited for the lock.
    (version,) = db.execute("PRAGMA user_version").fetchone()
    for statements in _STEPS[version:]:
        for statement in filter(str.strip, statements.split(";")):
            db.execute(statement)
    if version < VERSION:
        db.execute(f"PRAGMA user_version={VERSION}")
