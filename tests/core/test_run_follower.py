"""RunFollower: a run of another process is told whole, in order, once, and from where it was resumed."""

import sqlite3

import pytest

from tests.run_writer import Writer
from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import (
    EpochMetrics,
    EvaluationReady,
    Event,
    GradientsMeasured,
    RateChanged,
    RunFailed,
    RunFinished,
    RunStarted,
    StepMetrics,
    Warned,
)
from workbench.core.home import Home
from workbench.core.records.run_follower import RunFollower
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig


@pytest.fixture
def writer(home: Home) -> Writer:
    return Writer(home)


@pytest.fixture
def follower(writer: Writer, home: Home) -> RunFollower:
    return RunFollower(RunStore(home, read_only=True), writer.id)


def short(event: Event) -> object:
    """What a test compares of an event."""
    match event:
        case StepMetrics():
            return (int(event.steps[0]), int(event.steps[-1]), event.epoch)
        case EpochMetrics() | EvaluationReady(evaluation=Evaluation()):
            epoch = event.epoch if isinstance(event, EpochMetrics) else event.evaluation.epoch
            return f"{type(event).__name__} {epoch}"
        case RunStarted():
            return f"start after {event.first_step}"
        case GradientsMeasured():
            return f"gradients of {event.step}"
        case RateChanged():
            return f"rate after {event.step}"
        case Warned():
            return event.message
        case RunFinished():
            return (event.status, event.reason)
        case RunFailed():
            return ("failed", event.message)
        case _:
            raise AssertionError(event)


def news(follower: RunFollower) -> list[object]:
    return [short(event) for event in follower.news()]


def test_everything_comes_in_its_order(writer: Writer, follower: RunFollower) -> None:
    writer.warn("careful")
    writer.start()
    writer.steps(1, 14)
    writer.epoch(1)
    writer.change_rate(14)
    writer.steps(15, 25)
    for step in (1, 12, 14, 22):
        writer.gradients(step)
    writer.epoch(2)
    writer.store.finish(writer.id, "finished", "ended early: no better")
    assert news(follower) == [
        "careful",
        "start after 0",
        (1, 10, 1),
        "gradients of 1",
        "EpochMetrics 1",
        (11, 14, 2),
        "gradients of 12",
        "rate after 14",
        (15, 20, 2),
        "gradients of 14",
        "EvaluationReady 2",
        "EpochMetrics 2",
        (21, 25, 3),
        "gradients of 22",
        ("finished", "ended early: no better"),
    ]
    assert news(follower) == []


def test_events_are_those_that_were_said(writer: Writer, follower: RunFollower) -> None:
    said = [writer.start()]
    writer.steps(1, 10, loss=0.25)
    epoch, change = writer.epoch(1), writer.change_rate(10)
    started, steps, changed, _, told = follower.news()
    assert [started, changed, told] == [*said, change, epoch]
    assert isinstance(steps, StepMetrics)
    assert steps.steps.tolist() == list(range(1, 11))
    assert steps.loss.tolist() == [0.25] * 10
    assert steps.elapsed_s == 1.5


def test_a_run_drawn_before_it_starts_is_told_its_start(writer: Writer, follower: RunFollower) -> None:
    assert news(follower) == []
    writer.warn("careful")
    assert news(follower) == ["careful"]
    writer.start()
    writer.steps(1, 3)
    assert news(follower) == ["start after 0", (1, 3, 1)]


def test_what_is_new_comes_once(writer: Writer, follower: RunFollower) -> None:
    writer.start()
    writer.steps(1, 5)
    news(follower)
    writer.steps(6, 10)
    writer.change_rate(8)
    writer.epoch(1)
    assert news(follower) == [(6, 8, 1), "rate after 8", (9, 10, 1), "EvaluationReady 1", "EpochMetrics 1"]
    writer.steps(11, 30)
    writer.epoch(2)
    writer.epoch(3)
    assert news(follower) == [
        (11, 20, 2), "EvaluationReady 2", "EpochMetrics 2", (21, 30, 3), "EvaluationReady 3", "EpochMetrics 3",
    ]  # fmt: skip
    assert news(follower) == []


@pytest.mark.parametrize("seen_between", [False, True])
def test_a_run_resumed_from_an_older_checkpoint_goes_back(
    writer: Writer, follower: RunFollower, seen_between: bool
) -> None:
    writer.start()
    writer.steps(1, 25)
    writer.epoch(1)
    writer.epoch(2)
    writer.change_rate(12)
    writer.change_rate(22)
    for step in (13, 23):
        writer.gradients(step)
    writer.store.finish(writer.id, "stopped")
    news(follower)
    writer.resume(first_step=15)
    if seen_between:
        assert news(follower) == ["start after 15"]
    writer.steps(16, 30)
    writer.gradients(16)
    writer.epoch(2)
    told = news(follower)
    if not seen_between:
        # Though it is further by now than it was.
        assert told.pop(0) == "start after 15"
    assert told == [(16, 20, 2), "gradients of 16", "EvaluationReady 2", "EpochMetrics 2", (21, 30, 3)]
    writer.change_rate(30)
    writer.store.finish(writer.id, "stopped")
    assert news(follower) == ["rate after 30", ("stopped", "")]


def test_of_several_starts_the_one_that_went_back_furthest_counts(writer: Writer, follower: RunFollower) -> None:
    writer.start()
    writer.steps(1, 25)
    news(follower)
    writer.store.finish(writer.id, "stopped")
    writer.resume(first_step=10)
    writer.steps(11, 28)
    writer.store.finish(writer.id, "stopped")
    writer.resume(first_step=20)
    writer.steps(21, 22)
    assert news(follower) == ["start after 10", (11, 22, 3)]


def test_a_run_resumed_long_ago_is_told_from_its_beginning(writer: Writer, follower: RunFollower) -> None:
    writer.start()
    writer.steps(1, 20)
    writer.store.finish(writer.id, "stopped")
    writer.resume(first_step=20)
    writer.steps(21, 25)
    assert news(follower) == ["start after 0", (1, 25, 3)]


def test_a_run_of_an_earlier_version_is_told_and_its_next_start_seen(
    writer: Writer, follower: RunFollower, home: Home
) -> None:
    writer.start()
    writer.steps(1, 20)
    with sqlite3.connect(home.database) as db:
        db.execute("UPDATE runs SET started=json_remove(started, '$.starts')")
    db.close()
    assert news(follower) == ["start after 0", (1, 20, 2)]
    writer.store.finish(writer.id, "stopped")
    writer.resume(first_step=10)
    assert news(follower) == ["start after 10"]


@pytest.mark.parametrize(
    ("status", "message", "told"),
    [
        ("finished", "", ("finished", "")),
        ("stopped", "", ("stopped", "")),
        ("failed", "the loss is not a number", ("failed", "the loss is not a number")),
    ],
)
def test_the_end_is_told_with_its_reason(
    writer: Writer, follower: RunFollower, status: str, message: str, told: object
) -> None:
    writer.start()
    news(follower)
    writer.store.finish(writer.id, status, message)
    assert news(follower) == [told]
    assert news(follower) == []


def test_a_second_end_of_a_resumed_run_is_told(writer: Writer, follower: RunFollower) -> None:
    writer.start()
    writer.store.finish(writer.id, "failed", "no room")
    assert news(follower) == ["start after 0", ("failed", "no room")]
    # It fails before it starts, and again.
    writer.store.claim(writer.id)
    writer.store.reopen(writer.id, RunConfig())
    assert news(follower) == []
    writer.store.finish(writer.id, "failed", "no room")
    assert news(follower) == [("failed", "no room")]


def test_a_run_whose_process_is_gone_has_ended(writer: Writer, follower: RunFollower) -> None:
    writer.start()
    news(follower)
    writer.store.release(writer.id)
    ((kind, sentence),) = news(follower)
    assert kind == "failed"
    assert "can be resumed" in sentence


def test_a_deleted_run_is_named(writer: Writer, follower: RunFollower) -> None:
    writer.start()
    writer.store.finish(writer.id, "stopped")
    news(follower)
    writer.store.delete(writer.id)
    with pytest.raises(UserError, match="not known"):
        follower.news()


def test_what_was_skipped_is_not_told(writer: Writer, follower: RunFollower) -> None:
    writer.warn("careful")
    writer.start()
    writer.steps(1, 20)
    writer.change_rate(5)
    writer.gradients(7)
    writer.epoch(1)
    writer.store.finish(writer.id, "stopped")
    follower.skip()
    assert news(follower) == []
    writer.resume(first_step=20)
    writer.steps(21, 22)
    writer.gradients(21)
    writer.warn("again")
    assert news(follower) == ["again", "start after 20", (21, 22, 3), "gradients of 21"]


def test_a_damaged_evaluation_does_not_keep_the_rest_back(
    writer: Writer, follower: RunFollower, caplog: pytest.LogCaptureFixture
) -> None:
    writer.start()
    news(follower)
    writer.steps(1, 10)
    writer.epoch(1)
    next((writer.store.folder(writer.id) / "evaluations").glob("*.npz")).write_bytes(b"cut")
    assert news(follower) == [(1, 10, 1), "EpochMetrics 1"]
    assert "cannot read the evaluation" in caplog.text


def test_a_refusing_database_loses_nothing(
    writer: Writer, follower: RunFollower, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.start()
    writer.steps(1, 5)

    def refuse(*_: object, **__: object) -> None:
        raise UserError("cannot read the run database")

    with monkeypatch.context() as patch:
        patch.setattr(RunStore, "rate_changes", refuse)
        with pytest.raises(UserError, match="cannot read"):
            follower.news()
    assert news(follower) == ["start after 0", (1, 5, 1)]


def test_a_glance_shows_which_runs_have_changed(writer: Writer, home: Home) -> None:
    reader = RunStore(home, read_only=True)
    seen = reader.glance()
    assert reader.glance() == seen
    writer.start()
    writer.steps(1, 5)
    after_steps = reader.glance()
    assert after_steps != seen
    writer.store.release(writer.id)
    assert reader.glance()[writer.id] != after_steps[writer.id], "the process is gone; nothing was written"
