"""Every job that works on a study or reads one. The engine is imported inside what a lane's thread calls."""

from contextlib import closing
from functools import partial

from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.orders import Orders
from workbench.core.search.definition import StudyDefinition
from workbench.core.search.storage_place import storage_url
from workbench.core.search.trial_events import TrialBegun, TrialEnded
from workbench.gui.work.job import Job, RunJob, Work


def begin(definition: StudyDefinition, limit: int) -> Job:
    """Keep a new study in the home's storage. Result: its name."""
    return Job(partial(_begin, definition, limit))


def _begin(definition: StudyDefinition, limit: int, home: Home) -> Work:
    from workbench.engine.search import searching

    yield Progress("Beginning the search", 0, 0)
    searching.require(definition.config, home)
    searching.begin(definition, limit, storage_url("", home.prepare()))
    return definition.name


def next_trial(name: str) -> RunJob:
    """Train a study's next trial; yields the events of its run. Result: a TrialEnded; None if there is none to do.

    Canceling it saves the run and gives the trial back.
    """
    orders = Orders()

    def work(home: Home) -> Work:
        from workbench.core.records.store import RunStore
        from workbench.engine.search import searching

        with closing(RunStore(home.prepare())) as store:
            trial = searching.next_trial(name, store=store, url=storage_url("", home), orders=orders)
            with closing(trial):
                while True:
                    try:
                        said = next(trial)
                    except StopIteration as end:
                        return end.value
                    # What the run says; of the trial the result tells.
                    if not isinstance(said, TrialBegun | TrialEnded):
                        yield said

    return RunJob(work, orders=orders)


def read_studies(name: str, with_importances: bool) -> Job:
    """All studies of the home, and `name` with how much each field matters if asked for. Result: StudyRecords."""
    return Job(partial(_read_studies, name, with_importances))


def _read_studies(name: str, with_importances: bool, home: Home) -> Work:
    if not home.studies.exists():
        return []
    from workbench.engine.search import searching

    url = storage_url("", home)
    yield Progress("Reading the searches", 0, 0)
    studies = searching.read_studies(url)
    if not with_importances:
        return studies
    yield Progress("Reading the searches", 0, 0)
    return [
        searching.read_study(name, url, with_importances=True) if study.name == name else study
        for study in studies
    ]
