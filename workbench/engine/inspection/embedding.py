"""Maps of the test images, by the features that a network makes of them.

Principal components are a few lines of torch here: to import scikit-learn takes its thread more than a second, for
which the lane would rest ten beside a run that is trained, and its BLAS takes all cores, where torch keeps to one.
"""

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.inspection.embedding import Embedding, Method
from workbench.engine.data.device_images import subset
from workbench.engine.inspection import tsne
from workbench.engine.inspection.features import Features, features, features_at, remember, remembered
from workbench.engine.inspection.subject import Subject

SOME = 2_000
"""Images that a map is of where it takes long to compute, or is to be there soon."""
_SEED = 0
_Points = NDArray[np.float32]

Mapping = Generator[Progress | Embedding, None, Embedding]


def by_pca(subject: Subject, former: Embedding | None = None, activity: str = "Reading features") -> Mapping:
    """All test images along the two directions in which their features differ most (principal components).

    Yields on the way a map of 2 000 of them, if all of them take longer.

    Args:
        former: turned to look like it, where it shows some of these images too.
    """
    found = remembered(subject, "test")
    if found is None and len(subject.indices("test")) > SOME:
        some, order = yield from _some_first(subject, activity)
        former = _of_pca(subject, some, former)
        yield former
        found = yield from _and_the_rest(subject, some, order, activity)
    elif found is None:
        found = yield from features(subject, "test", activity)
    return _of_pca(subject, found, former)


def by_tsne(
    subject: Subject, count: int = SOME, former: Embedding | None = None, activity: str = "Arranging"
) -> Mapping:
    """`count` of the test images, as many of every class, so that those with similar features stand together.

    At once where it was computed before. It begins where `former` has the images, or at their principal
    components.
    """
    kept = kept_tsne(subject, count, former)
    if kept is not None:
        return kept
    at, found = _chosen(subject, count), remembered(subject, "test")
    chosen = found.at(at) if found is not None else (yield from features_at(subject, "test", at, activity))
    _refuse_infinite(chosen)
    start = _points_at(former, chosen) if former is not None and former.run_id == subject.run_id else None
    if start is None:
        start = principal_components(chosen.vectors)[0]
    points, trust = yield from tsne.place(chosen.vectors, start, activity, seed=_SEED)
    embedding = _embedding("t-sne", subject, chosen, points, former, trust=trust)
    return subject.memory.put(_tsne_key(subject, len(chosen)), embedding)


def kept_tsne(subject: Subject, count: int = SOME, former: Embedding | None = None) -> Embedding | None:
    """What `by_tsne` has computed before, turned like `former`: not as what was shown then."""
    kept = subject.memory.get(_tsne_key(subject, min(count, len(subject.indices("test")))), Embedding)
    if kept is None or former is None:
        return kept
    return replace(kept, points=_turned(kept.points, kept.indices, subject, former))


def principal_components(vectors: NDArray[np.float32]) -> tuple[_Points, tuple[float, ...]]:
    """(N, 2) coordinates of (N, D) vectors along their first two components, and the variance's shares along them.

    The largest weight of a component is positive, as scikit-learn has it (`svd_flip`).
    """
    points = np.zeros((len(vectors), 2), np.float32)
    centered = torch.from_numpy(vectors).double()
    centered -= centered.mean(0) if len(vectors) else 0
    covariances = centered.T @ centered
    total = float(covariances.trace())
    if not total > 0:
        return points, (0.0, 0.0)
    variances, directions = (found.flip(-1)[..., :2] for found in torch.linalg.eigh(covariances))
    largest = directions.gather(0, directions.abs().argmax(0, keepdim=True))
    found = (centered @ (directions * largest.sign())).float().numpy()
    points[:, : found.shape[1]] = found
    shares = (variances.clamp(min=0) / total).tolist()
    return points, tuple(shares + [0.0] * (2 - len(shares)))


def turned_like(points: _Points, indices: NDArray[np.int64], former: Embedding) -> _Points:
    """Turned and mirrored, so that images which `former` shows too come near their places there (Schoenemann 1966,
    "A generalized solution of the orthogonal Procrustes problem").
    """
    _, mine, theirs = np.intersect1d(indices, former.indices, assume_unique=True, return_indices=True)
    if len(mine) < 3:
        return points
    here, there = points[mine], former.points[theirs]
    left, _, right = np.linalg.svd((here - here.mean(axis=0)).T @ (there - there.mean(axis=0)))
    turned: _Points = (points @ left @ right).astype(np.float32)
    return turned


def _some_first(subject: Subject, activity: str) -> Generator[Progress, None, tuple[Features, NDArray[np.int64]]]:
    """The features of 2 000 images, in ascending order, and the order in which those of all come: these first."""
    chosen = _chosen(subject, SOME)
    rest = np.setdiff1d(subject.indices("test"), chosen)
    found = yield from features_at(subject, "test", chosen, activity)
    return found, np.concatenate([chosen, rest])


def _and_the_rest(
    subject: Subject, some: Features, order: NDArray[np.int64], activity: str
) -> Generator[Progress, None, Features]:
    rest = yield from features_at(subject, "test", order[len(some) :], activity)
    found = some.joined(rest).at(np.argsort(order))
    remember(subject, "test", found)
    return found


def _chosen(subject: Subject, count: int) -> NDArray[np.int64]:
    return subset(subject.indices("test"), subject.images("test").labels, count, _SEED)


def _of_pca(subject: Subject, found: Features, former: Embedding | None) -> Embedding:
    _refuse_infinite(found)
    points, shares = principal_components(found.vectors)
    return _embedding("pca", subject, found, points, former, shares)


def _embedding(
    method: Method,
    subject: Subject,
    found: Features,
    points: _Points,
    former: Embedding | None,
    explained: tuple[float, ...] = (),
    trust: float = float("nan"),
) -> Embedding:
    points = points - points.mean(axis=0)
    points /= max(float(np.sqrt((points**2).sum(axis=1).mean())), 1e-12)
    points = _turned(points, found.indices, subject, former)
    return Embedding(
        method, subject.run_id, subject.epoch, points, found.indices, found.labels, found.predictions,
        subject.class_names, len(subject.indices("test")), explained, trust,
    )  # fmt: skip


def _turned(points: _Points, indices: NDArray[np.int64], subject: Subject, former: Embedding | None) -> _Points:
    if former is None or former.run_id != subject.run_id:
        return points
    return turned_like(points, indices, former)


def _points_at(former: Embedding, chosen: Features) -> _Points | None:
    """Where a former map has these images; None if it lacks some."""
    if not np.isin(chosen.indices, former.indices).all():
        return None
    return former.points[np.searchsorted(former.indices, chosen.indices)]


def _tsne_key(subject: Subject, count: int) -> tuple[str, str, int]:
    return subject.fingerprint, "t-sne", count


def _refuse_infinite(found: Features) -> None:
    if not np.isfinite(found.vectors).all():
        raise UserError("the network's features are not finite numbers; its weights are damaged or diverged")
