"""What a lab plans, what of it is there already, and that nothing is added twice."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.labs import recorded
from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.labs.adding import add_missing
from workbench.core.labs.bench import Bench, remembered
from workbench.core.labs.catalog import LABS, lab_of
from workbench.core.labs.findings import findings
from workbench.core.labs.plan import LabSettings, config_of, is_run_of, lab_runs, planned_runs, settings_of
from workbench.core.labs.sentences import seen
from workbench.core.network.architecture import Architecture
from workbench.core.records.epoch_times import EpochTimes
from workbench.core.records.run_record import RunRecord
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig

STEM = LABS["stem"]
names = st.sampled_from(sorted(LABS))


@given(names, st.integers(1, 5), st.integers(1, 50))
def test_every_arm_has_every_seed_once(name: str, seeds: int, epochs: int) -> None:
    lab = LABS[name]
    planned = planned_runs(lab, LabSettings(epochs, seeds))
    assert sorted((each.arm.name, each.seed) for each in planned) == sorted(
        (arm.name, seed) for arm in lab.arms for seed in range(1, seeds + 1)
    )
    assert {each.config.training.epochs for each in planned} == {epochs}
    assert len({each.config.model_dump_json() for each in planned}) == len(planned)
    assert len({each.name for each in planned}) == len(planned)
    # All arms of the first seed before any of the second.
    assert [each.seed for each in planned] == sorted(each.seed for each in planned)


@given(names)
def test_arms_differ_in_what_the_lab_says_and_in_nothing_else(name: str) -> None:
    lab = LABS[name]
    first = planned_runs(lab, LabSettings.usual(lab))[0].config
    same = {field: value_of(first, field) for field in lab.fields}
    for planned in planned_runs(lab, LabSettings(lab.epochs, 1)):
        assert planned.config.with_values(same) == first


def value_of(config: RunConfig, dotted: str) -> object:
    section, _, name = dotted.partition(".")
    return getattr(getattr(config, section), name)


@pytest.mark.parametrize("name", LABS)
def test_each_is_done_within_a_night(name: str) -> None:
    """By MACs, of which 40 million for 10 000 images took 14 s on two cores."""
    lab = LABS[name]
    macs = sum(Architecture.of(each.config.model).macs for each in planned_runs(lab, LabSettings.usual(lab)))
    assert macs * lab.epochs * 14 / 41e6 < 8 * 3600


@pytest.mark.parametrize("name", LABS)
def test_figures_of_papers_stand_beside_arms_that_there_are(name: str) -> None:
    lab = LABS[name]
    assert {each.arm for each in lab.published} <= {arm.name for arm in lab.arms} | {""}
    assert lab.question.endswith("?")
    assert lab.paper
    assert lab.paper_setting.endswith(".")


def test_a_setting_is_the_same_for_all_arms() -> None:
    settings = LabSettings(2, 1, {"training.batch_size": 64, "data.train_images": 500})
    for planned in planned_runs(STEM, settings):
        assert (planned.config.training.batch_size, planned.config.data.train_images) == (64, 500)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (LabSettings(2, 0), "the number of seeds is 0; it must be a whole number from 1 to 100"),
        (LabSettings(2, "many"), "the number of seeds is 'many'"),  # type: ignore[arg-type]
        (LabSettings(0, 1), "training.epochs is 0"),
        (LabSettings(2, 1, {"model.stem": "7x7"}), "model.stem is '7x7', but is what lab stem varies"),
        (LabSettings(2, 1, {"training.seed": 3}), "training.seed is 3, but is set by the lab"),
        (
            LabSettings(2, 1, {"fine_tuning.weights": "x"}),
            "fine_tuning.weights is 'x', but is for runs that start",
        ),
        (LabSettings(2, 1, {"training.sed": 3}), "training.sed is not a known field"),
    ],
)
def test_what_is_not_to_be_set_is_refused(settings: LabSettings, sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        planned_runs(STEM, settings)
    assert sentence in str(refused.value)


def test_an_unknown_lab_is_told_the_nearest() -> None:
    with pytest.raises(UserError, match=r"lab 'dept' is not known \(did you mean 'depth'\?\)"):
        lab_of("dept")


# What is there


def planned_config(**values: object) -> RunConfig:
    return config_of(STEM, STEM.arms[0], LabSettings(4, 1, values), 1)


def test_a_run_counts_whatever_it_was_trained_for() -> None:
    planned = planned_config()
    begun = planned.with_values(
        {"data.normalization": "cifar10", "model.num_classes": 3, "training.device": "cpu"}
    )
    assert is_run_of(planned, begun)
    for other in ({"training.seed": 2}, {"training.epochs": 5}, {"model.stem": "7x7"}, {"data.source": "cifar10"},
                  {"data.normalization": "half"}, {"model.blocks": [1, 1, 1]}):  # fmt: skip
        assert not is_run_of(planned, begun.with_values(other))


TWICE = {"starts": [(0, 0.0), (20, 1.0)]}
"""Of a run that was resumed."""


def test_a_run_that_was_trained_otherwise_than_planned_does_not_count() -> None:
    settings = LabSettings(4, 2)
    planned = planned_runs(STEM, settings)
    longer = replace(recorded(planned[0]), started=TWICE | {"planned": [2, 4]})
    assert longer.altered == "the number of its epochs was changed while it was trained, from 2 to 4"
    steady = longer.config.with_values({"training.schedule": "constant"})
    assert replace(longer, config=steady).altered == ""
    changed = replace(recorded(planned[1]), is_rate_changed=True)
    resumed = replace(recorded(planned[2]), started=TWICE | {"planned": [4, 4]})
    found = lab_runs(planned, [longer, changed, resumed], ())
    assert [run.state for run in found] == ["missing", "missing", "finished", "missing"]
    assert [run.passed_over for run in found] == [
        (f"Run {longer.id} (stem3x3 seed 1) is not counted: {longer.altered}",),
        (f"Run {changed.id} (stem7x7 seed 1) is not counted: {changed.altered}",),
        (), (),
    ]  # fmt: skip
    assert f"Run {longer.id} (stem3x3 seed 1) is not counted" in seen(findings(STEM, settings, found)).notes[-2]


def test_of_runs_whose_files_were_others_the_newest_decide(tmp_path: Path) -> None:
    settings = LabSettings(4, 2, {"data.source": str(tmp_path)})
    planned = planned_runs(STEM, settings)
    copies = ["own-000000000001", "own-000000000002", "own-000000000002"]
    records = [
        replace(recorded(each), started={"dataset_path": f"/data/{copy}"}, created_utc=f"2026-01-0{day}")
        for day, (each, copy) in enumerate(zip(planned, copies, strict=False), 1)
    ]
    found = lab_runs(planned, records, ())
    assert [run.state for run in found] == ["missing", "finished", "finished", "missing"]
    assert found[0].passed_over[0].endswith("the files of its images were others")
    # Shipped images are the same wherever they were decoded.
    planned = planned_runs(STEM, LabSettings(4, 1))
    records = [
        replace(recorded(each), started={"dataset_path": f"/data/{copy}"})
        for each, copy in zip(planned, copies, strict=False)
    ]
    assert [run.state for run in lab_runs(planned, records, ())] == ["finished", "finished"]


def test_images_of_ones_own_are_the_same_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = config_of(STEM, STEM.arms[0], LabSettings(4, 1, {"data.source": "mine"}), 1)
    assert config.data.source == str(tmp_path / "mine")


def test_each_run_is_in_the_state_that_counts_most(store: RunStore) -> None:
    settings = LabSettings(4, 3)
    planned = planned_runs(STEM, settings)
    entry = store.queue.add(planned[1].config, name="waits")
    refused = store.queue.add(planned[2].config, name="refused")
    assert store.queue.claim() is not None
    store.queue.finish(entry.id, "failed", "no such file")
    assert store.queue.claim() is not None
    store.queue.finish(refused.id, "failed", "no such file")
    again = store.queue.add(planned[1].config, name="waits")
    records = [
        recorded(planned[0], status="failed", run_id="00000001"), recorded(planned[0], run_id="00000002"),
        recorded(planned[3], status="interrupted", run_id="00000003"),
        recorded(planned[4], status="failed", run_id="00000004"),
    ]  # fmt: skip
    found = lab_runs(planned, records, store.queue.listing().entries)
    assert [run.state for run in found] == ["finished", "waiting", "failed", "stopped", "failed", "missing"]
    assert found[0].record is records[1]
    assert found[1].entry == store.queue.entry(again.id)
    assert [run.message for run in found] == ["", "", "no such file", "", "the loss became nan at step 7", ""]


def test_what_is_there_takes_no_time(home: Home) -> None:
    planned = planned_runs(STEM, LabSettings(4, 1))
    half = recorded(planned[1], status="stopped")
    found = lab_runs(planned, [recorded(planned[0]), half], ())
    times = EpochTimes(home)
    assert [run.seconds_left(times) for run in found] == [0.0, None]

    class Known(EpochTimes):
        def seconds(self, config: RunConfig) -> float:
            return 10.0

    # One of its four epochs is done.
    assert [run.seconds_left(Known(home)) for run in found] == [0.0, 30.0]


# Adding


def bench(store: RunStore, settings: LabSettings) -> Bench:
    return Bench.of(STEM, settings, store)


def create(store: RunStore, config: RunConfig, name: str = "mine") -> RunRecord:
    return store.run(store.create(config, name=name, model="m", recipe="r", machine={}))


def test_asked_again_it_adds_nothing(store: RunStore) -> None:
    settings = LabSettings(4, 2)
    added = add_missing(store, STEM, settings)
    assert [entry.name for entry in added] == [
        "stem3x3 seed 1", "stem7x7 seed 1", "stem3x3 seed 2", "stem7x7 seed 2",
    ]  # fmt: skip
    assert {(entry.tags, entry.recipe) for entry in added} == {(("lab:stem",), "paper-2015")}
    assert [entry.model for entry in added[:2]] == ["resnet20", "custom"]
    assert add_missing(store, STEM, settings) == []
    more = add_missing(store, STEM, LabSettings(4, 3))
    assert [entry.name for entry in more] == ["stem3x3 seed 3", "stem7x7 seed 3"]


def test_two_processes_that_begin_it_at_once_add_each_run_once(home: Home, store: RunStore) -> None:
    settings, added = LabSettings(4, 5), list[int]()
    together = Barrier(2)

    def add() -> None:
        with closing(RunStore(home)) as own:
            together.wait()
            added.append(len(add_missing(own, STEM, settings)))

    threads = [Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(added) == [0, 10]
    assert len(store.queue.listing().entries) == 10


def test_what_was_stopped_is_resumed_and_not_begun_anew(store: RunStore) -> None:
    settings = LabSettings(4, 1)
    stopped = create(store, bench(store, settings).runs[0].planned.config)
    store.finish(stopped.id, "stopped")
    (resumed, fresh) = add_missing(store, STEM, settings)
    assert (resumed.id, resumed.has_begun, resumed.name) == (stopped.id, True, "mine")
    assert (fresh.name, fresh.has_begun) == ("stem7x7 seed 1", False)
    assert store.run(stopped.id).tags == ("lab:stem",)
    assert add_missing(store, STEM, settings) == []


def test_what_has_failed_is_left_unless_it_is_asked_for(store: RunStore) -> None:
    settings = LabSettings(4, 1)
    failed = create(store, bench(store, settings).runs[0].planned.config)
    store.finish(failed.id, "failed", "the loss became nan")
    assert [entry.name for entry in add_missing(store, STEM, settings)] == ["stem7x7 seed 1"]
    again = add_missing(store, STEM, settings, again=True)
    assert [entry.name for entry in again] == ["stem3x3 seed 1"]
    assert again[0].id != failed.id


def test_what_is_skipped_waits_again(store: RunStore) -> None:
    settings = LabSettings(4, 1)
    first, _ = add_missing(store, STEM, settings)
    store.queue.skip([first.id])
    assert [entry.id for entry in add_missing(store, STEM, settings)] == [first.id]
    assert store.queue.entry(first.id).state == "waiting"


def test_a_run_that_the_queue_let_go_of_is_taken_up_again(store: RunStore) -> None:
    """Its former entry is done; there is one for each run."""
    record = create(store, RunConfig())
    store.finish(record.id, "stopped")
    first = store.queue.add_begun(record)
    assert store.queue.claim() is not None
    with pytest.raises(UserError, match="is being trained"):
        store.queue.add_begun(record)
    store.queue.finish(first.id, "failed", "the disk is full")
    again = store.queue.add_begun(record)
    assert [(entry.id, entry.state, entry.message) for entry in store.queue.listing().entries] == [
        (record.id, "waiting", "")
    ]
    assert again.has_begun


def test_only_entries_that_are_meant_are_taken(store: RunStore) -> None:
    first, second = (store.queue.add(RunConfig(), name=name) for name in "ab")
    claimed = store.queue.claim([second.id])
    assert claimed is not None
    assert claimed.id == second.id
    assert store.queue.claim([second.id]) is None
    assert store.queue.entry(first.id).state == "waiting"


# What it was begun with


@given(names, st.integers(1, 4), st.integers(1, 60), st.sampled_from(["sample", "cifar10-jpeg"]), st.booleans())
def test_settings_are_told_from_the_runs(name: str, seeds: int, epochs: int, source: str, has_batch: bool) -> None:
    lab = LABS[name]
    values: dict[str, object] = {} if source == "sample" else {"data.source": source}
    settings = LabSettings(epochs, seeds, values | ({"training.batch_size": 64} if has_batch else {}))
    configs = [recorded(each).config for each in planned_runs(lab, settings)]
    assert settings_of(lab, configs) == settings
    assert settings_of(lab, [RunConfig(), *configs]) in (settings, settings_of(lab, [RunConfig()]))


def test_images_that_are_left_out_make_another_lab() -> None:
    lab = LABS["stem"]
    without = LabSettings(lab.epochs, 1, {"data.excluded": [3, 7]})
    (planned, *_), (usual, *_) = planned_runs(lab, without), planned_runs(lab, LabSettings(lab.epochs, 1))
    assert planned.config.data.excluded == (3, 7)
    assert is_run_of(planned.config, planned.config)
    assert not is_run_of(usual.config, planned.config)
    assert settings_of(lab, [planned.config]) == without


def test_it_goes_on_with_the_settings_of_the_last_time(store: RunStore) -> None:
    assert remembered(STEM, store, store.runs()) is None
    add_missing(store, STEM, LabSettings(7, 2, {"training.batch_size": 64}))
    assert remembered(STEM, store, store.runs()) == LabSettings(7, 2, {"training.batch_size": 64})
    assert remembered(LABS["depth"], store, store.runs()) is None
