"""Maps of images by their features."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from tests.trained import exhausted, opened, record_run
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.inspection.embedding import Embedding
from workbench.core.settings.config import RunConfig
from workbench.engine.inspection import embedding, tsne
from workbench.engine.inspection.embedding import by_pca, by_tsne, kept_tsne, principal_components, turned_like
from workbench.engine.inspection.features import features
from workbench.engine.inspection.subject import Subject


@pytest.fixture
def subject(home: Home, tiny_config: RunConfig) -> Subject:
    return opened(home, record_run(home, tiny_config.with_values({"training.epochs": 1})))


def clusters(count: int = 300, dimensions: int = 8, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """(count, dimensions) points around centers that are far apart, and which of them each belongs to."""
    random = np.random.default_rng(0)
    labels = random.integers(0, classes, count)
    centers = random.normal(0, 10, (classes, dimensions))
    return (centers[labels] + random.normal(0, 1, (count, dimensions))).astype(np.float32), labels


@pytest.mark.parametrize("shape", [(200, 16), (2_000, 64), (40, 600), (50, 2)])
def test_principal_components_are_those_of_a_singular_value_decomposition(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    vectors = (random.normal(size=shape) @ np.diag(random.uniform(0.1, 3, shape[1]))).astype(np.float32)
    points, shares = principal_components(vectors)
    centered = vectors.astype(np.float64) - vectors.mean(axis=0)
    _, values, directions = np.linalg.svd(centered, full_matrices=False)
    expected = centered @ directions[:2].T
    signs = np.sign((points * expected).sum(axis=0))
    np.testing.assert_allclose(points, expected * signs, atol=1e-4)
    np.testing.assert_allclose(shares, (values**2 / (values**2).sum())[:2], rtol=1e-3)
    np.testing.assert_array_equal(principal_components(vectors.copy())[0], points)
    # With its signs too.
    pca = PCA(2, svd_solver="full").fit(vectors.astype(np.float64))
    np.testing.assert_allclose(points, pca.transform(vectors), atol=1e-4)
    np.testing.assert_allclose(shares, pca.explained_variance_ratio_, rtol=1e-4)


@pytest.mark.parametrize("vectors", [np.ones((9, 4)), np.zeros((9, 1)), np.zeros((1, 4)), np.zeros((0, 4))])
def test_features_that_do_not_differ_stand_in_one_point(vectors: np.ndarray) -> None:
    points, shares = principal_components(vectors.astype(np.float32))
    np.testing.assert_array_equal(points, np.zeros((len(vectors), 2)))
    assert shares == (0, 0)


def test_a_single_feature_is_a_line() -> None:
    points, shares = principal_components(np.arange(5, dtype=np.float32)[:, None])
    np.testing.assert_allclose(np.abs(points[:, 0]), [2, 1, 0, 1, 2])
    assert not points[:, 1].any()
    assert shares == (1, 0)


def test_a_turned_and_mirrored_map_is_turned_back() -> None:
    random = np.random.default_rng(2)
    former = random.normal(size=(50, 2)).astype(np.float32)
    angle = 2.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag([1, -1])
    indices = np.arange(50)
    shown = of_points(former, indices)
    np.testing.assert_allclose(turned_like(former @ turn, indices, shown), former, atol=1e-5)
    other = random.normal(size=(50, 2)).astype(np.float32)
    there = other - other.mean(axis=0)
    expected, _ = orthogonal_procrustes(former - former.mean(axis=0), there)
    np.testing.assert_allclose(
        turned_like(former, indices, of_points(other, indices)), former @ expected, atol=1e-5
    )
    few = of_points(former[:2], indices[:2])
    turned = (former @ turn).astype(np.float32)
    np.testing.assert_array_equal(turned_like(turned, indices, few), turned)


def of_points(points: np.ndarray, indices: np.ndarray, run_id: str = "a") -> Embedding:
    labels = np.zeros(len(points), np.int64)
    return Embedding("pca", run_id, 1, points, indices, labels, labels, ("cat",), len(points))


def test_the_map_of_a_run_has_all_its_test_images(subject: Subject) -> None:
    placed = exhausted(by_pca(subject))
    found = exhausted(features(subject, "test"))
    np.testing.assert_array_equal(placed.indices, np.arange(36))
    np.testing.assert_array_equal(placed.labels, found.labels)
    np.testing.assert_array_equal(placed.wrong, found.predictions != found.labels)
    assert 0.3 < sum(placed.explained) <= 1
    np.testing.assert_allclose(placed.points.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose((placed.points**2).sum(axis=1).mean(), 1, rtol=1e-4)
    mirrored = of_points(-placed.points, placed.indices, subject.run_id)
    np.testing.assert_allclose(exhausted(by_pca(subject, mirrored)).points, mirrored.points, atol=1e-4)
    other = of_points(-placed.points, placed.indices, "another run")
    np.testing.assert_allclose(exhausted(by_pca(subject, other)).points, placed.points, atol=1e-4)


def test_some_come_first_where_all_take_longer(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = exhausted(by_pca(subject))
    subject.memory.__init__()
    monkeypatch.setattr(embedding, "SOME", 12)
    said, placed = driven(by_pca(subject))
    (first,) = [each for each in said if isinstance(each, Embedding)]
    assert len(first.points) == 12
    assert np.bincount(first.labels).tolist() == [4, 4, 4]
    assert (first.images, placed.images) == (36, 36)
    np.testing.assert_array_equal(placed.indices, expected.indices)
    np.testing.assert_array_equal(placed.predictions, expected.predictions)
    np.testing.assert_allclose(np.abs(np.corrcoef(placed.points[:, 0], expected.points[:, 0])[0, 1]), 1, atol=0.3)


def driven(work: Generator[Any, None, Embedding]) -> tuple[list[Any], Embedding]:
    said = list[Any]()
    while True:
        try:
            said.append(next(work))
        except StopIteration as end:
            return said, end.value


def test_broken_features_are_said(subject: Subject) -> None:
    exhausted(features(subject, "test")).vectors[0] = np.nan
    with pytest.raises(UserError, match="not finite numbers"):
        exhausted(by_pca(subject))


def test_clusters_stay_together_and_the_same_seed_says_the_same() -> None:
    vectors, labels = clusters()
    start = principal_components(vectors)[0]
    points, trust = exhausted(tsne.place(vectors, start, "Arranging", iterations=500))
    assert trust == pytest.approx(trustworthiness(vectors, points, n_neighbors=12), abs=1e-6)
    assert trust > 0.95
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (labels[distances.argmin(axis=1)] == labels).mean() > 0.99
    again, _ = exhausted(tsne.place(vectors, start, "Arranging", iterations=500))
    np.testing.assert_array_equal(again, points)


def test_it_tells_how_far_it_is_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    started = list[Any]()
    begin = tsne.subprocess.Popen

    def noted(*arguments: Any, **options: Any) -> Any:
        started.append(begin(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(tsne.subprocess, "Popen", noted)
    vectors, _ = clusters()
    work = tsne.place(vectors, vectors[:, :2], "Arranging", iterations=100_000)
    done = 0
    while not done:
        said = next(work)
        assert isinstance(said, Progress)
        assert said.total == 100_000
        done = said.done
    assert done % 50 == 0
    work.close()
    assert started[0].poll() is not None
    assert started[0].returncode != 0


def test_a_process_that_breaks_says_why() -> None:
    with pytest.raises(RuntimeError, match="max_iter"):
        exhausted(tsne.place(np.ones((9, 2), np.float32), np.ones((9, 2), np.float32), "Arranging", iterations=3))


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        ("print('a stray line', flush=True)", RuntimeError, "without a result"),
        ("import sys; sys.stderr.write('x' * 300_000 + 'the end'); sys.exit(3)", RuntimeError, "code 3.*the end"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", UserError, "the system has ended t-SNE"),
    ],
)
def test_a_process_that_ends_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, error: type[Exception], words: str
) -> None:
    (tmp_path / "script.py").write_text("import sys; sys.stdin.buffer.read()\n" + script)
    monkeypatch.setattr(tsne, "_SCRIPT", tmp_path / "script.py")
    vectors, _ = clusters()
    with pytest.raises(error, match=words):
        exhausted(tsne.place(vectors, vectors[:, :2], "Arranging"))


def test_what_a_library_prints_does_not_spoil_the_map(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Also past Python, on the descriptor itself."""
    script = tsne._SCRIPT.read_text().replace(
        "    points, trust = place(", "    print('said')\n    os.write(1, b'=\\n')\n    points, trust = place("
    )
    (tmp_path / "script.py").write_text(script)
    monkeypatch.setattr(tsne, "_SCRIPT", tmp_path / "script.py")
    vectors, _ = clusters()
    points, _ = exhausted(tsne.place(vectors, vectors[:, :2], "Arranging", iterations=250))
    assert points.shape == (len(vectors), 2)


def test_a_few_images_have_no_neighborhoods() -> None:
    start = np.eye(4, 2, dtype=np.float32)
    points, trust = exhausted(tsne.place(np.eye(4, dtype=np.float32), start, "Arranging"))
    np.testing.assert_array_equal(points, start)
    assert np.isnan(trust)


def test_only_those_that_are_arranged_are_read(subject: Subject) -> None:
    said, placed = driven(by_tsne(subject, 12))
    read = [each.total for each in said if isinstance(each, Progress) and each.total != tsne.ITERATIONS]
    assert set(read) == {12}
    np.testing.assert_array_equal(placed.labels, subject.images("test").labels[placed.indices])


def test_what_was_arranged_is_kept(subject: Subject) -> None:
    assert kept_tsne(subject, 24) is None
    plane = exhausted(by_pca(subject))
    placed = exhausted(by_tsne(subject, 24, plane))
    assert len(placed.points) == 24
    assert np.bincount(placed.labels).tolist() == [8, 8, 8]
    assert 0 <= placed.trustworthiness <= 1
    assert kept_tsne(subject, 24) is placed
    assert exhausted(by_tsne(subject, 24)) is placed
    # Of a map that was turned meanwhile, it takes the turn.
    turn = np.array([[0, 1], [-1, 0]], np.float32)
    again = exhausted(by_tsne(subject, 24, replace(placed, points=placed.points @ turn)))
    np.testing.assert_allclose(again.points, placed.points @ turn, atol=1e-5)
    np.testing.assert_array_equal(kept_tsne(subject, 24, again).points, again.points)
    assert kept_tsne(subject, 36) is None
