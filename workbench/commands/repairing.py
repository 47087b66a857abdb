"""Rebuilding a damaged list of runs: `doctor --repair`."""

from workbench.commands import console
from workbench.core.home import Home
from workbench.core.records.store_repair import Repair, repair, source_text


def repair_list(home: Home, json: bool) -> int:
    """Do it if anything is wrong, and say what was found and what became of each run."""
    with console.TrainingDisplay(quiet=json) as display:
        done = console.exhaust(repair(home.prepare()), display)
    if json:
        console.print_json(
            {
                "repaired": done.diagnosis.needs_repair,
                "problem": done.diagnosis.problem or None,
                "unlisted": list(done.diagnosis.unlisted),
                "runs": [vars(run) for run in done.runs],
                "not_rebuilt": dict(done.lost),
                "kept": done.kept or None,
                "copy": done.copy or None,
            }
        )
    else:
        _print_repair(done)
    return 0


def _print_repair(done: Repair) -> None:
    console.print_line(done.sentence)
    if done.runs:
        rows = [(run.run, run.name, str(run.epochs), source_text(run, done)) for run in done.runs]
        console.print_table(("run", "name", "epochs", "rebuilt from"), rows, right=("epochs",))
    for run_id, why in done.lost.items():
        console.print_line(f"not rebuilt, left as it is: {run_id} ({why})")
