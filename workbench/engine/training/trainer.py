"""One network being trained: what a checkpoint holds, and the step that changes it."""

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from workbench.core.errors import ConfigError, UserError
from workbench.core.settings.config import FineTuningConfig, RunConfig
from workbench.core.settings.schedule import learning_rate
from workbench.engine.data.augmentation import Batch, EpochPlan
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.machine.compiling import compiled
from workbench.engine.machine.device import Compute
from workbench.engine.machine.processes import ALONE, Processes
from workbench.engine.network import resnet
from workbench.engine.network.averaging import WeightAverage
from workbench.engine.network.synchronized_norm import synchronized
from workbench.engine.training.gradient_norms import GradientNorms
from workbench.engine.training.optimizers import Optimizers
from workbench.engine.weights import foreign_weights as weights
from workbench.engine.weights.checkpoint_state import CheckpointState, Position


class Trainer:
    """A network, its optimizer and its position in a run.

    Args:
        config: of the run; its model must have as many classes as the data.
        compute: device and precision.
        images: training images on that device.
        processes: that train it together; how many they are does not change what is computed.

    Raises:
        ConfigError: the batch cannot be shared among the processes, or torch does not have the optimizer.
    """

    def __init__(
        self, config: RunConfig, compute: Compute, images: DeviceImages, processes: Processes = ALONE
    ) -> None:
        self.config, self.compute, self.images = config, compute, images
        self.steps_per_epoch = config.training.steps_per_epoch(len(images))
        self.total_steps = self.steps_per_epoch * config.training.epochs
        self.position = Position()
        self.warnings: list[str] = []
        self.gradient_norms: GradientNorms | None = None
        """What looks at the gradients, if anything does."""
        self._processes = processes
        self._slices, shares_parts = _slices(config, processes)
        left = len(images) % config.training.batch_size if config.training.keep_last_batch else 0
        self._last_slices = _slices_of_last(config, processes, left, shares_parts) if left else self._slices
        network = resnet.build(config.model, config.training.seed)
        network.to(compute.device, memory_format=compute.memory_format)  # type: ignore[call-overload]
        if processes.are_many and shares_parts:
            synchronized(network, compute.device)
        self.network = network
        # torch's fused SGD cannot take up parameters later than others (torch/optim/sgd.py, _fused_sgd).
        fused = compute.device.type in ("cuda", "cpu") and not config.fine_tuning.unfreeze_every
        self.optimizers = Optimizers(network, config, fused)
        decay = config.training.ema_decay
        self.average = WeightAverage(network, decay) if decay else None
        self._plan: tuple[int, EpochPlan] | None = None
        self._forward: Callable[[Tensor], Tensor] | None = None

    @property
    def evaluated_network(self) -> nn.Module:
        """The one whose predictions count: the moving average where there is one."""
        return self.network if self.average is None else self.average.network

    @property
    def step_number(self) -> int:
        """Steps done in the whole run."""
        return self.position.epoch * self.steps_per_epoch + self.position.batch

    @property
    def epoch_is_done(self) -> bool:
        return self.position.batch >= self.steps_per_epoch

    @property
    def rate(self) -> float:
        """Learning rate of the next step."""
        rate = learning_rate(self.config.training, self.step_number, self.steps_per_epoch)
        return rate * math.prod(factor for _, factor in self.position.rate_changes)

    def change_rate(self, factor: float) -> None:
        """Multiply the rest of the schedule."""
        self.position.rate_changes.append((self.step_number, factor))

    def take_warnings(self) -> list[str]:
        """What has not gone as asked since the last time."""
        warnings, self.warnings = self.warnings, []
        return warnings

    def restart_average(self) -> None:
        """After other weights were set: the average begins with them."""
        if self.average is not None:
            self.average = WeightAverage(self.network, self.config.training.ema_decay)

    def step(self, rate: float | None = None) -> tuple[Tensor, Tensor, float]:
        """Train on the next batch.

        Args:
            rate: in place of the schedule's.

        Returns:
            Mean loss and number of right answers, of this process's images and on the device, and the rate. A
            mixed image counts as right by the share of the class that is said.
        """
        rate = self.rate if rate is None else rate
        plan = self._epoch_plan()
        losses, corrects = [], []
        if self.gradient_norms is not None:
            self.gradient_norms.begin()
        is_short = self.position.batch == len(self.images) // self.config.training.batch_size
        slices = self._last_slices if is_short else self._slices
        shares = _shares(slices)
        for index, part in enumerate(slices):
            is_last = index == len(slices) - 1
            batch = self.images.batch(plan, self.position.batch, self.config.training.batch_size, part)
            if self.network.is_random:
                self._seed_network(part)
            with self._gradients_of_all(is_last):
                logits = self._logits(batch.images)
                loss = self._loss(logits, batch)
                (loss * shares[index] if len(slices) > 1 else loss).backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
            corrects.append(_correct(logits.detach(), batch))
        if self.gradient_norms is not None:
            self.gradient_norms.look(self.step_number + 1, self.position.elapsed_s)
        if self.config.training.clip_norm:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.config.training.clip_norm)
        self.optimizers.step(rate)
        # Now, not before the next step: evaluation shall not find the gradients in memory.
        for parameter in self.network.parameters():
            parameter.grad = None
        if self.average is not None:
            self.average.update(self.network)
        self.position.batch += 1
        if len(losses) == 1:
            return losses[0], corrects[0], rate
        mean = torch.stack([loss * share for loss, share in zip(losses, shares, strict=True)]).sum()
        return mean, torch.stack(corrects).sum(), rate

    def images_of_step(self, step: int) -> int:
        """How many images the step with this number, counted from 0, trains on, in all processes."""
        start = step % self.steps_per_epoch * self.config.training.batch_size
        return min(self.config.training.batch_size, len(self.images) - start)

    def _logits(self, images: Tensor) -> Tensor:
        if self._forward is None:
            parallel = self._processes.parallel(self.network, self.compute.device)
            self._forward, warning = compiled(parallel, self.network, self.config.training, self.compute, images)
            if warning:
                self.warnings.append(warning)
        with self.compute.autocast():
            logits = self._forward(images)
        return logits.float()

    def _loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """Cross entropy; of a mixed image, of both labels by their shares (Zhang et al. 2018, section 2)."""
        smoothing = self.config.training.label_smoothing
        loss = functional.cross_entropy(logits, batch.labels, label_smoothing=smoothing)
        if batch.partners is None or batch.share is None:
            return loss
        other = functional.cross_entropy(logits, batch.partners, label_smoothing=smoothing)
        return batch.share * loss + (1 - batch.share) * other

    @contextlib.contextmanager
    def _gradients_of_all(self, wanted: bool) -> Iterator[None]:
        """Gradients of several parts are summed here, and exchanged between processes with the last one."""
        no_sync = getattr(self._forward, "no_sync", None)
        with contextlib.nullcontext() if wanted or no_sync is None else no_sync():
            yield

    def _epoch_plan(self) -> EpochPlan:
        epoch = self.position.epoch
        if self._plan is None or self._plan[0] != epoch:
            if self.network.freeze(frozen_stages(self.config.fine_tuning, epoch)):
                # What is wrapped around the network has noted which weights have gradients.
                self._forward = None
            side = self.images.side
            plan = EpochPlan.draw(len(self.images), side, epoch, self.config.training, self.compute.device)
            self._plan = (epoch, plan)
        return self._plan[1]

    def _seed_network(self, part: slice) -> None:
        """Dropout and stochastic depth as a function of seed and step, so that a resumed run draws the same."""
        entropy = [self.config.training.seed, self.step_number, 0xD20]
        # The first part draws what a whole batch does.
        sequence = np.random.SeedSequence([*entropy, part.start] if part.start else entropy)
        torch.manual_seed(int(sequence.generate_state(1)[0]))

    def is_finite(self) -> bool:
        """Whether all weights and running statistics are numbers; one device-to-host read."""
        tensors = [t for t in self.network.state_dict().values() if t.is_floating_point()]
        return bool(torch.stack([t.isfinite().all() for t in tensors]).all())

    def share_running_statistics(self) -> None:
        """Average them over the processes, which have seen different images."""
        if not self._processes.are_many:
            return
        # In the same order in every process.
        networks = [self.network] if self.average is None else [self.network, self.average.network]
        for network in networks:
            for buffer in network.buffers():
                if buffer.is_floating_point():
                    mean = self._processes.sum(buffer.cpu()) / self._processes.count
                    buffer.copy_(mean)

    def state(self) -> CheckpointState:
        """Everything needed to go on as if nothing had happened."""
        return CheckpointState(
            config=self.config,
            network=self.network.state_dict(),
            optimizer=self.optimizers.state(),
            position=_copied(self.position),
            generator=torch.get_rng_state(),
            average=self.average.state() if self.average is not None else None,
        )

    def restore(self, state: CheckpointState, origin: str) -> None:
        """Go on from `state`; `origin` names it in errors.

        Raises:
            UserError: it is of another network, optimizer or average.
        """
        weights.load_strictly(self.network, state.network, origin)
        wanted, saved = self.config.training.optimizer, state.config.training.optimizer
        if saved != wanted:
            raise UserError(f"training.optimizer is '{wanted}', but {origin} is of a run with '{saved}'")
        self.optimizers.restore(state.optimizer, origin)
        if self.average is not None:
            if state.average is None:
                raise UserError(f"{origin} has no moving average, which training.ema_decay above 0 needs")
            weights.fitting(self.average.network, state.average.network, f"the average in {origin}")
            self.average.restore(state.average)
        self.position = _copied(state.position)
        torch.set_rng_state(state.generator)


def _copied(position: Position) -> Position:
    return replace(position, rate_changes=list(position.rate_changes))


def _correct(logits: Tensor, batch: Batch) -> Tensor:
    said = logits.argmax(1)
    right = (said == batch.labels).sum()
    if batch.partners is None or batch.share is None:
        return right
    return batch.share * right + (1 - batch.share) * (said == batch.partners).sum()


def _slices(config: RunConfig, processes: Processes) -> tuple[list[slice], bool]:
    """This process's positions in a batch, part by part; and whether it shares each part with the others.

    Batch norm looks at a part. Where there are enough parts for all, every process takes whole ones; else
    each part is spread over all, and batch norm over them too.
    """
    parts, size = config.training.accumulation, config.training.part_size
    rank, count = processes.rank, processes.count
    if parts % count == 0:
        own = range(rank * parts // count, (rank + 1) * parts // count)
        return [slice(index * size, (index + 1) * size) for index in own], False
    share = size // count
    if size % count or share * count < 2:
        raise ConfigError(
            {
                "training.batch_size": f"training.batch_size is {config.training.batch_size} in {parts} parts; "
                f"each must be a multiple of the {count} processes, such as {count * max(2, round(size / count))}"
            }
        )
    starts = [index * size + rank * share for index in range(parts)]
    return [slice(start, start + share) for start in starts], True


def _slices_of_last(config: RunConfig, processes: Processes, size: int, shares_parts: bool) -> list[slice]:
    """The same of the last batch of an epoch, with its fewer images; the last part may have fewer than the others.

    Raises:
        ConfigError: batch norm would look at a single image, or the processes cannot share the batch.
    """
    field, sentence = "training.keep_last_batch", "training.keep_last_batch is true, but "
    rank, count, part = processes.rank, processes.count, config.training.part_size
    if processes.are_many:
        parts = config.training.accumulation
        if size % (parts * (count if shares_parts else 1)):
            sentence += f"{count} processes cannot share the {size} images that are left over; give false"
            raise ConfigError({field: sentence})
        part = size // parts
        if shares_parts:
            share = part // count
            starts = [index * part + rank * share for index in range(parts)]
            return [slice(start, start + share) for start in starts]
        own = range(rank * parts // count, (rank + 1) * parts // count)
        slices = [slice(index * part, (index + 1) * part) for index in own]
    else:
        slices = [slice(start, min(start + part, size)) for start in range(0, size, part)]
    if config.model.norm == "batch" and any(each.stop - each.start == 1 for each in slices):
        sentence += "it would hold a single image, over which batch norm has nothing to compare; give false"
        raise ConfigError({field: f"{sentence} or another training.batch_size, now {config.training.batch_size}"})
    return slices


def _shares(slices: list[slice]) -> list[float]:
    """Of each part, how much of the process's images it holds."""
    sizes = [each.stop - each.start for each in slices]
    return [size / sum(sizes) for size in sizes]


def frozen_stages(config: FineTuningConfig, epoch: int) -> int:
    """How many stages are frozen in an epoch, counted from 0; the stem is while any stage is."""
    freed = epoch // config.unfreeze_every if config.unfreeze_every else 0
    return max(0, config.frozen_stages - freed)
