"""What the workbench writes into Optuna's studies and trials, and how it is read back."""

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from workbench.core.search.definition import StudyDefinition
from workbench.core.search.dimensions import Choices, Value
from workbench.core.search.study import TrialRecord, TrialState

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

# Of studies.
DEFINITION, LIMIT = "workbench", "trials"
# Of trials. SURPLUS: taken at the same moment as the last one. CONTINUES: number of the trial, from 0, that was
# stopped and whose values it has. RESUMES: that one's run. KILLED: how often a process died of these values.
RUN, HOST, MESSAGE, HEARD = "run", "host", "message", "heard"
SURPLUS, CONTINUES, RESUMES, KILLED = "surplus", "continues", "resumes", "killed"

_STATES: dict[str, TrialState] = {
    "WAITING": "waiting",
    "RUNNING": "running",
    "COMPLETE": "finished",
    "PRUNED": "pruned",
    "FAIL": "failed",
}


def encoded(definition: StudyDefinition, values: Mapping[str, Value]) -> dict[str, Any]:
    """As Optuna keeps them: of choices it wants texts and numbers, and lists are neither."""
    return {
        field: json.dumps(value) if isinstance(definition.space[field], Choices) else value
        for field, value in values.items()
    }


def decoded(definition: StudyDefinition, params: Mapping[str, Any]) -> dict[str, Value]:
    """The inverse of `encoded`; numbers that Optuna drew as they are trained."""
    values = {}
    for field, value in params.items():
        dimension = definition.space[field]
        values[field] = json.loads(value) if isinstance(dimension, Choices) else dimension.tidy(value)
    return values


def continued(trials: "Collection[FrozenTrial]") -> frozenset[int]:
    """Numbers of those that others go on with, from 0."""
    found = (trial.user_attrs.get(CONTINUES) for trial in trials)
    return frozenset(number for number in found if number is not None)


def takes_place(trial: "FrozenTrial", continued_ones: Collection[int]) -> bool:
    """Whether it counts against the number of trials."""
    is_taken = trial.state.name != "WAITING" and not trial.user_attrs.get(SURPLUS)
    return is_taken and trial.number not in continued_ones


def record_of(definition: StudyDefinition, trial: "FrozenTrial", continued_ones: Collection[int]) -> TrialRecord:
    attrs = trial.user_attrs
    state = _STATES[trial.state.name]
    if state == "failed" and trial.number in continued_ones:
        state = "stopped"
    silent = "its process ended without a word" if state in ("failed", "stopped") else ""
    # A waiting trial has its values in the queue.
    params = trial.params or trial.system_attrs.get("fixed_params", {})
    return TrialRecord(
        number=trial.number + 1,
        state=state,
        values=decoded(definition, params),
        accuracies=dict(trial.intermediate_values),
        run_id=str(attrs.get(RUN, "")),
        host=str(attrs.get(HOST, "")),
        message=str(attrs.get(MESSAGE, silent)),
        heard_utc=str(attrs.get(HEARD, "")),
    )
