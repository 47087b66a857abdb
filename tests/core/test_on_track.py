"""Whether a run goes as others of its configuration: where the band lies, and what is said."""

from dataclasses import replace

import numpy as np
import pytest

from workbench.core.curves import on_track
from workbench.core.curves.on_track import TrackBand, track_band
from workbench.core.events import EpochMetrics
from workbench.core.records.run_record import RunRecord
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import DEFAULT_MODEL, DEFAULT_RECIPE, Presets
from workbench.core.settings.same_experiment import experiment_key

CONFIG = RunConfig().with_values({"training.epochs": 1})


def epochs(*accuracies: float | None) -> tuple[EpochMetrics, ...]:
    return tuple(
        EpochMetrics("a", number, 10 * number, 1.0, 0.4, None if a is None else 1 - a, a, 1.2, 0.3, 1e3, 2.0, True)
        for number, a in enumerate(accuracies, 1)
    )


def record(run_id: str, *accuracies: float | None, **fields: object) -> RunRecord:
    started = {"images": [9000, 1000, 2000], "steps_per_epoch": 10}
    run = RunRecord(
        run_id, 1, "a", "resnet8", "quick", "sample", CONFIG, "finished", "", "2026", {}, started, 1.0, 0,
        epochs(*accuracies),
    )  # fmt: skip
    return replace(run, **fields)


def seeded(seed: int) -> RunConfig:
    return CONFIG.with_values({"training.seed": seed})


def test_one_more_run_of_the_same_kind_is_nearly_always_in_the_band() -> None:
    """Runs whose accuracies differ by 2 points from seed to seed, judged by three others each."""
    generator = np.random.default_rng(0)
    inside = 0
    for _ in range(400):
        drawn = 0.7 + 0.02 * generator.normal(size=4)
        band = track_band(CONFIG, [record(str(n), float(a), config=seeded(n)) for n, a in enumerate(drawn[:3])])
        assert band is not None
        track = band.track(epochs(float(drawn[3])))
        assert track is not None
        inside += track.place == "on"
    # With three runs, the deviation itself is little known.
    assert 0.85 <= inside / 400 <= 0.97


@pytest.mark.parametrize(
    ("accuracy", "place", "words"),
    [
        (0.700, "on", "On track: 70.0"),
        (0.60, "below", "Below what is usual: 60.0"),
        (0.80, "above", "Better than"),
    ],
)
def test_what_is_said_of_a_run(accuracy: float, place: str, words: str) -> None:
    others = [record("b", 0.5, 0.70, config=seeded(1)), record("c", 0.5, 0.71, config=seeded(2))]
    band = track_band(CONFIG, others)
    assert band is not None
    track = band.track(epochs(0.5, accuracy))
    assert track is not None
    assert track.place == place
    assert track.sentence.startswith(words)
    assert "2 finished runs of the same settings had" in track.sentence
    assert "after epoch 2" in track.sentence


def test_only_finished_runs_of_the_same_settings_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_track, "_references", dict)
    other = CONFIG.with_values({"training.learning_rate": 0.123})
    for run in (
        record("b", 0.7, status="stopped"), record("c", 0.7, config=other), record("d"), record("e", None),
        record("f", 0.7, epochs=epochs(0.5, 0.7)[1:]),
    ):  # fmt: skip
        assert track_band(CONFIG, [run]) is None
    # Ended by hand, or pruned by a search: not as its settings say.
    long = CONFIG.with_values({"training.epochs": 5})
    assert track_band(long, [record("h", 0.5, 0.7, config=long, message="pruned after epoch 2")]) is None
    early = record("i", 0.5, 0.7, config=long, message="ended early: no better since epoch 1")
    assert track_band(long, [early, replace(early, id="j")]) is not None
    band = track_band(CONFIG, [record("g", 0.7, config=CONFIG.with_values({"training.threads": 3}))])
    assert band is not None
    assert band.source == "a finished run of the same settings"


def test_where_nothing_is_expected_nothing_is_said() -> None:
    band = TrackBand.of("a run", [[(1.0, 0.5), (0.9, 0.6)]], 1000)
    assert band.track(()) is None
    assert band.track(epochs(None)) is None
    assert band.track(epochs(0.5, 0.6, 0.7)) is None


def test_the_band_is_wider_where_less_is_known() -> None:
    def width(*accuracies: float, images: int = 10_000) -> float:
        band = TrackBand.of("", [[(1.0, a)] for a in accuracies], images)
        return float(band.half["accuracy"][0])

    assert width(0.7) > width(0.7, 0.7) > width(0.7, 0.7, 0.7)
    assert width(0.7, 0.7, 0.7, images=100) > width(0.7, 0.7, 0.7)
    assert width(0.6, 0.7, 0.8) > width(0.69, 0.7, 0.71)


def test_shorter_runs_count_as_far_as_they_go() -> None:
    band = TrackBand.of("", [[(1.0, 0.5), (0.5, 0.7)], [(1.0, 0.6)]], 1000)
    assert band.mean["accuracy"].tolist() == pytest.approx([0.55, 0.7])
    drawn = band.band("loss")
    assert (drawn.low >= 0).all()
    assert len(drawn.x) == 2


def test_curves_that_come_along_are_of_presets_as_they_are() -> None:
    """Of a configuration that is another one by now they would be found by nobody."""
    config = Presets.load().run_config(DEFAULT_MODEL, DEFAULT_RECIPE)
    (found,) = on_track._references().values()
    assert {len(run) for run in found["runs"]} == {config.training.epochs}
    known = RunConfig.build(found["config"])
    # What is completed as a run begins is filled in there.
    completed = config.with_values(
        {"data.normalization": known.data.normalization, "model.num_classes": known.model.num_classes}
    )
    assert experiment_key(completed) == experiment_key(known)
    band = track_band(known, [])
    assert band is not None
    assert "3 runs that come with the workbench" in band.source
    track = band.track(epochs(*(accuracy for _, accuracy in found["runs"][0])))
    assert track is not None
    assert track.place == "on"
