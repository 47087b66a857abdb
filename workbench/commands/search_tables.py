"""Studies as tables."""

from collections.abc import Sequence

from workbench.commands import console
from workbench.commands.search_display import short_value, values_text
from workbench.core.search.study import StudyRecord


def print_studies(studies: Sequence[StudyRecord]) -> None:
    rows = [
        (study.name, f"{study.done}/{study.limit}", str(study.count("running")),
         console.percent(study.best.accuracy if study.best else None),
         study.definition.sampler, study.definition.pruner, ", ".join(study.definition.space))
        for study in studies
    ]  # fmt: skip
    columns = ("study", "trials", "running", "best validation", "sampler", "pruner", "searched over")
    console.print_table(columns, rows, right=columns[1:4], wrap=columns[-1:])


def print_study(study: StudyRecord) -> None:
    definition = study.definition
    rows = [(field, str(dimension)) for field, dimension in definition.space.items()]
    if study.importances:
        rows = [(field, text, console.percent(study.importances.get(field))) for field, text in rows]  # type: ignore[misc]
    columns = ("searched over", "values", "matters by")[: len(rows[0])]
    console.print_table(columns, rows, right=columns[2:])
    fields = list(definition.space)
    short = [field.partition(".")[2] for field in fields]
    table = [
        (str(trial.number), trial.state, trial.run_id, trial.host,
         *(short_value(trial.values[field]) if field in trial.values else "" for field in fields),
         console.percent(trial.accuracy), str(max(trial.accuracies, default="")), trial.message)
        for trial in study.trials
    ]  # fmt: skip
    names = ("trial", "state", "run", "host", *short, "validation", "epochs", "message")
    console.print_table(names, table, right=("trial", *short, "validation", "epochs"), wrap=("message",))
    print_result(study)


def print_result(study: StudyRecord) -> None:
    counts = ", ".join(
        f"{study.count(state)} {state}"
        for state in ("finished", "pruned", "failed", "running")
        if study.count(state)
    )
    console.print_line(f"study {study.name}: {counts or 'no trials yet'}, of {study.limit}")
    best = study.best
    if best is not None:
        console.print_line(
            f"best: trial {best.number}, run {best.run_id} on {best.host}, validation accuracy "
            f"{best.accuracy:.1%}; {values_text(best.values)}"
        )
        console.print_line(f"its settings: {console.set_options(best.values)}")
