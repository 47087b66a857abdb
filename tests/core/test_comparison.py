"""What two runs differ in, on which images they meet, and the sentence about which is better."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.compared import Recording, answering, labels_of, right_but, save_copy
from workbench.core.comparison import holm
from workbench.core.comparison.agreement import CELLS, Agreement, Counts
from workbench.core.comparison.common_images import AskedRun, common_images
from workbench.core.comparison.config_differences import config_differences
from workbench.core.comparison.seed_runs import runs_of_seeds
from workbench.core.comparison.verdict import Side, Verdict
from workbench.core.errors import UserError
from workbench.core.formats import half_up
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.core.settings.same_experiment import same_but_for_seed

A, B = Side("aaaa0001", "plain20", 5, (0,), (0.80,)), Side("bbbb0002", "resnet20", 5, (0,), (0.812,))
COUNTS = Counts(7800, 200, 320, 1680, 9000)


def test_differences_come_in_the_order_of_the_fields_with_both_values() -> None:
    a = RunConfig()
    b = a.with_values({"training.seed": 3, "model.stem": "7x7", "training.milestones": [0.2], "data.source": "x"})
    found = config_differences(a, b)
    assert [each.field for each in found] == [
        "model.stem", "data.source", "training.milestones", "training.seed"
    ]  # fmt: skip
    assert (found[2].a, found[2].b) == ([0.5, 0.75], [0.2])
    assert found[2].texts == ("[0.5, 0.75]", "[0.2]")
    assert found[3].texts == ("0", "3")
    assert config_differences(a, a) == ()


def test_images_that_are_left_out_are_counted_as_long_lists_look_the_same() -> None:
    numbers = [(), range(1000), [*range(999), 2000, 2001]]
    a, b, c = (RunConfig().with_values({"data.excluded": each}) for each in numbers)
    (found,) = config_differences(a, b)
    assert (found.field, found.texts) == ("data.excluded", ("0 images", "1\u202f000 images"))
    (found,) = config_differences(b, c)
    assert found.texts == ("1\u202f000 images, 1 of them here alone", "1\u202f001 images, 2 of them here alone")
    assert not same_but_for_seed(a, b)


def test_a_seed_and_the_machine_do_not_make_another_experiment() -> None:
    a = RunConfig()
    alike = {"training.seed": 7, "training.device": "cpu", "training.threads": 2, "training.deterministic": True,
             "training.epoch_weights_mb": 0}  # fmt: skip
    assert same_but_for_seed(a, a.with_values(alike))
    for field, value in (("training.epochs", 99), ("data.train_images", 10), ("training.precision", "fp32")):
        assert not same_but_for_seed(a, a.with_values({field: value}))
    found = {"data.normalization": "from-data", "data.mean": [0.5] * 3, "data.std": [0.2] * 3}
    of_another_split = found | {"data.mean": [0.4] * 3}
    assert same_but_for_seed(a.with_values(found), a.with_values(of_another_split))
    given = {"data.normalization": "custom"}
    assert not same_but_for_seed(a.with_values(found | given), a.with_values(of_another_split | given))


def test_the_correction_is_holms() -> None:
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    assert holm.adjusted([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm.adjusted([0.9, 0.8]) == [1.0, 1.0]


def test_every_image_is_in_one_cell_and_every_split_is_counted() -> None:
    both = Agreement(answering(right_but(12, 0, 1, 2)), answering(right_but(12, 1, 2, 3, 4), wrong_by=2))
    assert both.counts == Counts(7, 2, 1, 2, 7)
    assert np.array([both.mask(cell) for cell in CELLS]).sum(axis=0).tolist() == [1] * 12
    assert np.flatnonzero(both.mask("only b right")).tolist() == [0]
    assert sum(each.images for each in both.splits) == 5
    most = both.splits[0]
    assert both.split_mask(most.said_a, most.said_b).sum() == most.images == max(s.images for s in both.splits)
    first = both.per_class[0]
    assert (first.images, first.accuracy_a, first.accuracy_b) == (4, 0.75, 0.75)
    assert both.per_class[2].difference == pytest.approx(0.0)
    assert both.per_class[1].difference == pytest.approx(-0.25)


@pytest.mark.parametrize(
    ("verdict", "outcome", "sentence"),
    [
        (Verdict(A, B, COUNTS, (0.004, 0.02), 1e-6), "b better",
         "resnet20 is better by 1.2 points, 95 % interval 0.4 to 2.0, on 10 000 images"),
        (Verdict(B, A, COUNTS, (-0.02, -0.004), 1e-6), "a better",
         "resnet20 is better by 1.2 points, 95 % interval 0.4 to 2.0, on 10 000 images"),
        (Verdict(A, replace(B, accuracies=(0.8125,)), COUNTS, (0.0045, 0.0205), 1e-6), "b better",
         "resnet20 is better by 1.3 points, 95 % interval 0.5 to 2.1, on 10 000 images"),
        (Verdict(A, B, COUNTS, (0.0003, 0.02), 1e-6), "b better",
         "resnet20 is better by 1.20 points, 95 % interval 0.03 to 2.00, on 10 000 images"),
        (Verdict(A, B, COUNTS, (-0.004, 0.02), 0.4), "no difference",
         "no difference between plain20 and resnet20 that 10 000 images can show: resnet20 is ahead by 1.2 "
         "points, 95 % interval −0.4 to 2.0"),
        (Verdict(A, B, COUNTS, (0.001, 0.02), 0.051), "unsure",
         "10 000 images cannot decide: resnet20 is ahead by 1.2 points; 95 % interval 0.1 to 2.0 leaves out 0, "
         "but the exact test is not sure (p = 0.051)"),
        (Verdict(A, B, COUNTS, (-0.001, 0.02), 0.049), "unsure",
         "10 000 images cannot decide: resnet20 is ahead by 1.2 points; the exact test sees a difference "
         "(p = 0.049), but the 95 % interval −0.1 to 2.0 does not leave out 0"),
        (Verdict(A, B, COUNTS, (0.004, 0.02), 0.02, 0.06), "unsure",
         "10 000 images cannot decide: resnet20 is ahead by 1.2 points; 95 % interval 0.4 to 2.0 leaves out 0, "
         "but the exact test is not sure (p = 0.020, which counts as 0.060 among several comparisons)"),
        (Verdict(A, replace(B, accuracies=(0.8,)), COUNTS, (-0.01, 0.01), 1.0), "no difference",
         "no difference between plain20 and resnet20 that 10 000 images can show: both are equally often right, "
         "95 % interval −1.0 to 1.0"),
        (Verdict(A, B, Counts(3, 0, 5, 4, 7), (0.1, 0.7), 0.0625), "no difference",
         "no difference between plain20 and resnet20 that 12 images can show: only 5 are recognized by one of "
         "them alone, and fewer than 6 show nothing"),
        (Verdict(A, B, Counts(0, 0, 1, 0, 0), (1.0, 1.0), 1.0), "no difference",
         "no difference between plain20 and resnet20 that 1 image can show: only one is recognized by one of them "
         "alone, and fewer than 6 show nothing"),
        (Verdict(A, B, Counts(30, 0, 0, 6, 34), (0.0, 0.0), 1.0), "no difference",
         "no difference between plain20 and resnet20 that 36 images can show: they are right about the very same "
         "ones"),
        (Verdict(A, B, Counts(30, 0, 0, 6, 36), (0.0, 0.0), 1.0), "same answers",
         "plain20 and resnet20 give the same answer to each of 36 images"),
        (Verdict(A, A, Counts(30, 0, 0, 6, 36), (0.0, 0.0), 1.0), "same run",
         "plain20 is compared with itself: both are run aaaa0001 after epoch 5"),
    ],
)  # fmt: skip
def test_the_sentence_says_as_much_as_is_known(verdict: Verdict, outcome: str, sentence: str) -> None:
    assert (verdict.outcome, verdict.sentence) == (outcome, sentence)


def test_figures_are_rounded_as_people_do_it() -> None:
    given = (1.25, 1.35, 100 * (0.8125 - 0.8), 100 * (0.8005 - 0.8), -0.05, -0.04, 0.0)
    assert [f"{half_up(value, 1):+.1f}" for value in given] == [
        "+1.3", "+1.4", "+1.3", "+0.1", "-0.1", "+0.0", "+0.0"
    ]  # fmt: skip
    assert f"{half_up(100 * (0.00125), 2):.2f}" == "0.13"


def test_runs_of_one_name_are_told_apart() -> None:
    twin = replace(B, name="plain20")
    assert Verdict(A, twin, COUNTS, (0.004, 0.02), 1e-6).labels == ("plain20 (aaaa0001)", "plain20 (bbbb0002)")
    later = replace(A, epoch=7, accuracies=(0.81,))
    assert Verdict(A, later, COUNTS, (0.004, 0.02), 1e-6).sentence.startswith("plain20 after epoch 7 is better")


def test_the_sentence_says_how_many_seeds_it_rests_on() -> None:
    a, b = (
        replace(A, seeds=(0, 1, 2), accuracies=(0.8, 0.79, 0.81)),
        replace(B, seeds=(0, 1), accuracies=(0.81, 0.83)),
    )
    verdict = Verdict(a, b, COUNTS, (0.004, 0.036), 0.01)
    assert verdict.difference == pytest.approx(0.02)
    assert verdict.sentence.endswith("0.4 to 3.6, on 10 000 images, 3 seeds of plain20 and 2 seeds of resnet20")
    assert verdict.note == ""
    equal = Verdict(a, replace(a, name="other", run_id="c"), COUNTS, (-0.01, 0.01), 0.9)
    assert "that 10 000 images and 3 seeds each can show" in equal.sentence
    assert "resnet20 has one seed" in Verdict(a, B, COUNTS, (-0.01, 0.03), 0.3).note
    assert "other seeds can tell" in Verdict(A, B, COUNTS, (0.004, 0.02), 1e-6).note


def test_seeds_are_found_once_each_and_only_of_finished_runs(store: RunStore) -> None:
    writing = Recording(store)
    said = answering(right_but(9, 1))
    older = writing.run(said, seed=2)
    newer = writing.run(said, seed=2)
    mine = writing.run(said, seed=5)
    writing.run(said, seed=5)
    first = writing.run(said, seed=0)
    stopped = writing.run(said, seed=8, status="stopped")
    writing.run(said, seed=9, training__learning_rate=0.3)
    found = runs_of_seeds(store.run(mine), store.runs())
    assert [record.id for record in found] == [mine, first, newer]
    assert older not in {record.id for record in found}
    with pytest.raises(UserError, match="is stopped; seeds are compared of finished runs only"):
        runs_of_seeds(store.run(stopped), store.runs())


def asked(store: RunStore, folder: Path, numbers: range, source: str = "sample", **values: object) -> AskedRun:
    writing = Recording(store, folder, source)
    labels = np.array([number % 3 for number in numbers])
    run_id = writing.run(answering(np.ones(len(numbers), bool), labels=labels), **values)
    record = store.run(run_id)
    return AskedRun(record, store.answers(record))


def test_images_of_one_copy_are_the_same_also_where_it_is_gone(store: RunStore, tmp_path: Path) -> None:
    runs = [asked(store, tmp_path / "gone", range(6)) for _ in range(3)]
    assert [found.tolist() for found in common_images(runs)] == [list(range(6))] * 3
    elsewhere = asked(store, tmp_path / "gone too", range(6))
    assert len(common_images([runs[0], elsewhere])[1]) == 6
    with pytest.raises(UserError, match=r"6 images of sample and .* 6 images of cifar10-jpeg: the decoded copies"):
        common_images([runs[0], asked(store, tmp_path / "gone too", range(6), "cifar10-jpeg")])


def test_files_that_changed_between_two_runs_are_other_images(store: RunStore, tmp_path: Path) -> None:
    """The copy's name tells, where it is gone; an import that found one copy for both kept the names."""
    old, new = (tmp_path / f"pets-{digest * 12}" for digest in "ab")
    a, b, again = (asked(store, folder, range(6), "/pets") for folder in (old, new, old))
    assert len(common_images([a, again])[0]) == 6
    with pytest.raises(
        UserError, match="files of that source were others, or lay elsewhere, and the decoded copies that could"
    ):
        common_images([a, b])
    with pytest.raises(UserError, match="/pets had changed in between, where they were trained"):
        common_images([moved(a, tmp_path), moved(b, tmp_path)])
    assert len(common_images([moved(a, tmp_path), moved(again, tmp_path)])[0]) == 6
    of_this_home = asked(store, tmp_path, range(6), "/pets")
    assert len(common_images([moved(a, tmp_path), of_this_home])[0]) == 6


def moved(run: AskedRun, folder: Path) -> AskedRun:
    """As an import that finds its images in `folder`."""
    started = dict(run.record.started) | {"dataset_path": str(folder), "copy_left": run.folder}
    return replace(run, record=replace(run.record, started=started))


def test_what_the_workbench_brings_is_the_same_wherever_it_lies(store: RunStore, tmp_path: Path) -> None:
    a, b = (asked(store, tmp_path / f"sample-{digest * 12}", range(6)) for digest in "ab")
    assert len(common_images([a, b])[0]) == 6
    assert len(common_images([moved(a, tmp_path), moved(b, tmp_path)])[0]) == 6


def test_a_part_of_the_images_is_compared_where_they_are_the_same(store: RunStore, tmp_path: Path) -> None:
    """As the sample's test images are some of all."""
    whole = asked(store, save_copy(tmp_path / "whole", range(12)), range(12), "cifar10-jpeg")
    part = asked(store, save_copy(tmp_path / "part", range(3, 9)), range(3, 9))
    of_whole, of_part = common_images([whole, part])
    assert of_whole.tolist() == [3, 4, 5, 6, 7, 8]
    assert of_part.tolist() == [0, 1, 2, 3, 4, 5]
    assert np.array_equal(whole.of(of_whole).labels, part.of(of_part).labels)
    assert whole.of(of_whole).logits.shape == (6, 3)


@pytest.mark.parametrize(
    ("copy", "sentence"),
    [
        ({"shade": 1}, "images of the same names have other pixels"),
        ({"side": 5}, "of different sizes too"),
        ({"numbers": range(3, 15)}, r"test/blue/00012.png is among the former only"),
    ],
)
def test_what_differs_between_the_images_is_said(
    store: RunStore, tmp_path: Path, copy: dict[str, object], sentence: str
) -> None:
    numbers = copy.pop("numbers", range(12))
    a = asked(store, save_copy(tmp_path / "b", numbers, **copy), numbers)
    b = asked(store, save_copy(tmp_path / "a", range(12)), range(12), "cifar10-jpeg")
    with pytest.raises(UserError, match=sentence):
        common_images([a, b])


def test_other_labels_and_other_classes_are_other_images(store: RunStore, tmp_path: Path) -> None:
    a, b = asked(store, tmp_path, range(6)), asked(store, tmp_path, range(1, 7))
    with pytest.raises(UserError, match="their labels are others"):
        common_images([a, b])
    renamed = replace(b, evaluation=replace(a.evaluation, class_names=("cat", "dog", "owl")))
    with pytest.raises(UserError, match="their classes are blue, green, red, and cat, dog, owl"):
        common_images([a, renamed])


def test_a_copy_that_has_become_another_is_not_looked_at(store: RunStore, tmp_path: Path) -> None:
    a = asked(store, save_copy(tmp_path / "a", range(6)), range(6))
    b = asked(store, save_copy(tmp_path / "b", range(6), shade=1, wrong_label=2), range(6))
    assert b.images is None
    assert np.array_equal(a.images.labels, labels_of(6))
    assert len(common_images([a, b])[0]) == 6
