"""Archives of runs as damage, or somebody who means harm, makes them of good ones."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.records.run_export import ExportedRuns, export_runs
from workbench.core.records.run_import import ImportedRuns, import_runs
from workbench.core.records.store import RunStore

Members = dict[str, bytes]


def exhausted(work: Generator[Any, None, Any]) -> Any:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def exported(home: Home, path: Path, *run_ids: str) -> ExportedRuns:
    with closing(RunStore.for_reading(home)) as store:
        done: ExportedRuns = exhausted(export_runs(store, run_ids or store.ids(), path))
        return done


def imported(home: Home, path: Path, *, again: bool = False) -> ImportedRuns:
    with closing(RunStore(home.prepare())) as store:
        done: ImportedRuns = exhausted(import_runs(store, path, again=again))
        return done


def rewritten(
    path: Path, change: Callable[[dict[str, Any], Members], object], kind: int = zipfile.ZIP_STORED
) -> Path:
    """The archive with another manifest and other members; what `change` puts in place is sealed by `seal`."""
    with zipfile.ZipFile(path) as zipped:
        members = {name: zipped.read(name) for name in zipped.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(manifest, members)
    target = path.with_name("changed.zip")
    with zipfile.ZipFile(target, "w", kind) as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)
        zipped.writestr("manifest.json", json.dumps(manifest))
    return target


def seal(file: dict[str, Any], content: bytes) -> bytes:
    """Let the manifest say what the content is."""
    file |= {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return content


def files_in(home: Home) -> dict[str, bytes]:
    """Of a home: all but the list, which changes by being opened, and locks."""
    return {
        path.relative_to(home.root).as_posix(): path.read_bytes()
        for path in sorted(home.root.rglob("*"))
        if path.is_file() and path.name != "lock" and not path.name.startswith("workbench")
    }


def refused(home: Home, archive: Path) -> str:
    """The sentence of a refusal; empty if the archive was imported."""
    try:
        imported(home, archive)
    except UserError as error:
        return str(error)
    return ""


def said(home: Home, run_id: str) -> tuple[object, ...]:
    """All that the list says of a run but its number."""
    with closing(RunStore(home, read_only=True)) as store:
        record = store.run(run_id)
        samples = [(each.step, each.epoch, each.norms.tobytes()) for each in store.gradients(record)]
        blocks, lost = store.step_blocks(run_id)
        return replace(record, number=0), blocks, lost, store.rate_changes(run_id), samples
