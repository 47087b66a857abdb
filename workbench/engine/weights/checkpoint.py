"""Checkpoints that are either whole and verified or not there.

A folder holds data files `step-<n>.pt` and small manifests `last.json`, `previous.json`, `best.json`. A manifest
names a data file and its SHA-256 and is written after it, atomically, so that it never points at half a
file. torch.load alone would read a file with flipped bits without an error.
"""

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

from workbench.core.errors import UserError, reason, shown
from workbench.core.files import require_file, write_atomically
from workbench.engine.weights import manifest
from workbench.engine.weights.checkpoint_state import CheckpointState
from workbench.engine.weights.manifest import KINDS, VERSION, Kind, Manifest, NewerVersion

Check = Callable[[CheckpointState], object]


def save(folder: Path, state: CheckpointState, *, step: int, epoch: int, best: bool) -> Path:
    """Write `state` as the last checkpoint (and the best one, if so); the one before stays as `previous`.

    Raises:
        UserError: it cannot be written; what `load_last` takes then is whole: the one before, or this one.
    """
    content = state.to_file()
    digest = hashlib.sha256(content).hexdigest()
    # The digest in the name keeps a rewritten step (a resumed run) from replacing a file still pointed at.
    path = folder / f"step-{step:08d}-{digest[:8]}.pt"
    write_atomically(path, lambda file: file.write(content))
    written = Manifest(path.name, digest, VERSION, step, epoch)
    _keep_as_previous(folder, digest)
    # Before `last`: killed in between, the run goes on from the best one. The other way round it would go on
    # behind it, and the best weights be those of an earlier epoch for good.
    if best:
        manifest.write(written, folder, "best")
    manifest.write(written, folder, "last")
    _remove_unused(folder)
    return path


def _keep_as_previous(folder: Path, digest: str) -> None:
    """Let `previous` point at what is now the last one, unless that is damaged or the same that comes next."""
    try:
        last = manifest.read(folder, "last")
    except UserError:
        return
    if last is not None and last.sha256 != digest:
        manifest.write(last, folder, "previous")


def load(folder: Path, kind: Kind) -> CheckpointState:
    """Read a checkpoint after checking it byte for byte.

    Raises:
        NewerVersion: written by a newer workbench.
        UserError: missing, damaged, or none of ours.
    """
    found = manifest.read(folder, kind)
    if found is None:
        raise UserError(_absence(folder, kind))
    path = folder / found.file
    try:
        require_file(path)
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read the checkpoint {shown(path)}: {reason(error)}") from error
    if hashlib.sha256(content).hexdigest() != found.sha256:
        named = manifest.path_of(folder, kind).name
        raise UserError(f"the checkpoint {shown(path)} is damaged: its SHA-256 is not the one in {named}")
    return CheckpointState.from_file(content, f"the checkpoint {shown(path)}")


def _absence(folder: Path, kind: Kind) -> str:
    beside = [manifest.path_of(folder, other).name for other in KINDS if manifest.exists(folder, other)]
    if not beside:
        return f"there is no checkpoint '{kind}' in {shown(folder)}; the run has saved none yet"
    path = manifest.path_of(folder, kind)
    return f"the checkpoint manifest {shown(path)} is missing, which should be beside {' and '.join(beside)}"


def load_best(folder: Path) -> CheckpointState:
    """The best checkpoint, or the last before the first epoch.

    Raises:
        UserError: as `load`.
    """
    best = manifest.read(folder, "best")
    kind: Kind = "best" if best else "last"
    found = best or manifest.read(folder, kind)
    try:
        state = load(folder, kind)
        position = state.position
        is_best = position.best_epoch in (0, position.epoch if position.batch == 0 else 0)
        if kind == "last" and not is_best:
            raise UserError(_absence(folder, "best"))
        return state
    except UserError:
        # While the run is trained, a newer one may take its place and its file be removed before it is read.
        if manifest.read(folder, kind) == found:
            raise
    return load_best(folder)


def named(folder: Path, kind: Kind) -> Manifest | None:
    """What is known of a checkpoint without reading it; None if there is none, or none that can be read."""
    with contextlib.suppress(UserError):
        return manifest.read(folder, kind)
    return None


def exists(folder: Path) -> bool:
    """Whether a checkpoint was ever written there, readable or not."""
    return any(manifest.exists(folder, kind) for kind in KINDS)


def load_last(folder: Path, check: Check = lambda _state: None) -> tuple[CheckpointState, str]:
    """The last checkpoint, and a warning, empty if all is well. If it is damaged, the one before takes its place.

    A best one that is ahead is taken: the run was killed before `last` pointed at it too, or that one is damaged.

    Args:
        check: raises UserError for one that is whole but not to be taken, as another run's.

    Raises:
        NewerVersion: a newer workbench wrote the last one.
        UserError: neither can be taken; names what is wrong with the last one.
    """
    words = ""
    try:
        state = _checked(folder, "last", check)
    except NewerVersion:
        raise
    except UserError as error:
        state, words = _in_place_of_last(folder, check, error)
    else:
        state = _best_ahead_of(state, folder, check) or state
    _mend_best(state, folder)
    return state, words


def _in_place_of_last(folder: Path, check: Check, error: UserError) -> tuple[CheckpointState, str]:
    """The one before or the best one, whichever is further, and a warning that says so.

    Raises:
        UserError: `error`, as none of them can be taken.
    """
    places: dict[Kind, str] = {"previous": "checkpoint before it", "best": "best checkpoint"}
    for place, words in places.items():
        try:
            state, found = _checked(folder, place, check), manifest.read(folder, place)
        except NewerVersion:
            break
        except UserError:
            continue
        # The next save must not put the damaged one in the place of this one.
        if found is not None:
            manifest.write(found, folder, "last")
        # Behind it, epochs would be forgotten that a later start would jump to.
        ahead = _best_ahead_of(state, folder, check)
        return ahead or state, f"{error}; going on from the {places['best'] if ahead else words}"
    raise error


def _mend_best(last: CheckpointState, folder: Path) -> None:
    """Where `best` is lost and the last one was it: else the run would lose the weights that it is known by."""
    position = last.position
    if position.batch or not position.epoch or position.best_epoch != position.epoch:
        return
    try:
        is_lost = manifest.read(folder, "best") is None
    except NewerVersion:
        return
    except UserError:
        is_lost = True
    found = named(folder, "last")
    if is_lost and found is not None:
        manifest.write(found, folder, "best")


def _checked(folder: Path, kind: Kind, check: Check) -> CheckpointState:
    state = load(folder, kind)
    check(state)
    return state


def _best_ahead_of(last: CheckpointState, folder: Path, check: Check) -> CheckpointState | None:
    """The best one, which is the last from then on; None if it is behind, as usual, or cannot be taken."""
    behind, found = named(folder, "last"), named(folder, "best")
    if behind is None or found is None or (found.epoch, found.step) <= (behind.epoch, behind.step):
        return None
    try:
        best = _checked(folder, "best", check)
    except UserError:
        return None
    # Manifests are text: what is in the files counts.
    if (best.position.epoch, best.position.batch) <= (last.position.epoch, last.position.batch):
        return None
    manifest.write(found, folder, "last")
    return best


def _remove_unused(folder: Path) -> None:
    try:
        used = {found.file for kind in KINDS if (found := manifest.read(folder, kind))}
    except UserError:
        return  # Better a file too many than one too few.
    for path in folder.glob("step-*.pt"):
        if path.name not in used:
            # Windows refuses while another process reads it; the next save tries again.
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
