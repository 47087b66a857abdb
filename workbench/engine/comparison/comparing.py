"""Comparing recorded runs by what they said of the same test images."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workbench.core.comparison import holm
from workbench.core.comparison.agreement import Agreement
from workbench.core.comparison.common_images import AskedRun, common_images
from workbench.core.comparison.comparison import Comparison
from workbench.core.comparison.config_differences import config_differences
from workbench.core.comparison.seed_runs import runs_of_seeds
from workbench.core.comparison.verdict import Side, Verdict
from workbench.core.errors import UserError, shown
from workbench.core.records.run_reader import RunReader
from workbench.core.records.run_record import RunRecord
from workbench.engine.comparison.statistics import estimate


@dataclass(frozen=True, eq=False)
class _Group:
    """One side: a run and, where seeds count, those that differ from it in their seed alone."""

    runs: tuple[AskedRun, ...]
    name: str = ""
    """What all of them are called; by default as the first."""

    @property
    def first(self) -> RunRecord:
        return self.runs[0].record


def compare(
    store: RunReader,
    runs: tuple[str, str],
    epochs: tuple[int | None, int | None] = (None, None),
    with_seeds: bool = False,
) -> Comparison:
    """Whether the second of two runs is better than the first.

    Args:
        runs: their ids.
        epochs: after which each is asked; None: after the one that it keeps.
        with_seeds: all finished runs of the same configuration but for the seed count, on both sides.

    Raises:
        UserError: a run has no such answers, or the test images differ; or, with seeds, there are no other ones.
    """
    groups = _read(store, runs, epochs, with_seeds)
    return _compared(groups[0], groups[1])


def compare_all(store: RunReader, runs: list[str], with_seeds: bool = False) -> list[Comparison]:
    """Each pair of several runs in their order, with p-values for all of these comparisons at once.

    Raises:
        UserError: as `compare`, or one is given twice.
    """
    twice = next((run for run in runs if runs.count(run) > 1), None)
    if twice is not None:
        raise UserError(f"run {twice} is given twice; of more than two runs give each once")
    return _in_pairs(_read(store, runs, [None] * len(runs), with_seeds))


def compare_groups(groups: Sequence[tuple[str, Sequence[AskedRun]]]) -> list[Comparison]:
    """Likewise each pair of several groups: runs that differ in their seed alone, called by a name together.

    Raises:
        UserError: the test images differ.
    """
    return _in_pairs([_Group(tuple(runs), name) for name, runs in groups])


def _in_pairs(groups: Sequence[_Group]) -> list[Comparison]:
    pairs = [_compared(a, b) for i, a in enumerate(groups) for b in groups[i + 1 :]]
    corrected = holm.adjusted([pair.verdict.p_value for pair in pairs])
    return [
        replace(pair, verdict=replace(pair.verdict, p_adjusted=p))
        for pair, p in zip(pairs, corrected, strict=True)
    ]


def _read(store: RunReader, runs: Sequence[str], epochs: Sequence[int | None], with_seeds: bool) -> list[_Group]:
    records = [store.run(run_id) for run_id in runs]
    everything = store.runs() if with_seeds else []
    groups = []
    for record, epoch in zip(records, epochs, strict=True):
        members = runs_of_seeds(record, everything) if with_seeds else (record,)
        groups.append(_Group(tuple(AskedRun(each, store.answers(each, epoch)) for each in members)))
    if with_seeds:
        _refuse_one_experiment(groups)
    return groups


def _refuse_one_experiment(groups: Sequence[_Group]) -> None:
    names = [f"{group.first.id} ({shown(group.first.name)})" for group in groups]
    if all(len(group.runs) == 1 for group in groups):
        raise UserError(
            f"with seeds, runs {' and '.join(names)} have no others that finished and differ in training.seed "
            "alone; train some, or compare without seeds"
        )
    known: dict[str, str] = {}
    for group, name in zip(groups, names, strict=True):
        ids = [run.record.id for run in group.runs]
        same = next((known[run_id] for run_id in ids if run_id in known), None)
        if same is not None:
            raise UserError(
                f"with seeds, runs {same} and {name} are one and the same: they differ in training.seed alone; "
                "compare them without seeds"
            )
        known |= dict.fromkeys(ids, name)


def _compared(a: _Group, b: _Group) -> Comparison:
    positions = common_images([*a.runs, *b.runs])
    answers = [run.of(found) for run, found in zip([*a.runs, *b.runs], positions, strict=True)]
    of_a, of_b = answers[: len(a.runs)], answers[len(a.runs) :]
    right_a, right_b = (np.array([each.correct for each in group], bool) for group in (of_a, of_b))
    interval, p_value = estimate(right_a, right_b)
    agreement = Agreement(of_a[0], of_b[0])
    return Comparison(
        Verdict(_side(a, right_a), _side(b, right_b), agreement.counts, interval, p_value),
        agreement,
        positions[0],
        positions[len(a.runs)],
        config_differences(a.first.config, b.first.config),
    )


def _side(group: _Group, right: NDArray[np.bool_]) -> Side:
    record, evaluation = group.runs[0].record, group.runs[0].evaluation
    seeds = tuple(run.record.config.training.seed for run in group.runs)
    return Side(record.id, group.name or record.name, evaluation.epoch, seeds, tuple(right.mean(axis=1).tolist()))
