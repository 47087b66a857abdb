"""The loss around a run's weights, along two random directions.

Li, Xu, Taylor, Studer and Goldstein 2018, "Visualizing the Loss Landscape of Neural Nets", section 4: each filter
of a random direction is scaled to the norm of the network's own filter, without which the picture shows the scale
of weights rather than the form of the loss. Biases and the parameters of norms are not moved, and norms use their
running statistics, which stay as they are (`ignore='biasbn'` and `net.eval()` in net_plotter.py and evaluation.py
of the authors, https://github.com/tomgoldstein/loss-landscape). The loss is the mean cross-entropy of training
images that are not augmented, without label smoothing, mixing or weight decay.
"""

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.inspection.landscape import QUICK_SIZE, Grid, Indices, Landscape, Values
from workbench.core.interludes import BESIDE_RUNS, Interludes
from workbench.core.network.architecture import Architecture
from workbench.engine.data.device_images import subset
from workbench.engine.inspection.subject import Subject
from workbench.engine.machine.device import Compute
from workbench.engine.machine.pieces import in_pieces
from workbench.engine.network import folding

IMAGES = 256
_IMAGES_SEED = 0
# Of one piece of a point's images: some 25 ms of a core. Not by the clock: sums must not depend on how busy it is.
_PIECE_MACS = 4.2e9
_MOST_IN_PIECE = 64
# To draw what is told costs the window's thread 25 ms: refined, a picture changes little in a second.
_TOLD_EVERY_S, _TOLD_REFINED_EVERY_S = 0.25, 1.0

Direction = Mapping[str, Tensor]
Landscapes = tuple[Landscape, ...]
Surveying = Generator[Progress | Landscapes, None, Landscapes]


def directions(weights: Mapping[str, Tensor], seed: int) -> tuple[Direction, Direction]:
    """Two random directions in the space of these weights, on the CPU in float32, the same for the same seed.

    Weights of one axis, which are biases and parameters of norms, have none.
    """
    generator = torch.Generator().manual_seed(seed)
    first, second = (
        {name: _scaled(weight, generator) for name, weight in weights.items() if weight.dim() > 1}
        for _ in range(2)
    )
    return first, second


def _scaled(weight: Tensor, generator: torch.Generator) -> Tensor:
    """A random one whose filters are as long as those of `weight` (section 4, d_ij / |d_ij| · |w_ij|)."""
    drawn = torch.randn(weight.shape, generator=generator)
    own = weight.detach().float().cpu().flatten(1).norm(dim=1)
    lengths = own / drawn.flatten(1).norm(dim=1).clamp_min(1e-10)
    scaled: Tensor = drawn * lengths.view(-1, *[1] * (weight.dim() - 1))
    return scaled


class Ground:
    """A network that is moved to any point of the plane, and the images that it is asked about there.

    Args:
        network: it is changed; parameters that no direction names stay.
        batches: (N, 3, H, W) images with their labels (N,).
    """

    def __init__(
        self,
        network: nn.Module,
        plane: tuple[Direction, Direction],
        batches: Sequence[tuple[Tensor, Tensor]],
        compute: Compute,
    ) -> None:
        self._network, self._compute = network, compute
        self._at: tuple[float, float] | None = None
        self.batches = batches
        self.images = sum(len(labels) for _, labels in batches)
        parameters = dict(network.named_parameters())
        self._moved = [parameters[name].detach() for name in plane[0]]
        self._base = [weight.clone() for weight in self._moved]
        self._plane = [
            # In the layout of the weights, so that adding them walks through memory in one order.
            [weight.clone().copy_(direction[name]) for name, weight in zip(direction, self._moved, strict=True)]
            for direction in plane
        ]

    @torch.no_grad()
    def move_to(self, first: float, second: float) -> None:
        """Put the network's weights to this point of the plane."""
        if self._at == (first, second):
            return
        for weight, base, along_first, along_second in zip(self._moved, self._base, *self._plane, strict=True):
            torch.add(base, along_first, alpha=first, out=weight)
            weight.add_(along_second, alpha=second)
        self._at = first, second

    def ask(self, batch: int) -> tuple[float, int]:
        """The sum of the losses of a batch's images, and how many answers are right."""
        images, labels = self.batches[batch]
        with torch.inference_mode():
            with self._compute.autocast():
                logits = self._network(images).float()
            loss = nn.functional.cross_entropy(logits, labels, reduction="sum")
            return float(loss), int((logits.argmax(1) == labels).sum())


def ground_of(subject: Subject, indices: Indices, seed: int) -> Ground:
    """Norms that follow a convolution are part of it, a quarter less work: folding is linear in its weights, so
    that the directions are folded just as the weights are."""
    network = subject.build()
    weights = {name: subject.weights[name] for name, _ in network.named_parameters()}
    plane = directions(weights, seed)
    folding.fold_norms(network)
    images = subject.on_device("training", indices)
    size = _piece_size(subject)
    starts = range(0, len(indices), size)
    batches = [images.plain(start, min(start + size, len(indices))) for start in starts]
    return Ground(network, (_folded(subject, plane[0]), _folded(subject, plane[1])), batches, subject.compute)


def _folded(subject: Subject, direction: Direction) -> Direction:
    network = subject.build({**subject.weights, **direction})
    folding.fold_norms(network)
    parameters = dict(network.named_parameters())
    return {name: parameters[name].detach() for name in direction}


def _piece_size(subject: Subject) -> int:
    fitting = _PIECE_MACS / Architecture.of(subject.config.model).macs
    return int(min(_MOST_IN_PIECE, 2 ** max(0, int(np.log2(max(fitting, 1))))))


def chosen_images(subjects: Sequence[Subject], count: int) -> list[Indices]:
    """As many training images of every class; the same ones of all subjects whose images come from one source.

    Raises:
        UserError: there is none, or none that all of them were trained on.
    """
    if count < 1:
        raise UserError(f"images is {count}; it must be at least 1")
    parts = [subject.indices("training") for subject in subjects]
    if are_comparable(subjects):
        common: NDArray[np.int64] = reduce(np.intersect1d, parts)
        if not len(common):
            runs = " and ".join(subject.run_id for subject in subjects)
            raise UserError(
                f"no image was trained on by both runs {runs}; compare runs that share training images"
            )
        parts = [common] * len(subjects)
    return [
        subset(part, subject.images("training").labels, count, _IMAGES_SEED)
        for part, subject in zip(parts, subjects, strict=True)
    ]


def are_comparable(subjects: Sequence[Subject]) -> bool:
    """Whether their training images come from one source."""
    first = subjects[0].images("training")
    return all(
        other is first or (other.names == first.names and np.array_equal(other.labels, first.labels))
        for other in (subject.images("training") for subject in subjects[1:])
    )


@dataclass
class _Sheet:
    """Losses of one ground, filled in point by point."""

    loss: Values
    right: Values
    known: NDArray[np.bool_]

    @classmethod
    def empty(cls, size: int) -> "_Sheet":
        return cls(np.zeros((size, size)), np.zeros((size, size)), np.zeros((size, size), bool))


class _Survey:
    """Walks over the points of a grid with all grounds at once, so that their pictures grow together."""

    def __init__(self, grounds: Sequence[Ground], grid: Grid, order: Indices, done: Sequence[_Sheet]) -> None:
        self._grounds, self._axis, self.sheets = grounds, grid.axis, done
        self._sums = [0.0, 0]
        self._steps = [
            (number, int(row), int(column), batch)
            for row, column in order
            for number, ground in enumerate(grounds)
            if not done[number].known[row, column]
            for batch in range(len(ground.batches))
        ]

    def __len__(self) -> int:
        return len(self._steps)

    def do(self, start: int, stop: int) -> None:
        """Steps from `start` to `stop`: each is one batch at one point."""
        for number, row, column, batch in self._steps[start:stop]:
            ground, sheet = self._grounds[number], self.sheets[number]
            ground.move_to(float(self._axis[column]), float(self._axis[row]))
            loss, right = ground.ask(batch)
            self._sums = [loss, right] if batch == 0 else [self._sums[0] + loss, self._sums[1] + right]
            if batch == len(ground.batches) - 1:
                mean = self._sums[0] / ground.images
                sheet.loss[row, column] = mean if np.isfinite(mean) else np.inf
                sheet.right[row, column] = self._sums[1] / ground.images
                sheet.known[row, column] = True


def survey(
    subjects: Sequence[Subject],
    grid: Grid,
    *,
    images: int = IMAGES,
    seed: int = 0,
    until: int | None = None,
    known: Sequence[Landscape] = (),
    interludes: Interludes | None = BESIDE_RUNS,
) -> Surveying:
    """Losses around the weights of one subject, or of two on one grid; says what it has so far now and then.

    Args:
        images: training images of each point, all the same ones; all there are where there are fewer.
        until: points along an axis of the last of `grid.levels` to compute; None: all of them.
        known: what a former survey found; points of the same subject, grid, seed and images are taken from it.
    """
    chosen = chosen_images(subjects, images)
    yield Progress("Drawing directions", 0, 0, "parts")
    grounds = [ground_of(subject, part, seed) for subject, part in zip(subjects, chosen, strict=True)]
    sheets = [
        _taken_over(subject, part, grid, seed, known) for subject, part in zip(subjects, chosen, strict=True)
    ]
    work = _Survey(grounds, grid, grid.order(until), sheets)
    told, every_s = time.monotonic(), _TOLD_EVERY_S
    for progress in in_pieces(len(work), work.do, "Measuring the loss", interludes, most=max(len(work), 1)):
        yield progress
        if time.monotonic() - told > every_s:
            told = time.monotonic()
            found = _landscapes(subjects, grid, seed, chosen, sheets)
            every_s = _TOLD_REFINED_EVERY_S if found[-1].size >= QUICK_SIZE else _TOLD_EVERY_S
            yield found
    return _landscapes(subjects, grid, seed, chosen, sheets)


def progress_of(work: Surveying) -> Generator[Progress, None, Landscapes]:
    """A survey without what is known on the way."""
    while True:
        try:
            said = next(work)
        except StopIteration as end:
            result: Landscapes = end.value
            return result
        if isinstance(said, Progress):
            yield said


def _taken_over(subject: Subject, indices: Indices, grid: Grid, seed: int, known: Sequence[Landscape]) -> _Sheet:
    for each in known:
        is_of = (each.run_id, each.epoch, each.grid, each.seed) == (subject.run_id, subject.epoch, grid, seed)
        if is_of and np.array_equal(each.indices, indices):
            return _Sheet(each.loss.copy(), each.accuracy.copy(), each.known.copy())
    return _Sheet.empty(grid.size)


def _landscapes(
    subjects: Sequence[Subject], grid: Grid, seed: int, chosen: Sequence[Indices], sheets: Sequence[_Sheet]
) -> Landscapes:
    """What is known by now, as copies: the survey goes on."""
    return tuple(
        Landscape(
            subject.run_id, subject.epoch, grid, seed, indices, len(subject.class_names),
            sheet.loss.copy(), sheet.right.copy(), sheet.known.copy(), subject.config.data.source,
        )
        for subject, indices, sheet in zip(subjects, chosen, sheets, strict=True)
    )  # fmt: skip
