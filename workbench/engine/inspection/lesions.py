"""A trained network whose blocks are removed or weakened, without training it anew.

Veit, Wilber and Belongie 2016, "Residual Networks Behave Like Ensembles of Relatively Shallow Networks",
section 4.1: residual networks survive the loss of any one block, plain ones do not.
"""

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress
from workbench.core.inspection.lesions import (
    DEFAULT_IMAGES,
    BlockSite,
    Lesioned,
    Removed,
    Sweep,
    SweepProgress,
    sites_of,
)
from workbench.core.interludes import BESIDE_RUNS
from workbench.engine.data.device_images import subset
from workbench.engine.inspection.kept_activations import BUDGET_BYTES, KeptActivations, worth_keeping
from workbench.engine.inspection.subject import Subject
from workbench.engine.machine.pieces import in_pieces
from workbench.engine.network import folding
from workbench.engine.network.blocks.block import Block
from workbench.engine.network.blocks.parts import ZeroPadShortcut

_SEED = 0


class LesionBoard:
    """A subject's network on some of its test images. Belongs to one thread.

    What enters its blocks is kept, as far as memory is granted, so that a lesion costs only what follows it.

    Args:
        images: so many, as many of every class, always the same ones; None: all.
        budget_bytes: for what is kept.
    """

    def __init__(
        self, subject: Subject, images: int | None = DEFAULT_IMAGES, budget_bytes: int = BUDGET_BYTES
    ) -> None:
        self._subject, self.sites = subject, sites_of(subject.config.model)
        self.indices = subject.indices("test")
        if images is not None and images < len(self.indices):
            self.indices = subset(self.indices, subject.dataset.test.labels, images, _SEED)
        self._images = subject.on_device("test", self.indices)
        self._network = subject.build()
        folding.fold_norms(self._network)
        self._blocks = list(
            chain.from_iterable(self._network.get_submodule(name).children() for name in self._network.stage_names)
        )
        # Under autocast, a group norm's output stays float32.
        is_half = subject.compute.dtype == torch.bfloat16 and subject.config.model.norm != "group"
        kept = worth_keeping(self.sites, 2 if is_half else 4, len(self.indices), budget_bytes)
        self._kept = KeptActivations(kept, len(self.indices))
        self._intact: Evaluation | None = None

    @property
    def subject(self) -> Subject:
        return self._subject

    # Its use

    def intact(self) -> Generator[Progress, None, Evaluation]:
        """What the whole network says."""
        if self._intact is None:
            answer = yield from in_pieces(
                len(self.indices), self._piece, "Testing the intact network", BESIDE_RUNS
            )
            self._intact = self._evaluation(answer.results)
        return self._intact

    def lesioned(self, scales: Mapping[str, float]) -> Generator[Progress, None, Lesioned]:
        """With the branches of some blocks scaled by a factor; 0 removes them.

        Args:
            scales: by the blocks' names.
        """
        intact = yield from self.intact()
        factors = {n: scales[site.name] for n, site in enumerate(self.sites) if scales.get(site.name, 1.0) != 1}
        now = intact
        if factors:
            begin = self._kept.nearest(min(factors))
            piece = partial(self._lesioned_piece, factors, begin)
            answer = yield from in_pieces(len(self.indices), piece, "Testing with lesions", BESIDE_RUNS)
            # What blocks further on were never trained for may overflow; that too is an answer.
            now = self._evaluation([torch.nan_to_num(each) for each in answer.results])
        return Lesioned(dict(scales), intact, now, self.indices)

    def sweep(self) -> Generator[Progress, None, Sweep]:
        """Remove each block in turn; says what became of each as soon as it is known."""
        intact = yield from self.intact()
        count = len(self.indices)
        total, sweep = len(self.sites) * count, Sweep(count, intact.accuracy, ())
        for number, site in enumerate(self.sites):
            with closing(self.lesioned({site.name: 0.0})) as work:
                found = yield from _as_part(work, number * count, total)
            removed = Removed(site.name, found.now.accuracy, len(found.flipped))
            sweep = replace(sweep, removed=(*sweep.removed, removed))
            yield SweepProgress("Removing each block in turn", (number + 1) * count, total, so_far=sweep)
        return sweep

    # Its pieces of images

    @torch.inference_mode()
    def _piece(self, start: int, stop: int) -> Tensor:
        """(n, K) logits of the intact network, whose activations are kept."""
        with self._subject.compute.autocast():
            x = self._network.stem(self._images.plain(start, stop)[0])
            for number, block in enumerate(self._blocks):
                self._kept.put(number, x, start)
                x = block(x)
            return self._network.head(x).float().cpu()

    @torch.inference_mode()
    def _lesioned_piece(self, factors: Mapping[int, float], begin: int | None, start: int, stop: int) -> Tensor:
        """(n, K) logits, computed from the block `begin` on, or from the images for None."""
        with self._subject.compute.autocast():
            if begin is None:
                x = self._network.stem(self._images.plain(start, stop)[0])
            else:
                x = self._kept.get(begin, start, stop)
            for number in range(begin or 0, len(self._blocks)):
                block = self._blocks[number]
                x = block(x) if number not in factors else weakened(block, self.sites[number], x, factors[number])
            return self._network.head(x).float().cpu()

    def _evaluation(self, logits: list[Tensor]) -> Evaluation:
        said = torch.cat(logits).numpy().astype(np.float32, copy=False)
        labels = self._images.labels.cpu().numpy()
        return Evaluation(labels, said, self._subject.class_names, self._subject.epoch)


def weakened(block: torch.nn.Module, site: BlockSite, x: Tensor, factor: float) -> Tensor:
    """What leaves a block, (n, C, H, W), whose branch is scaled by `factor`; it does not overwrite `x`.

    With a shortcut, that of y = end(shortcut + factor * branch). Without one there is no sum, and it is blended
    with what is left of it: y = factor * block + (1 - factor) * remainder.
    """
    if not isinstance(block, Block):
        raise TypeError(f"{type(block).__name__} is no block of a network")
    if site.remainder == "nothing removed":
        out: Tensor = block(x)
        return out
    source = block.source(x)
    if block.has_shortcut:
        around = block.around(source)
        # What follows the sum may overwrite it, and `x` is kept.
        return block.end(around + factor * block.branch(source) if factor else around.clone())
    remainder = source
    if site.remainder == "stand-in":
        remainder = ZeroPadShortcut(site.input_shape[0], site.output_shape[0], site.stride)(source)
    if not factor:
        return remainder
    return factor * block.end(block.branch(source)) + (1 - factor) * remainder


def _as_part(
    work: Generator[Progress, None, Lesioned], done: int, total: int
) -> Generator[Progress, None, Lesioned]:
    """The same, its progress being that of a larger work."""
    while True:
        try:
            said = next(work)
        except StopIteration as end:
            result: Lesioned = end.value
            return result
        yield replace(said, done=done + said.done, total=total)
