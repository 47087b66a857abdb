"""What is drawn of which run: single runs, or those that differ in their seed as one."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from workbench.core.curves.run_curves import RunCurves
from workbench.core.curves.seed_groups import GroupCurves


@dataclass(eq=False)
class DrawnRun:
    """A run that a panel knows of."""

    run_id: str
    name: str
    color_index: int
    """The run's number in the list, less one."""
    curves: RunCurves
    group: str = ""
    """The same for runs that differ in their seed; empty of one that belongs to none."""
    visible: bool = True


@dataclass(frozen=True, eq=False)
class Shown:
    """One entry of the legend, and its lines in each plot."""

    key: str
    """Of a run its id; of a group what its runs have in common."""
    name: str
    color_index: int
    curves: RunCurves | GroupCurves

    @property
    def runs(self) -> int:
        return len(self.curves.runs) if isinstance(self.curves, GroupCurves) else 1


def labels(runs: Iterable[DrawnRun]) -> dict[str, str]:
    """What each visible run is called; with its number where another one has the same name."""
    visible = [run for run in runs if run.visible]
    times = Counter(run.name for run in visible)
    return {
        run.run_id: f"{run.name} ({run.color_index + 1})" if times[run.name] > 1 else run.name for run in visible
    }


def shown(runs: Iterable[DrawnRun], are_grouped: bool) -> list[Shown]:
    """The visible ones, each where its first run stands; a group of one is that run."""
    groups: dict[str, list[DrawnRun]] = {}
    known = list(runs)
    for run in known:
        if run.visible:
            groups.setdefault(run.group if are_grouped and run.group else run.run_id, []).append(run)
    names = labels(known)
    return [_shown(key, members, names) for key, members in groups.items()]


def _shown(key: str, members: list[DrawnRun], names: dict[str, str]) -> Shown:
    first = members[0]
    if len(members) == 1:
        return Shown(first.run_id, names[first.run_id], first.color_index, first.curves)
    return Shown(key, first.name, first.color_index, GroupCurves([run.curves for run in members]))
