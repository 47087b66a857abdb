"""Counts of people's answers: read from three kinds of files, refused in a sentence, and remembered."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest

from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.home import Home
from workbench.core.inspection.human_counts import HumanCounts, numbers_of
from workbench.core.softmax import entropies

COUNTS = np.array([[50, 1, 0], [10, 30, 11], [17, 17, 17], [0, 0, 51]])


def written(folder: Path, kind: str) -> Path:
    path = folder / f"counts.{kind.split()[0]}"
    match kind:
        case "npy":
            np.save(path, COUNTS)
        case "npz":
            np.savez(path, counts=COUNTS, other=np.zeros(3))
        case "npz of one":
            np.savez(path, COUNTS)
        case "csv":
            path.write_text("\n".join(",".join(map(str, row)) for row in COUNTS.tolist()))
        case _:
            rows = "\n".join(",".join(map(str, row)) for row in COUNTS.tolist())
            path.write_text("\ufeffcat,dog,frog\n" + rows + "\n\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["npy", "npz", "npz of one", "csv", "csv with names"])
def test_all_kinds_of_files_say_the_same(tmp_path: Path, kind: str) -> None:
    people = HumanCounts.read(written(tmp_path, kind), 4, 3)
    assert (people.counts == COUNTS).all()
    assert people.answers.tolist() == [0, 1, 0, 2]
    assert people.agreement(np.array([0, 0, 1, 0])) == pytest.approx([50 / 51, 10 / 51, 1 / 3, 0])
    assert people.entropy[2] == pytest.approx(np.log(3))
    assert people.entropy[3] == 0
    assert people.are_counts


def test_shares_do_as_well_as_counts(tmp_path: Path) -> None:
    shares = COUNTS / COUNTS.sum(axis=1, keepdims=True)
    np.save(tmp_path / "probs.npy", shares)
    people = HumanCounts.read(tmp_path / "probs.npy", 4, 3)
    assert people.shares == pytest.approx(shares)
    assert not people.are_counts


def test_entropy_is_scipys() -> None:
    from scipy import stats

    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(7), 50).astype(np.float32)
    assert entropies(probabilities) == pytest.approx(stats.entropy(probabilities, axis=1), abs=1e-6)


def array(values: object) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=True)
    return buffer.getvalue()


BAD: dict[str, tuple[str, bytes, str]] = {
    "other images": ("a.npy", array(COUNTS[:3]), "has the shape 3 x 3; it must have 4 x 3"),
    "other classes": ("a.npy", array(COUNTS[:, :2]), "has the shape 4 x 2; it must have 4 x 3"),
    "one dimension": ("a.npy", array(COUNTS.ravel()), "has the shape 12; it must have 4 x 3"),
    "a number": ("a.npy", array(np.array(3)), "has the shape of one number"),
    "negative": ("a.npy", array(COUNTS - 1), "holds a negative count in row 1"),
    "not finite": ("a.npy", array(np.where(COUNTS == 11, np.nan, COUNTS)), "no finite number in row 2"),
    "zeros": ("a.npy", array(COUNTS * [[1], [1], [0], [1]]), "nothing but zeros in row 3"),
    "texts": ("a.npy", array(COUNTS.astype(str)), "values of the kind <U"),
    "complex": ("a.npy", array(COUNTS.astype(complex)), "values of the kind complex"),
    "objects": ("a.npy", array(COUNTS.astype(object)), "holds Python objects"),
    "a pickle": ("a.npy", pickle.dumps(COUNTS), "holds Python objects"),
    "cut": ("a.npy", array(COUNTS)[:-8], "cannot read"),
    "empty": ("a.npy", b"", "cannot read"),
    "no archive": ("a.npz", b"PK\x03\x04 and so on", "cannot read"),
    "a word": ("a.csv", b"1,2,3\n4,many,6", "row 2 of it holds 'many', which is no number"),
    "ragged": ("a.csv", b"1,2,3\n4,5", "its rows have 2 to 3 columns"),
    "no table": ("a.csv", b"", "has the shape 0 x 0"),
    "no text": ("a.csv", b"\xff\xfe\x00", "no text in UTF-8"),
    "another kind": ("a.mat", array(COUNTS), "it must be a .npy, .npz or .csv file"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_wrong_file_is_named_with_what_is_allowed(tmp_path: Path, what: str) -> None:
    name, content, words = BAD[what]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError) as refusal:
        HumanCounts.read(path, 4, 3)
    assert words in str(refusal.value)
    assert name in str(refusal.value)
    assert "must" in str(refusal.value)
    assert "pickle" not in str(refusal.value)


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "done",))

    for name, content in (("a.npy", array(np.array([Bomb()], object))), ("b.npy", pickle.dumps(Bomb()))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError):
            HumanCounts.read(tmp_path / name, 4, 3)
    assert not (tmp_path / "done").exists()


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: None])
def test_what_is_no_file_is_said(tmp_path: Path, make: object) -> None:
    path = tmp_path / "counts.npy"
    make(path)  # type: ignore[operator]
    with pytest.raises(UserError, match="cannot read"):
        HumanCounts.read(path, 4, 3)


def test_counts_are_remembered_for_their_source(home: Home, tmp_path: Path) -> None:
    assert HumanCounts.remembered(home, "cifar10", 4, 3) is None
    path = written(tmp_path, "csv")
    HumanCounts.read(path, 4, 3).remember(home, "cifar10")
    path.unlink()
    again = HumanCounts.remembered(home, "cifar10", 4, 3)
    assert again is not None
    assert (again.counts == COUNTS).all()
    assert HumanCounts.remembered(home, "sample", 4, 3) is None
    with pytest.raises(UserError, match="has the shape 4 x 3"):
        HumanCounts.remembered(home, "cifar10", 5, 3)


def test_the_sample_takes_its_rows_of_the_whole_table(tmp_path: Path) -> None:
    names = ("test/cat/00003.jpg", "test/ship/09999.jpg")
    numbers = numbers_of("sample", names)
    assert numbers_of("/my/own", names) is None
    table = np.tile(np.arange(1, 10_001)[:, None], (1, 10))
    np.save(tmp_path / "cifar10h-counts.npy", table)
    people = HumanCounts.read(tmp_path / "cifar10h-counts.npy", 2, 10, numbers)
    assert people.counts[:, 0].tolist() == [4, 10_000]
    np.save(tmp_path / "cifar10h-counts.npy", table[:7])
    with pytest.raises(UserError, match="it must have 2 x 10, or 10000 x 10 of all of CIFAR-10"):
        HumanCounts.read(tmp_path / "cifar10h-counts.npy", 2, 10, numbers)


def test_a_network_beside_people() -> None:
    from workbench.engine.inspection.human_agreement import compare

    labels = np.array([0, 0, 1, 2])
    logits = np.log(np.array([[0.9, 0.05, 0.05], [0.3, 0.6, 0.1], [0.25, 0.2, 0.55], [0.01, 0.01, 0.98]]))
    found = compare(
        Evaluation(labels, logits.astype(np.float32), ("a", "b", "c")), HumanCounts(COUNTS.astype(float))
    )
    assert found.agreement == pytest.approx([50 / 51, 10 / 51, 1 / 3, 1])
    assert found.confidence == pytest.approx([0.9, 0.3, 0.2, 0.98])
    assert found.by_agreement.tolist() == [1, 2, 0, 3]
    assert found.outvoted.tolist() == [False, True, False, False]
    assert found.shared_mistakes.tolist() == [False, True, True, False]
    assert found.agreed.tolist() == [True, False, False, True]
    # The ranks.
    assert found.correlation == pytest.approx(np.corrcoef([3, 1, 2, 4], [3, 2, 1, 4])[0, 1])


def test_people_who_all_agree_correlate_with_nothing() -> None:
    from workbench.engine.inspection.human_agreement import compare

    evaluation = Evaluation(np.array([0, 1]), np.eye(2, dtype=np.float32), ("a", "b"))
    found = compare(evaluation, HumanCounts(np.eye(2) * 50))
    assert np.isnan(found.correlation)
