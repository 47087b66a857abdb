"""Checkpoints: whole, verified, and never worse than the one before."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.engine.checkpoints import state_after
from workbench.core.errors import UserError
from workbench.engine.weights import checkpoint, manifest
from workbench.engine.weights.checkpoint_state import Position


def save(folder: Path, step: int, best: bool = False) -> Path:
    return checkpoint.save(folder, state_after(step), step=step, epoch=1, best=best)


def write_all_but(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As on a disk that becomes full just then."""
    write = manifest.write_atomically

    def full(path: Path, writer: Any) -> None:
        if path.name == name:
            raise UserError("cannot write: no space left")
        write(path, writer)

    monkeypatch.setattr(manifest, "write_atomically", full)


def test_last_and_best_come_back(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        save(tmp_path, step, best=step == 2)
    assert checkpoint.load(tmp_path, "last").position.batch == 3
    assert checkpoint.load(tmp_path, "best").position.batch == 2
    assert torch.equal(checkpoint.load(tmp_path, "best").network["w"], torch.full((4,), 2.0))


def save_epoch(folder: Path, epoch: int, best_epoch: int) -> None:
    state = replace(state_after(epoch), position=Position(epoch=epoch, best_epoch=best_epoch))
    checkpoint.save(folder, state, step=epoch, epoch=epoch, best=epoch == best_epoch)


def test_a_lost_best_one_is_not_passed_off_as_the_last(tmp_path: Path) -> None:
    save_epoch(tmp_path, 1, best_epoch=1)
    save_epoch(tmp_path, 2, best_epoch=1)
    (tmp_path / "best.json").unlink()
    with pytest.raises(UserError, match=r"best\.json is missing, which should be beside last\.json and"):
        checkpoint.load_best(tmp_path)


@pytest.mark.parametrize("damage", ["gone", "empty", "a folder"])
def test_where_the_last_one_was_the_best_that_is_written_anew(tmp_path: Path, damage: str) -> None:
    save_epoch(tmp_path, 1, best_epoch=1)
    save_epoch(tmp_path, 2, best_epoch=2)
    path = tmp_path / "best.json"
    path.unlink()
    if damage == "empty":
        path.touch()
    elif damage == "a folder":
        path.mkdir()
    assert checkpoint.load_last(tmp_path)[1] == ""
    assert checkpoint.load(tmp_path, "best").position.epoch == 2


def test_only_files_in_use_are_kept(tmp_path: Path) -> None:
    for step in range(1, 8):
        save(tmp_path, step, best=step == 3)
    assert len(list(tmp_path.glob("step-*.pt"))) == 3
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_taken(tmp_path: Path, damage: str) -> None:
    save(tmp_path, 1)
    path = save(tmp_path, 2)
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content[: len(content) // 2 if damage == "cut" else 0])
    with pytest.raises(UserError, match=path.name):
        checkpoint.load(tmp_path, "last")
    state, warning = checkpoint.load_last(tmp_path)
    assert state.position.batch == 1
    assert path.name in warning


def test_with_both_damaged_the_last_one_is_named(tmp_path: Path) -> None:
    first, second = save(tmp_path, 1), save(tmp_path, 2)
    first.write_bytes(b"")
    second.write_bytes(b"")
    with pytest.raises(UserError, match=second.name):
        checkpoint.load_last(tmp_path)


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    save(tmp_path, 1)
    (tmp_path / "last.json").write_text("{")
    with pytest.raises(UserError, match=r"last\.json"):
        checkpoint.load(tmp_path, "last")


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    save(tmp_path, 1)
    path = tmp_path / "last.json"
    path.write_text(path.read_text().replace(f'"version": {manifest.VERSION}', '"version": 99'))
    with pytest.raises(UserError, match="newer workbench"):
        checkpoint.load(tmp_path, "last")


def test_none_yet_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no checkpoint 'best'"):
        checkpoint.load(tmp_path, "best")


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, 1)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match="No space left"):
        save(tmp_path, 2)
    monkeypatch.undo()
    assert checkpoint.load(tmp_path, "last").position.batch == 1
    assert not list(tmp_path.glob(".*"))


def test_after_a_fallback_a_failing_save_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, 1)
    save(tmp_path, 2).write_bytes(b"cut")
    assert checkpoint.load_last(tmp_path)[0].position.batch == 1
    write_all_but(monkeypatch, "last.json")
    with pytest.raises(UserError, match="no space left"):
        save(tmp_path, 3)
    assert checkpoint.load(tmp_path, "last").position.batch == 1


def test_the_same_state_saved_twice_keeps_the_one_before(tmp_path: Path) -> None:
    save(tmp_path, 1)
    save(tmp_path, 2)
    save(tmp_path, 2)
    assert [checkpoint.load(tmp_path, kind).position.batch for kind in ("last", "previous")] == [2, 1]


def test_a_file_that_another_process_reads_is_removed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def refused(path: Path, missing_ok: bool = False) -> None:
        if path.suffix != ".pt":
            return unlink(path, missing_ok)
        raise PermissionError(13, "The process cannot access the file because it is being used")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refused)
        for step in (1, 2, 3):
            save(tmp_path, step)
    assert len(list(tmp_path.glob("step-*.pt"))) == 3
    save(tmp_path, 4)
    assert len(list(tmp_path.glob("step-*.pt"))) == 2


def test_a_best_one_that_is_ahead_is_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was killed before `last` pointed at it too has lost nothing, and has the best weights still."""
    save(tmp_path, 1, best=True)
    write_all_but(monkeypatch, "last.json")
    with pytest.raises(UserError, match="no space left"):
        save(tmp_path, 2, best=True)
    monkeypatch.undo()
    assert checkpoint.load_best(tmp_path).position.batch == 2
    state, warning = checkpoint.load_last(tmp_path)
    assert (state.position.batch, warning) == (2, "")
    assert [checkpoint.load(tmp_path, kind).position.batch for kind in manifest.KINDS] == [2, 2, 1]


def test_a_first_checkpoint_may_be_the_best_one_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all_but(monkeypatch, "last.json")
    with pytest.raises(UserError, match="no space left"):
        save(tmp_path, 1, best=True)
    monkeypatch.undo()
    assert checkpoint.exists(tmp_path)
    state, warning = checkpoint.load_last(tmp_path)
    assert state.position.batch == 1
    assert "last.json is missing, which should be beside best.json; going on from the best checkpoint" in warning
    assert checkpoint.load(tmp_path, "last").position.batch == 1


@pytest.mark.parametrize("how", ["damaged", "behind"])
def test_a_best_one_that_only_seems_to_be_ahead_is_left(tmp_path: Path, how: str) -> None:
    path = save(tmp_path, 1, best=True)
    save(tmp_path, 2)
    if how == "damaged":
        path.write_bytes(b"")
    best = tmp_path / "best.json"
    best.write_text(best.read_text().replace('"step": 1', '"step": 9'))
    state, warning = checkpoint.load_last(tmp_path)
    assert (state.position.batch, warning) == (2, "")
