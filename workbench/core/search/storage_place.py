"""Where studies are kept: a file of SQLite, a journal of Optuna's, or a database by its URL."""

from pathlib import Path

from workbench.core.errors import UserError, shown
from workbench.core.home import Home

SQLITE, JOURNAL = (".db", ".sqlite", ".sqlite3"), ".log"
ALLOWED = (
    f"a file that ends in {SQLITE[0]} (SQLite, for processes of one machine) or {JOURNAL} (a journal, also for "
    "several hosts on a network drive), or the URL of a database such as postgresql+psycopg://user@host/name"
)
_JOURNAL_SCHEME = "journal:///"


def storage_url(text: str, home: Home) -> str:
    """What was given as one URL: `sqlite:///FILE`, `journal:///FILE` or any other of SQLAlchemy's.

    Args:
        text: empty for the home's own file.

    Raises:
        UserError: it is neither a URL nor a file with a known ending.
    """
    if not text:
        return f"sqlite:///{home.studies}"
    if "://" in text:
        return text
    path = Path(text).expanduser().absolute()
    if path.suffix.lower() in SQLITE:
        return f"sqlite:///{path}"
    if path.suffix.lower() == JOURNAL:
        return f"{_JOURNAL_SCHEME}{path}"
    raise UserError(f"--storage is '{shown(text)}'; it must be {ALLOWED}")


def journal_path(url: str) -> Path | None:
    """The file, of a journal's URL."""
    return Path(url.removeprefix(_JOURNAL_SCHEME)) if url.startswith(_JOURNAL_SCHEME) else None


def sqlite_path(url: str) -> Path | None:
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None
