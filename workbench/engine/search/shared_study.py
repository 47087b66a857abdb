"""One study as several processes work on it: taking trials, telling what became of them, giving up dead ones."""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from workbench.core.errors import UserError, did_you_mean, shown
from workbench.core.search.definition import StudyDefinition
from workbench.core.search.dimensions import Value
from workbench.core.search.study import StudyRecord
from workbench.engine.search import trial_attributes as attributes
from workbench.engine.search.sampling import pruner_of, sampler_of, suggested
from workbench.engine.search.trial_attributes import record_of

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

# Clocks of several hosts differ by less; a trial that is given up too early is trained twice, and nothing lost.
_SILENT = timedelta(minutes=15)
# A process that was killed may have been killed by its trial, for all the memory that it took.
_MOST_KILLED = 2


@dataclass(frozen=True)
class TakenTrial:
    """A trial that this process works on."""

    trial: "Trial"
    values: Mapping[str, Value]
    resumes: str
    """The run to go on with, if this host has it; empty: a new one."""

    @property
    def number(self) -> int:
        return self.trial.number + 1


class SharedStudy:
    """An open study. `create` begins one, the constructor joins one.

    Args:
        storage: as opened by `storages.opened`.

    Raises:
        UserError: there is no such study, or it is not of the workbench.
    """

    def __init__(self, name: str, storage: "BaseStorage") -> None:
        import optuna

        try:
            self._study: Study = optuna.load_study(study_name=name, storage=storage)
        except KeyError:
            names = optuna.get_all_study_names(storage)
            listed = "; 'resnet-workbench search list' shows all" if names else ""
            hint = did_you_mean(name, names) or listed
            raise UserError(f"there is no study called '{shown(name)}'{hint}") from None
        tree = self._study.user_attrs.get(attributes.DEFINITION)
        self.definition = StudyDefinition.from_json(name, tree)
        self._study.pruner = pruner_of(self.definition)

    @classmethod
    def create(cls, definition: StudyDefinition, limit: int, storage: "BaseStorage") -> "SharedStudy":
        """Begin a study.

        Raises:
            UserError: there is one of that name.
        """
        import optuna

        try:
            study = optuna.create_study(study_name=definition.name, storage=storage, direction="maximize")
        except optuna.exceptions.DuplicatedStudyError:
            raise UserError(
                f"there is a study called '{shown(definition.name)}' already; 'resnet-workbench search join' "
                "works on it, or choose another name"
            ) from None
        study.set_user_attr(attributes.DEFINITION, definition.to_json())
        study.set_user_attr(attributes.LIMIT, limit)
        shared = cls(definition.name, storage)
        if definition.sampler == "grid":
            shared._queue_grid()
        return shared

    def _queue_grid(self) -> None:
        """All points, in an order that does not try all values of one field first.

        Not Optuna's GridSampler: it finds out by itself which points are left, so that processes take some twice.
        """
        import numpy as np

        points = self.definition.grid_points
        for index in np.random.default_rng(self.definition.config.training.seed).permutation(len(points)):
            self._study.enqueue_trial(attributes.encoded(self.definition, points[index]))

    @property
    def limit(self) -> int:
        """How many trials there are to be in all; of a grid no more than it has points."""
        wanted = int(self._study.user_attrs.get(attributes.LIMIT, 0))
        size = self.definition.grid_size if self.definition.sampler == "grid" else None
        return min(wanted, size or wanted)

    def set_limit(self, limit: int) -> None:
        """Have so many trials in all; every process that works on the study sees it at its next one."""
        self._study.set_user_attr(attributes.LIMIT, limit)

    def record(self, importances: Mapping[str, float] | None = None) -> StudyRecord:
        """All that is known of it now."""
        found = self._trials()
        continued = attributes.continued(found)
        trials = tuple(
            record_of(self.definition, trial, continued)
            for trial in found
            if not trial.user_attrs.get(attributes.SURPLUS)
        )
        return StudyRecord(self.definition, self.limit, trials, importances or {})

    def importances(self) -> dict[str, float]:
        """How much of the differences in accuracy each field explains (fANOVA, Hutter et al. 2014), the largest
        first; empty where trials are too few, or all alike."""
        import optuna

        states = [trial.state.name for trial in self._trials()]
        if states.count("COMPLETE") < 2 * len(self.definition.space):
            return {}
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        # Of accuracies that are all the same, nothing can be said.
        with suppress(ValueError, RuntimeError, ZeroDivisionError):
            found = optuna.importance.get_param_importances(self._study, evaluator=evaluator)
            return {field: float(share) for field, share in found.items()}
        return {}

    # Trials

    def take(self, run_is_here: Callable[[str], bool]) -> TakenTrial | None:
        """The next trial, if there is one to do.

        Args:
            run_is_here: whether a run can be resumed on this host.
        """
        is_waiting = any(trial.state.name == "WAITING" for trial in self._trials())
        if not is_waiting and self.definition.sampler == "grid":
            return None
        if self._is_full():
            return None
        trial = self._study.ask()
        # Every choice is a function of the seed and the trial's number: two processes never draw the same.
        self._study.sampler = sampler_of(self.definition, trial.number)
        values = {field: suggested(trial, field, each) for field, each in self.definition.space.items()}
        if self._is_full(before=trial.number):
            # Another process took the last one at the same moment.
            trial.set_user_attr(attributes.SURPLUS, True)
            self._tell(trial, state="FAIL")
            return None
        trial.set_user_attr(attributes.HOST, socket.gethostname())
        self.beat(trial)
        resumes = str(trial.user_attrs.get(attributes.RESUMES, ""))
        return TakenTrial(trial, values, resumes if resumes and run_is_here(resumes) else "")

    def _is_full(self, before: int | None = None) -> bool:
        """Whether all trials are taken, or were by those of lower numbers."""
        trials = self._trials()
        continued = attributes.continued(trials)
        taken = [each for each in trials if attributes.takes_place(each, continued)]
        return sum(before is None or each.number < before for each in taken) >= self.limit

    @staticmethod
    def beat(trial: "Trial") -> None:
        """Say that this process is alive."""
        trial.set_user_attr(attributes.HEARD, datetime.now(UTC).isoformat(timespec="seconds"))

    def say_run(self, taken: TakenTrial, run_id: str) -> None:
        """Which run it is; empty: none, as it could not begin."""
        import optuna

        with suppress(optuna.exceptions.UpdateFinishedTrialError):
            taken.trial.set_user_attr(attributes.RUN, run_id)

    def report(self, taken: TakenTrial, epoch: int, accuracy: float) -> None:
        import optuna

        # Another process may have given it up meanwhile.
        with suppress(optuna.exceptions.UpdateFinishedTrialError):
            taken.trial.report(accuracy, epoch)

    def should_prune(self, taken: TakenTrial) -> bool:
        return bool(taken.trial.should_prune())

    def tell_finished(self, taken: TakenTrial, accuracy: float) -> None:
        self._tell(taken.trial, accuracy)

    def tell_pruned(self, taken: TakenTrial, message: str) -> None:
        self._say(taken.trial, message)
        self._tell(taken.trial, state="PRUNED")

    def tell_failed(self, taken: TakenTrial, message: str) -> None:
        self._say(taken.trial, message)
        self._tell(taken.trial, state="FAIL")

    def put_back(self, taken: TakenTrial, run_id: str) -> None:
        """It was stopped: whoever works on the study next goes on with it."""
        self._say(taken.trial, "stopped")
        self._continue_later(taken.trial.number, taken.trial.user_attrs, taken.values, run_id)

    def give_up_dead(self, is_interrupted: Callable[[str], bool]) -> None:
        """Give the trials of processes that were killed back to the study.

        Args:
            is_interrupted: whether a run is recorded on this host and its process is gone. Of other hosts it is
                known by their silence.
        """
        for trial in self._trials():
            if trial.state.name != "RUNNING":
                continue
            run_id = str(trial.user_attrs.get(attributes.RUN, ""))
            if is_interrupted(run_id) or _is_silent(trial):
                self._give_up(trial, run_id)

    def _give_up(self, trial: "FrozenTrial", run_id: str) -> None:
        killed = int(trial.user_attrs.get(attributes.KILLED, 0)) + 1
        values = attributes.decoded(self.definition, trial.params)
        # Killed before all values were chosen, it is nothing that could be gone on with.
        is_whole = values.keys() == self.definition.space.keys()
        if is_whole and killed < _MOST_KILLED:
            self._continue_later(trial.number, {attributes.KILLED: killed}, values, run_id)
        else:
            self._fail(trial.number)

    def _continue_later(
        self, number: int, attrs: Mapping[str, Any], values: Mapping[str, Value], run_id: str
    ) -> None:
        if not self._fail(number):
            return
        killed = int(attrs.get(attributes.KILLED, 0))
        about = {attributes.CONTINUES: number, attributes.RESUMES: run_id, attributes.KILLED: killed}
        self._study.enqueue_trial(attributes.encoded(self.definition, values), user_attrs=about)

    def _fail(self, number: int) -> bool:
        """Whether it was this process that ended it: of several only one may queue it again."""
        import optuna

        try:
            self._study.tell(number, state=optuna.trial.TrialState.FAIL)
        except (ValueError, optuna.exceptions.UpdateFinishedTrialError):
            return False
        return True

    def _say(self, trial: "Trial", message: str) -> None:
        import optuna

        with suppress(optuna.exceptions.UpdateFinishedTrialError):
            trial.set_user_attr(attributes.MESSAGE, message)

    def _tell(self, trial: "Trial", accuracy: float | None = None, state: str = "COMPLETE") -> None:
        import optuna

        self._study.tell(trial, accuracy, state=optuna.trial.TrialState[state], skip_if_finished=True)

    def _trials(self) -> "list[FrozenTrial]":
        return self._study.get_trials(deepcopy=False)


def _is_silent(trial: "FrozenTrial") -> bool:
    heard = trial.user_attrs.get(attributes.HEARD)
    last = datetime.fromisoformat(heard) if heard else None
    if last is None:
        # Killed between the two lines that take it and say so.
        began = trial.datetime_start
        return began is not None and datetime.now() - began > _SILENT
    return datetime.now(UTC) - last > _SILENT
