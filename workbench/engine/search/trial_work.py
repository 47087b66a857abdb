"""One trial of a study: a recorded run, and what the study is told of it."""

from collections.abc import Generator, Mapping
from contextlib import closing
from typing import Any

from workbench.core.errors import UserError
from workbench.core.events import EpochMetrics, Event, RunFailed, RunFinished, RunStarted
from workbench.core.orders import Orders
from workbench.core.records.store import RunStore
from workbench.core.search.study import TrialState
from workbench.core.search.trial_events import TrialBegun, TrialEnded
from workbench.core.settings.config import RunConfig
from workbench.engine.search.shared_study import SharedStudy, TakenTrial
from workbench.engine.training import training
from workbench.engine.training.recording import Events

Said = Event | TrialBegun | TrialEnded


class TrialWork:
    """From taking a trial to telling what became of it.

    Args:
        taken: from `study`.
        orders: through which the run can be ended; `finish` counts as pruned by hand.
        machine: fields that are another on this host.
    """

    def __init__(
        self, study: SharedStudy, taken: TakenTrial, store: RunStore, orders: Orders, machine: Mapping[str, Any]
    ) -> None:
        self._study, self._taken, self._store = study, taken, store
        self._orders, self._machine = orders, machine
        self._run_id = ""
        self._accuracies: list[float] = []

    def events(self) -> Generator[Said, None, TrialEnded]:
        """Closing the generator saves the run and gives the trial back."""
        study, taken = self._study, self._taken
        ended: TrialEnded | None = None
        try:
            yield TrialBegun(study.definition.name, taken.number, taken.values)
            ended = yield from self._trained()
        finally:
            # Stopped, or broken: the run is saved by now.
            if ended is None or ended.state == "stopped":
                study.put_back(taken, self._run_id)
        match ended.state:
            case "finished" if ended.accuracy is not None:
                study.tell_finished(taken, ended.accuracy)
            case "pruned":
                study.tell_pruned(taken, ended.message)
            case "failed":
                study.tell_failed(taken, ended.message)
        yield ended
        return ended

    def _trained(self) -> Generator[Said, None, TrialEnded]:
        end: RunFinished | RunFailed | None = None
        try:
            config = self._study.definition.config_at(self._taken.values).with_values(self._machine)
            with closing(self._run(config)) as events:
                for event in events:
                    self._take(event)
                    end = event if isinstance(event, RunFinished | RunFailed) else None
                    yield event
        except UserError as error:
            # No run is left of what could not begin.
            if not self._accuracies:
                self._know_run("")
            return self._ended("failed", str(error), is_refused=True)
        return self._judged(end)

    def _run(self, config: RunConfig) -> Events:
        definition, taken = self._study.definition, self._taken
        if taken.resumes:
            return training.resume(taken.resumes, store=self._store, orders=self._orders)
        return training.train(
            config,
            store=self._store,
            name=f"{definition.name} #{taken.number}",
            model=definition.model,
            recipe=definition.recipe,
            orders=self._orders,
        )

    def _take(self, event: Event) -> None:
        if event.run_id and event.run_id != self._run_id:
            self._know_run(event.run_id)
        match event:
            case RunStarted():
                self._store.tag([event.run_id], [self._study.definition.tag])
                # A run that goes on has some epochs behind it.
                for epoch in self._store.run(event.run_id).epochs:
                    self._report(epoch)
            case EpochMetrics():
                self._report(event)
                self._prune_after(event)

    def _know_run(self, run_id: str) -> None:
        self._run_id = run_id
        self._study.say_run(self._taken, run_id)

    def _report(self, epoch: EpochMetrics) -> None:
        if epoch.validation_accuracy is None:
            raise UserError(
                "data.validation_fraction holds out no image of so few, and a search chooses by held-out images; "
                "give a larger one"
            )
        self._accuracies.append(epoch.validation_accuracy)
        self._study.report(self._taken, epoch.epoch, epoch.validation_accuracy)

    def _prune_after(self, event: EpochMetrics) -> None:
        epochs = self._store.run(event.run_id).config.training.epochs
        if event.epoch < epochs and self._study.should_prune(self._taken):
            self._orders.finish(
                f"pruned after epoch {event.epoch} of {epochs}: other trials of search "
                f"'{self._study.definition.name}' were better by then"
            )

    def _judged(self, end: RunFinished | RunFailed | None) -> TrialEnded:
        match end:
            case RunFailed() if not self._orders.wants_finish:
                return self._ended("failed", end.message, is_refused=end.is_bug)
            case RunFinished(_, "finished", _) if not self._orders.wants_finish:
                return self._ended("finished")
            case RunFinished(_, "finished", reason):
                return self._ended("pruned", reason)
            case RunFailed():
                return self._ended("pruned", self._orders.reason or end.message)
            case _:
                return self._ended("stopped")

    def _ended(self, state: TrialState, message: str = "", is_refused: bool = False) -> TrialEnded:
        best = max(self._accuracies, default=None)
        name, number = self._study.definition.name, self._taken.number
        return TrialEnded(name, number, state, best, self._run_id, message, is_refused)
