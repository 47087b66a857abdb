"""Losses around a network's weights: directions, points, and that nothing else is touched."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.trained import exhausted, opened, record_run
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.inspection.landscape import Grid, Landscape
from workbench.core.interludes import Interludes
from workbench.core.settings.config import RunConfig
from workbench.engine.inspection import landscape as engine
from workbench.engine.inspection.landscape import Ground, directions, survey
from workbench.engine.inspection.subject import Subject
from workbench.engine.machine.device import Compute

CPU = Compute(torch.device("cpu"), torch.float32)
GRID = Grid(5, 0.5)


@pytest.fixture
def subject(home: Home, tiny_config: RunConfig) -> Subject:
    return opened(home, record_run(home, tiny_config))


def recomputed(subject: Subject, first: float, second: float, found: Landscape) -> tuple[float, float]:
    """Loss and accuracy by torch's own functions, on an unfolded network with other weights."""
    plane = directions({name: subject.weights[name] for name, _ in subject.network.named_parameters()}, found.seed)
    moved = {
        name: weight + first * plane[0][name] + second * plane[1][name] if name in plane[0] else weight
        for name, weight in subject.weights.items()
    }
    images = subject.on_device("training", found.indices)
    batch, labels = images.plain(0, len(images))
    logits = torch.func.functional_call(subject.network, moved, (batch,))
    loss = nn.functional.cross_entropy(logits, labels)
    return float(loss), float((logits.argmax(1) == labels).float().mean())


def test_each_point_has_the_loss_of_its_weights(subject: Subject) -> None:
    (found,) = exhausted(survey([subject], GRID, images=50))
    axis = GRID.axis
    for row, column in ((2, 2), (0, 0), (1, 3), (4, 2)):
        loss, accuracy = recomputed(subject, axis[column], axis[row], found)
        assert found.loss[row, column] == pytest.approx(loss, rel=1e-4)
        assert found.accuracy[row, column] == pytest.approx(accuracy)
    assert found.known.all()
    assert (found.run_id, found.epoch, found.images) == (subject.run_id, subject.epoch, 50)


def test_the_center_is_the_network_itself(subject: Subject) -> None:
    (found,) = exhausted(survey([subject], GRID, images=50))
    evaluated = exhausted(subject.evaluate("training", found.indices))
    assert found.center_loss == pytest.approx(evaluated.loss, rel=1e-4)
    assert found.center_accuracy == pytest.approx(evaluated.accuracy)


def test_filters_of_a_direction_are_as_long_as_the_network_s(subject: Subject) -> None:
    weights = {name: subject.weights[name] for name, _ in subject.network.named_parameters()}
    for direction in directions(weights, 0):
        assert {name for name, weight in weights.items() if weight.dim() > 1} == set(direction)
        for name, drawn in direction.items():
            lengths = weights[name].flatten(1).norm(dim=1)
            torch.testing.assert_close(drawn.flatten(1).norm(dim=1), lengths)
    first, second = directions(weights, 0)
    assert not torch.equal(first["fc.weight"], second["fc.weight"])


def test_biases_and_norms_have_no_direction() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))
    weights = {name: each.detach() for name, each in network.named_parameters()}
    assert set(directions(weights, 0)[0]) == {"0.weight", "3.weight"}


def test_a_filter_of_zeros_stays(subject: Subject) -> None:
    (direction, _) = directions({"weight": torch.zeros(2, 3, 3, 3)}, 0)
    assert not direction["weight"].any()


def test_the_same_seed_gives_the_same_grid(subject: Subject) -> None:
    random = torch.get_rng_state()
    (first,), (again,), (other,) = (exhausted(survey([subject], GRID, images=30, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.loss, again.loss)
    assert not np.allclose(first.loss, other.loss)
    # The picture turns around the same weights.
    assert first.center_loss == other.center_loss
    np.testing.assert_array_equal(first.indices, other.indices)
    assert torch.equal(torch.get_rng_state(), random)


@pytest.mark.parametrize(
    "changes",
    [{"model.block": "preact-basic"}, {"model.norm": "group"}, {"model.shortcut": "none"},
     {"model.se_reduction": 4}],
)  # fmt: skip
def test_other_networks_are_folded_and_moved_alike(
    home: Home, tiny_config: RunConfig, changes: dict[str, object]
) -> None:
    subject = opened(home, record_run(home, tiny_config.with_values({**changes, "training.epochs": 1})))
    (found,) = exhausted(survey([subject], GRID, images=20))
    loss, _ = recomputed(subject, GRID.axis[1], GRID.axis[3], found)
    assert found.loss[3, 1] == pytest.approx(loss, rel=1e-4)


def test_images_are_as_many_of_every_class(subject: Subject) -> None:
    (chosen,) = engine.chosen_images([subject], 30)
    labels = subject.images("training").labels[chosen]
    assert np.bincount(labels).tolist() == [10, 10, 10]
    assert set(chosen) <= set(subject.indices("training"))
    (all_of_them,) = engine.chosen_images([subject], 10_000)
    assert np.array_equal(all_of_them, np.sort(subject.indices("training")))
    with pytest.raises(UserError, match="images is 0"):
        engine.chosen_images([subject], 0)


def test_two_runs_are_asked_about_the_same_images(home: Home, tiny_config: RunConfig) -> None:
    """Though each holds other images out."""
    subjects = [
        opened(home, record_run(home, tiny_config.with_values({"training.epochs": 1, "training.seed": seed})))
        for seed in (0, 1)
    ]
    assert not np.array_equal(subjects[0].indices("training"), subjects[1].indices("training"))
    first, second = exhausted(survey(subjects, GRID, images=30))
    np.testing.assert_array_equal(first.indices, second.indices)
    for subject, found in zip(subjects, (first, second), strict=True):
        assert set(found.indices) <= set(subject.indices("training"))
        loss, _ = recomputed(subject, GRID.axis[1], GRID.axis[3], found)
        assert found.loss[3, 1] == pytest.approx(loss, rel=1e-4)


def test_refining_keeps_the_coarse_values(subject: Subject) -> None:
    grid = Grid(15)
    (coarse,) = exhausted(survey([subject], grid, images=12, until=9))
    assert coarse.size == 9
    asked: list[object] = []
    (fine,) = exhausted(survey([subject], grid, images=12, known=[coarse], interludes=_Counting(asked)))
    assert asked
    np.testing.assert_array_equal(fine.loss[coarse.known], coarse.loss[coarse.known])
    np.testing.assert_array_equal(fine.accuracy[coarse.known], coarse.accuracy[coarse.known])
    (alone,) = exhausted(survey([subject], grid, images=12))
    np.testing.assert_array_equal(fine.loss, alone.loss)
    # What is known is not computed again, and nothing of another seed or of other images is taken for it.
    assert not coarse.known.all()
    (other,) = exhausted(survey([subject], grid, images=12, seed=5, until=9, known=[coarse]))
    assert not np.allclose(other.loss, coarse.loss)
    (more,) = exhausted(survey([subject], grid, images=24, until=9, known=[coarse]))
    assert more.center_loss != coarse.center_loss


class _Counting(Interludes):
    """Notes what is asked for."""

    def __init__(self, asked: list[object]) -> None:
        super().__init__()
        self._asked = asked

    def ask(self, do):  # type: ignore[no-untyped-def]
        self._asked.append(do)
        return super().ask(do)


def test_known_points_cost_nothing(subject: Subject) -> None:
    known = exhausted(survey([subject], GRID, images=12))
    asked: list[object] = []
    exhausted(survey([subject], GRID, images=12, known=known, interludes=_Counting(asked)))
    assert not asked


def test_it_tells_what_it_has(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.engine.inspection.landscape._TOLD_EVERY_S", -1.0)
    said = list(survey([subject], Grid(9), images=12))
    progress = [each for each in said if isinstance(each, Progress) and each.total]
    partial = [each[0] for each in said if isinstance(each, tuple)]
    counts = [int(each.known.sum()) for each in partial]
    assert counts == sorted(counts)
    assert counts[-1] == 81
    assert progress[-1].done == progress[-1].total
    # The whole is seen first: the coarse grid is whole before the fine one begins.
    first_beyond = next(each for each in partial if each.known.sum() > 25)
    assert first_beyond.size == 5
    # Copies: what was told does not change any more.
    assert partial[0].known.sum() == counts[0]


def test_canceled_it_leaves_nothing_changed(subject: Subject) -> None:
    before = {name: weight.clone() for name, weight in subject.weights.items()}
    network = {name: weight.clone() for name, weight in subject.network.state_dict().items()}
    threads, grad = torch.get_num_threads(), torch.is_grad_enabled()
    work = survey([subject], GRID, images=50)
    for _ in range(4):
        next(work)
        assert torch.is_grad_enabled() is grad
        assert not torch.is_inference_mode_enabled()
    work.close()
    for name, weight in before.items():
        assert torch.equal(subject.weights[name], weight), name
        assert torch.equal(subject.network.state_dict()[name], network[name]), name
    assert (torch.get_num_threads(), torch.is_grad_enabled()) == (threads, grad)


# On toys whose surface is known


def walked(ground: Ground, grid: Grid) -> np.ndarray:
    losses = np.zeros((grid.size, grid.size))
    for row, second in enumerate(grid.axis):
        for column, first in enumerate(grid.axis):
            ground.move_to(float(first), float(second))
            losses[row, column] = sum(ground.ask(batch)[0] for batch in range(len(ground.batches))) / ground.images
    return losses


class Quadratic(nn.Module):
    """Its loss is even in its weights: each logit is minus a square, and none but the first may move."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, 4))

    def forward(self, images: Tensor) -> Tensor:
        height = (images * self.weight).square().sum(1)
        return torch.stack([-height, torch.zeros_like(height)], 1)


def test_a_quadratic_looks_the_same_from_both_sides() -> None:
    generator = torch.Generator().manual_seed(0)
    plane = tuple({"weight": torch.randn(1, 4, generator=generator)} for _ in range(2))
    batches = [(torch.randn(8, 4, generator=generator), torch.zeros(8, dtype=torch.int64)) for _ in range(2)]
    losses = walked(Ground(Quadratic().requires_grad_(False), (plane[0], plane[1]), batches, CPU), Grid(9))
    np.testing.assert_allclose(losses, losses[::-1, ::-1], rtol=1e-6)
    assert losses.argmin() == losses.size // 2
    flipped = {"weight": -plane[0]["weight"]}
    mirrored = walked(Ground(Quadratic().requires_grad_(False), (flipped, plane[1]), batches, CPU), Grid(9))
    np.testing.assert_allclose(mirrored, losses[:, ::-1], rtol=1e-6)


def test_a_linear_softmax_agrees_with_direct_computation() -> None:
    generator = torch.Generator().manual_seed(3)
    network = nn.Linear(6, 3).requires_grad_(False)
    weights = {name: each.clone() for name, each in network.named_parameters()}
    images, labels = torch.randn(20, 6, generator=generator), torch.arange(20) % 3
    plane = directions(weights, 7)
    grid = Grid(5, 2.0)
    losses = walked(Ground(network, plane, [(images[:7], labels[:7]), (images[7:], labels[7:])], CPU), grid)
    x, w, b = images.double().numpy(), weights["weight"].double().numpy(), weights["bias"].double().numpy()
    d1, d2 = (each["weight"].double().numpy() for each in plane)
    for row, second in enumerate(grid.axis):
        for column, first in enumerate(grid.axis):
            logits = x @ (w + first * d1 + second * d2).T + b
            log_softmax = logits - np.log(np.exp(logits).sum(1, keepdims=True))
            direct = -log_softmax[np.arange(20), labels.numpy()].mean()
            assert losses[row, column] == pytest.approx(direct, rel=1e-5)


def test_what_is_no_number_is_infinite(home: Home, tiny_config: RunConfig) -> None:
    subject = opened(home, record_run(home, tiny_config.with_values({"training.epochs": 1})))
    subject.weights["fc.weight"].fill_(1e38)
    (found,) = exhausted(survey([subject], GRID, images=12))
    assert np.isinf(found.loss).any()
    assert not np.isnan(found.loss).any()
    assert found.known.all()
