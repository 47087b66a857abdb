"""Searches with real tiny trainings: pruning, several processes, ones that are stopped or killed."""

import json
import multiprocessing
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.commands import call, command
from workbench.core.errors import UserError
from workbench.core.events import CheckpointSaved, EpochMetrics, RunStarted
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.search.definition import StudyDefinition, define
from workbench.core.search.space_parser import parse_space
from workbench.core.search.storage_place import storage_url
from workbench.core.search.trial_events import TrialBegun, TrialEnded
from workbench.core.settings.config import RunConfig
from workbench.engine.search import searching, storages
from workbench.engine.search.shared_study import SharedStudy

pytest.importorskip("optuna")

RATES = "training.learning_rate=0.05..0.4:log"


def definition_of(config: RunConfig, *space: str, **options: str) -> StudyDefinition:
    return define("mine", config, parse_space(space or [RATES]), **options)


@pytest.fixture(params=["studies.db", "studies.log"])
def url(request: pytest.FixtureRequest, home: Home) -> str:
    """Of both kinds of files."""
    return storage_url(str(home.root / request.param), home)


@pytest.fixture
def short(tiny_config: RunConfig) -> RunConfig:
    return tiny_config.with_values({"training.epochs": 2})


def trials_of(events: Iterator[Any]) -> list[TrialEnded]:
    return [event for event in events if isinstance(event, TrialEnded)]


def test_each_trial_is_a_run_with_the_values_that_were_tried(store: RunStore, short: RunConfig, url: str) -> None:
    definition = definition_of(short, RATES, "model.widths=[4,8]|[8,8]")
    searching.begin(definition, 3, url)
    ended = trials_of(searching.search("mine", store=store, url=url))
    assert [(trial.number, trial.state) for trial in ended] == [(1, "finished"), (2, "finished"), (3, "finished")]
    study = searching.read_study("mine", url)
    for trial, record in zip(ended, study.trials, strict=True):
        run = store.run(trial.run_id)
        assert (run.name, run.tags) == (f"mine #{trial.number}", ("search:mine",))
        wanted = definition.config_at(record.values)
        assert (run.config.model, run.config.training) == (wanted.model, wanted.training)
        assert run.best is not None
        assert record.accuracy == trial.accuracy == run.best.validation_accuracy
        assert record.accuracies == {epoch.epoch: epoch.validation_accuracy for epoch in run.epochs}
    assert len({record.values["training.learning_rate"] for record in study.trials}) == 3
    assert study.best is not None
    assert study.best.accuracy == max(trial.accuracy or 0 for trial in ended)
    assert list(searching.search("mine", store=store, url=url)) == [], "all trials are done"


def test_a_pruned_trial_is_a_finished_run_that_says_so(
    store: RunStore, tiny_config: RunConfig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = storage_url("", home)
    searching.begin(definition_of(tiny_config), 4, url)
    monkeypatch.setattr(SharedStudy, "should_prune", lambda _study, taken: taken.number in (2, 4))
    events = list(searching.search("mine", store=store, url=url))
    ended = trials_of(iter(events))
    assert [trial.state for trial in ended] == ["finished", "pruned", "finished", "pruned"]
    run = store.run(ended[1].run_id)
    assert (run.status, len(run.epochs)) == ("finished", 1)
    assert run.message == ended[1].message
    assert run.message == "pruned after epoch 1 of 3: other trials of search 'mine' were better by then"
    assert store.last_step(run.id) == run.epochs[-1].step, "no step of the next epoch"
    study = searching.read_study("mine", url)
    assert [trial.state for trial in study.trials] == ["finished", "pruned", "finished", "pruned"]
    assert study.done == 4
    assert len([event for event in events if isinstance(event, EpochMetrics)]) == 3 + 1 + 3 + 1


def test_the_median_of_the_others_prunes_and_their_best_does_not(short: RunConfig, home: Home) -> None:
    """What Optuna is told is enough for it to decide; nothing is trained."""
    url = storage_url("", home)
    searching.begin(definition_of(short.with_values({"training.epochs": 10})), 9, url)
    with storages.opened(url) as storage:
        study = SharedStudy("mine", storage)
        for accuracy in (0.5, 0.6, 0.7, 0.8, 0.9):
            taken = study.take(lambda _run: False)
            assert taken is not None
            study.report(taken, 5, accuracy)
            study.tell_finished(taken, accuracy)
        for accuracy, is_pruned in ((0.65, True), (0.75, False)):
            taken = study.take(lambda _run: False)
            assert taken is not None
            study.report(taken, 1, accuracy)
            assert not study.should_prune(taken), "of the first epochs nothing is said"
            study.report(taken, 5, accuracy)
            assert study.should_prune(taken) == is_pruned


def test_a_trial_that_cannot_be_trained_fails_and_the_search_goes_on(
    store: RunStore, short: RunConfig, home: Home
) -> None:
    url = storage_url("", home)
    definition = definition_of(short, "training.batch_size=16|512", sampler="grid", pruner="none")
    searching.begin(definition, 2, url)
    ended = {trial.state: trial for trial in trials_of(searching.search("mine", store=store, url=url))}
    assert ended["failed"].message == (
        "training.batch_size is 512; it must be at most 96, the number of training images"
    )
    assert ended["failed"].run_id == ""
    assert ended["finished"].accuracy is not None
    assert len(store.runs()) == 1
    failed = next(trial for trial in searching.read_study("mine", url).trials if trial.state == "failed")
    assert (failed.message, failed.run_id) == (ended["failed"].message, "")


def test_a_diverged_trial_fails_and_its_run_stays(store: RunStore, short: RunConfig, home: Home) -> None:
    url = storage_url("", home)
    searching.begin(definition_of(short, "training.learning_rate=90..100"), 1, url)
    (ended,) = trials_of(searching.search("mine", store=store, url=url))
    assert ended.state == "failed"
    assert store.run(ended.run_id).status == "failed"
    assert store.run(ended.run_id).message == ended.message


def test_what_can_never_begin_ends_the_search(store: RunStore, short: RunConfig, home: Home) -> None:
    url = storage_url("", home)
    searching.begin(definition_of(short.with_values({"data.source": "/nowhere"})), 9, url)
    with pytest.raises(UserError, match=r"3 trials in a row could not begin: .*nowhere"):
        list(searching.search("mine", store=store, url=url))
    study = searching.read_study("mine", url)
    assert [trial.state for trial in study.trials] == ["failed"] * 3


def test_fields_of_this_host_are_replaced(
    store: RunStore, short: RunConfig, home: Home, image_folder: Path
) -> None:
    url = storage_url("", home)
    searching.begin(definition_of(short.with_values({"data.source": "/elsewhere"})), 1, url)
    machine = {"data.source": str(image_folder)}
    (ended,) = trials_of(searching.search("mine", store=store, url=url, machine=machine))
    assert store.run(ended.run_id).config.data.source == str(image_folder)


def test_no_image_held_out_is_refused(store: RunStore, short: RunConfig, home: Home) -> None:
    url = storage_url("", home)
    searching.begin(definition_of(short.with_values({"data.validation_fraction": 0.001})), 1, url)
    (ended,) = trials_of(searching.search("mine", store=store, url=url))
    assert ended.state == "failed"
    assert "a search chooses by held-out images" in ended.message


def stopped_after(store: RunStore, url: str, enough: Callable[[Any], bool]) -> None:
    with closing(searching.search("mine", store=store, url=url)) as events:
        for event in events:
            if enough(event):
                return


def test_a_stopped_trial_is_gone_on_with(store: RunStore, tiny_config: RunConfig, url: str) -> None:
    searching.begin(definition_of(tiny_config), 1, url)
    stopped_after(store, url, lambda event: isinstance(event, CheckpointSaved))
    (run,) = store.runs()
    assert run.status == "stopped"
    study = searching.read_study("mine", url)
    assert [(trial.state, trial.run_id) for trial in study.trials] == [("stopped", run.id), ("waiting", "")]
    (ended,) = trials_of(searching.search("mine", store=store, url=url))
    assert (ended.number, ended.state, ended.run_id) == (2, "finished", run.id)
    assert [epoch.epoch for epoch in store.run(run.id).epochs] == [1, 2, 3]
    study = searching.read_study("mine", url)
    assert sorted(study.trials[1].accuracies) == [1, 2, 3], "the epochs before the stop too"
    assert study.trials[0].values == study.trials[1].values
    assert study.done == 1


def test_stopped_before_its_run_began_it_is_gone_on_with_too(
    store: RunStore, short: RunConfig, home: Home
) -> None:
    url = storage_url("", home)
    searching.begin(definition_of(short), 1, url)
    stopped_after(store, url, lambda event: isinstance(event, TrialBegun))
    assert store.runs() == []
    assert [trial.state for trial in trials_of(searching.search("mine", store=store, url=url))] == ["finished"]


_KILLED = """
import os, signal, sys
from contextlib import closing
from workbench.core.events import CheckpointSaved
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.engine.search import searching
with closing(RunStore(Home.locate(sys.argv[1]))) as store:
    for event in searching.search("mine", store=store, url=sys.argv[2]):
        if isinstance(event, CheckpointSaved):
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_of_a_killed_process_the_trial_is_gone_on_with_once(
    home: Home, store: RunStore, tiny_config: RunConfig
) -> None:
    url = storage_url("", home)
    searching.begin(definition_of(tiny_config), 1, url)

    def be_killed() -> None:
        done = subprocess.run([sys.executable, "-c", _KILLED, str(home.root), url], timeout=120, check=False)
        assert done.returncode == -signal.SIGKILL

    be_killed()
    assert [trial.state for trial in searching.read_study("mine", url).trials] == ["running"]
    (run,) = store.runs()
    assert run.status == "interrupted"
    events = list(searching.search("mine", store=store, url=url))
    assert next(event for event in events if isinstance(event, RunStarted)).first_step == run.epochs[-1].step
    assert [(trial.state, trial.run_id) for trial in trials_of(iter(events))] == [("finished", run.id)]
    first, second = searching.read_study("mine", url).trials
    assert (first.state, first.message) == ("stopped", "its process ended without a word")
    assert second.values == first.values
    # Values that kill a process twice are not tried a third time.
    searching.set_limit("mine", 2, url)
    be_killed()
    be_killed()
    assert trials_of(searching.search("mine", store=store, url=url)) == []
    assert [trial.state for trial in searching.read_study("mine", url).trials[2:]] == ["stopped", "failed"]


def test_of_another_host_a_trial_is_given_up_after_long_silence(
    short: RunConfig, home: Home, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = storage_url("", home)
    searching.begin(definition_of(short), 1, url)
    with storages.opened(url) as storage:
        study = SharedStudy("mine", storage)
        assert study.take(lambda _run: False) is not None
        study.give_up_dead(lambda _run: False)
        assert [trial.state for trial in study.record().trials] == ["running"]
        monkeypatch.setattr("workbench.engine.search.shared_study._SILENT", timedelta(seconds=-1))
        study.give_up_dead(lambda _run: False)
        assert [trial.state for trial in study.record().trials] == ["stopped", "waiting"]


def test_a_heart_that_beats_is_heard(short: RunConfig, home: Home) -> None:
    import threading

    from workbench.engine.search.heartbeat import Heartbeat

    url = storage_url("", home)
    searching.begin(definition_of(short), 1, url)
    with storages.opened(url) as storage:
        study = SharedStudy("mine", storage)
        taken = study.take(lambda _run: False)
        assert taken is not None
        has_beaten = threading.Event()
        taken.trial.set_user_attr = lambda *_: has_beaten.set()  # type: ignore[method-assign]
        with Heartbeat(taken, interval_s=0.001):
            assert has_beaten.wait(60)


def test_another_process_joins_while_this_one_trains(
    home: Home, store: RunStore, short: RunConfig, url: str
) -> None:
    """This process holds the first trial while another one does all others."""
    place = url.partition("///")[2]
    searching.begin(definition_of(short), 3, url)
    with closing(searching.search("mine", store=store, url=url)) as events:
        assert isinstance(next(events), TrialBegun)
        assert next(event for event in events if isinstance(event, EpochMetrics)).epoch == 1
        done = call(home, "search", "join", "mine", "--storage", place, "--json")
        assert done.returncode == 0, done.stderr
        there = json.loads(done.stdout)
        assert len(there["trained_here"]) == 2
        assert [trial["state"] for trial in there["trials"]] == ["running", "finished", "finished"]
        here = trials_of(events)
    assert [(trial.number, trial.state) for trial in here] == [(1, "finished")]
    study = searching.read_study("mine", url)
    assert study.count("finished") == 3
    assert {trial.run_id for trial in study.trials} == {here[0].run_id, *there["trained_here"]}
    assert len({trial.values["training.learning_rate"] for trial in study.trials}) == 3


def test_two_processes_at_once_do_all_trials_and_none_twice(home: Home, store: RunStore, short: RunConfig) -> None:
    url = storage_url("", home)
    searching.begin(definition_of(short, "training.batch_size=8|12|16|24|32|48", sampler="grid"), 6, url)
    joined = command(home, "search", "join", "mine", "--json")
    processes = [subprocess.Popen(joined, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [json.loads(process.communicate(timeout=240)[0]) for process in processes]
    trained = [run for each in said for run in each["trained_here"]]
    assert len(trained) == len(set(trained)) == 6
    sizes = sorted(store.run(run).config.training.batch_size for run in trained)
    assert sizes == [8, 12, 16, 24, 32, 48]
    assert searching.read_study("mine", url).count("finished") == 6


def test_a_grid_has_as_many_trials_as_points_whatever_was_asked_for(home: Home, short: RunConfig) -> None:
    url = storage_url("", home)
    searching.begin(definition_of(short, "training.batch_size=8|12", sampler="grid"), 20, url)
    assert searching.read_study("mine", url).limit == 2
    searching.set_limit("mine", 30, url)
    with storages.opened(url) as storage:
        late, other = SharedStudy("mine", storage), SharedStudy("mine", storage)
        assert other.take(lambda _run: False) is not None
        seen = late._trials()
        assert other.take(lambda _run: False) is not None
        # It has seen the last point waiting, which another process has taken since: no third one is made up.
        stale = iter([seen, seen])
        find = late._trials
        late._trials = lambda: next(stale, None) or find()
        assert late.take(lambda _run: False) is None
    study = searching.read_study("mine", url)
    assert (len(study.trials), study.limit) == (2, 2)


def test_what_cannot_be_trained_here_is_refused_before_a_trial_is_spent(home: Home, short: RunConfig) -> None:
    searching.require(short, home)
    for values in ({"training.device": "cuda:77"}, {"data.source": "/nowhere"}):
        with pytest.raises(UserError, match=r"training\.device is 'cuda:77'|/nowhere"):
            searching.require(short.with_values(values), home)


def _take_all(url: str, barrier: Any, taken: Any) -> None:
    with storages.opened(url) as storage:
        study = SharedStudy("mine", storage)
        barrier.wait(120)
        while (trial := study.take(lambda _run: False)) is not None:
            taken.put((trial.number, trial.values["training.epochs"]))
            study.tell_finished(trial, 0.5)
    taken.put(None)


@pytest.mark.parametrize("sampler", ["grid", "random"])
def test_processes_that_take_trials_at_the_same_moment_take_none_twice(
    home: Home, short: RunConfig, sampler: str
) -> None:
    url = storage_url("", home)
    definition = definition_of(short, "training.epochs=1..24", sampler=sampler, pruner="none")
    searching.begin(definition, 24, url)
    context = multiprocessing.get_context("spawn")
    barrier, queue = context.Barrier(3), context.Queue()
    processes = [context.Process(target=_take_all, args=(url, barrier, queue)) for _ in range(3)]
    for process in processes:
        process.start()
    taken, ended = list[tuple[int, int]](), 0
    while ended < 3:
        said = queue.get(timeout=120)
        ended += said is None
        taken += [] if said is None else [said]
    for process in processes:
        process.join()
    assert len(taken) == len({number for number, _ in taken}) == 24
    if sampler == "grid":
        assert sorted(epochs for _, epochs in taken) == list(range(1, 25))


def test_the_same_seed_and_number_draw_the_same_values(short: RunConfig, home: Home) -> None:
    drawn = []
    for place in ("a.db", "b.db"):
        url = storage_url(str(home.root / place), home)
        searching.begin(definition_of(short), 3, url)
        with storages.opened(url) as storage:
            study = SharedStudy("mine", storage)
            trials = [study.take(lambda _run: False) for _ in range(3)]
            drawn.append([trial.values for trial in trials if trial is not None])
    assert drawn[0] == drawn[1]


def test_importances_name_the_field_that_decides(short: RunConfig, home: Home) -> None:
    url = storage_url("", home)
    space = ("training.learning_rate=0.1..0.5", "training.momentum=0.1..0.9")
    searching.begin(definition_of(short, *space, sampler="random"), 20, url)
    with storages.opened(url) as storage:
        study = SharedStudy("mine", storage)
        assert study.importances() == {}
        while (taken := study.take(lambda _run: False)) is not None:
            study.tell_finished(taken, taken.values["training.momentum"])
        found = study.importances()
    assert next(iter(found)) == "training.momentum"
    assert found["training.momentum"] > 0.9
    assert sum(found.values()) == pytest.approx(1)


def test_a_name_is_given_once_and_joined_by_it(short: RunConfig, url: str) -> None:
    searching.begin(definition_of(short), 1, url)
    with pytest.raises(UserError, match="there is a study called 'mine' already"):
        searching.begin(definition_of(short), 1, url)
    with pytest.raises(UserError, match=r"there is no study called 'mien' .did you mean 'mine'"):
        searching.read_study("mien", url)
    assert [study.name for study in searching.read_studies(url)] == ["mine"]


def test_studies_of_other_programs_are_left_alone(home: Home, short: RunConfig) -> None:
    import optuna

    url = storage_url("", home)
    searching.begin(definition_of(short), 1, url)
    with storages.opened(url) as storage:
        optuna.create_study(study_name="theirs", storage=storage)
    assert [study.name for study in searching.read_studies(url)] == ["mine"]
    with pytest.raises(UserError, match="study theirs was not begun by 'resnet-workbench search start'"):
        searching.read_study("theirs", url)


@pytest.mark.parametrize(
    ("place", "content", "sentence"),
    [
        ("none.db", None, r"there are no studies in .*none\.db; 'resnet-workbench search start' begins one"),
        ("bad.db", b"nothing of the kind" * 99, r"the studies in .*bad\.db cannot be used: .*not a database"),
        ("bad.log", b"{}\nnonsense\n{}\n", r"the studies in .*bad\.log cannot be used"),
    ],
)
def test_a_storage_that_cannot_be_read_is_a_sentence(
    home: Home, place: str, content: bytes | None, sentence: str
) -> None:
    path = home.root / place
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        searching.read_studies(storage_url(str(path), home))
    assert re.search(sentence, str(caught.value))
    assert "\n" not in str(caught.value)


def test_without_optuna_it_is_said_what_to_install(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError, match=r"searching needs Optuna, .* install it with: pip install optuna"):
        searching.read_studies(storage_url("", home))


def test_a_password_is_not_repeated(home: Home) -> None:
    with pytest.raises(UserError) as caught:
        searching.read_studies("nosuch://user:secret@host/name")
    assert "secret" not in str(caught.value)
