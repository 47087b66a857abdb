"""Folders of runs that the list does not name: lost with a damaged database, or copied here by hand."""

import contextlib
import json
import re
from collections.abc import Collection, Sequence

from workbench.core.errors import DamagedDatabase, shown
from workbench.core.files import read_text, require_file
from workbench.core.home import Home
from workbench.core.records.run_folder import RunFolder, run_folders
from workbench.core.records.run_history import NoHistory, RunHistory
from workbench.core.records.run_journal import read_journal
from workbench.core.records.run_lock import RunLock

# Never the first line. Twenty times as fast as by the beginnings of lines.
_EPOCH_LINE = re.compile(rb'\n\{"kind": "epoch", "epoch": (\d{1,9}),')


def whole_folders(home: Home, listed: Collection[str], *, even_trained: bool = False) -> list[RunFolder]:
    """Those that hold a run which is not `listed`, in the order of their names.

    Not those of a run that is just being recorded, or that was killed before it was: there is nothing in them.

    Args:
        even_trained: those too that a process trains, which may have been recorded after the list was read.
    """
    found = []
    for folder in run_folders(home.runs):
        # A folder that may not be looked into is nothing to stumble over.
        with contextlib.suppress(PermissionError):
            if folder.run_id not in listed and is_whole(folder):
                found.append(folder)
    return [folder for folder in found if even_trained or RunLock(folder.path).is_free()]


def trained_run(home: Home) -> str:
    """The id of a run that some process trains now; empty if none does."""
    for folder in run_folders(home.runs):
        if (folder.path / "lock").exists() and not RunLock(folder.path).is_free():
            return folder.run_id
    return ""


def lost_list(home: Home) -> DamagedDatabase:
    """Why a list without runs is not taken for one that begins, beside their folders."""
    count = len(whole_folders(home, (), even_trained=True))
    what = "is empty" if home.database.exists() else "is not there"
    runs = "the folder of a run is" if count == 1 else f"the folders of {count} runs are"
    return DamagedDatabase(f"the run database {shown(home.database)} {what}, though {runs} beside it")


def unlisted_sentence(home: Home, unlisted: Sequence[str]) -> str:
    """That these runs are not in the list."""
    runs = (
        f"run {unlisted[0]} has its folder" if len(unlisted) == 1 else f"{len(unlisted)} runs have their folders"
    )
    return f"{runs} in {shown(home.runs)}, but the list does not name them"


def is_whole(folder: RunFolder) -> bool:
    """Whether it says of which run it is, by its journal or, of earlier versions, by its settings."""
    if folder.journal.exists():
        return journal_history(folder) is not None or (has_settings(folder) and _has_results(folder))
    return has_settings(folder)


def is_nobodys(folder: RunFolder) -> bool:
    """Whether its process was killed before the run was recorded, so that there is nothing in it.

    Settings without a journal are those of an earlier version, of a run that may have been listed.
    """
    if _has_results(folder):
        return False
    if not folder.journal.exists():
        return not folder.config.exists()
    try:
        return not RunHistory.of_journal(read_journal(folder.journal)).is_recorded
    # Its very first line was never whole: it was killed while it wrote it.
    except NoHistory:
        return folder.journal.read_bytes().count(b"\n") == 0
    except OSError:
        return False


def journal_history(folder: RunFolder) -> RunHistory | None:
    """What its journal says, if that is a run that a database had."""
    try:
        history = RunHistory.of_journal(read_journal(folder.journal))
    except (OSError, NoHistory):
        return None
    return history if history.is_recorded else None


def unlisted_epochs(folder: RunFolder, listed: Collection[int]) -> list[int]:
    """Of a run that nobody trains: those that its journal has, if it is whole, and the list has not."""
    try:
        require_file(folder.journal)
        told = {int(epoch) for epoch in _EPOCH_LINE.findall(folder.journal.read_bytes())}
    except OSError:
        return []
    # Most lists lack none: no line needs to be understood for that.
    if told <= set(listed) or not RunLock(folder.path).is_free():
        return []
    history = journal_history(folder)
    return sorted(history.epochs.keys() - set(listed)) if history is not None and history.is_whole else []


def has_settings(folder: RunFolder) -> bool:
    try:
        about = json.loads(read_text(folder.config))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(about, dict) and isinstance(about.get("config"), dict)


def _has_results(folder: RunFolder) -> bool:
    return bool(folder.evaluated_epochs()) or any(folder.checkpoints.glob("*.json"))
