"""One network being trained: what a checkpoint holds, and the step that changes it."""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from workbench.core.config import FineTuningConfig, RunConfig
from workbench.core.errors import UserError
from workbench.core.events import StepMetrics
from workbench.core.schedule import learning_rate
from workbench.engine import resnet, weights
from workbench.engine.data import DeviceImages, EpochPlan
from workbench.engine.device import Compute


@dataclass
class Position:
    """How far a run is, and the sums of the epoch it is in."""

    epoch: int = 0
    """Finished epochs."""
    batch: int = 0
    """Finished steps of the epoch after those."""
    loss_sum: float = 0.0
    correct: float = 0.0
    images: int = 0
    train_s: float = 0.0
    """Seconds of training steps in this epoch."""
    elapsed_s: float = 0.0
    best_accuracy: float = -1.0

    def next_epoch(self) -> None:
        self.epoch += 1
        self.batch = 0
        self.loss_sum, self.correct, self.images, self.train_s = 0.0, 0.0, 0, 0.0


class Trainer:
    """A network, its optimizer and its position in a run.

    Args:
        config: of the run; its model must have as many classes as the data.
        compute: device and precision.
        images: training images on that device.
    """

    def __init__(self, config: RunConfig, compute: Compute, images: DeviceImages) -> None:
        self.config, self.compute, self.images = config, compute, images
        self.steps_per_epoch = len(images) // config.training.batch_size
        self.total_steps = self.steps_per_epoch * config.training.epochs
        self.position = Position()
        network = resnet.build(config.model, config.training.seed)
        self.network = network.to(compute.device, memory_format=compute.memory_format)  # type: ignore[call-overload]
        self.optimizer = _optimizer(self.network, config, fused=compute.device.type == "cuda")
        self._plan: tuple[int, EpochPlan] | None = None

    @property
    def step_number(self) -> int:
        """Steps done in the whole run."""
        return self.position.epoch * self.steps_per_epoch + self.position.batch

    @property
    def epoch_is_done(self) -> bool:
        return self.position.batch >= self.steps_per_epoch

    def step(self) -> tuple[Tensor, Tensor, float]:
        """Train on the next batch. Returns loss and number of right answers, on the device, and the rate."""
        rate = learning_rate(self.config.training, self.step_number, self.steps_per_epoch)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        if self.network.is_random:
            self._seed_network()
        size = self.config.training.batch_size
        start = self.position.batch * size
        batch, labels = self.images.augmented(self._epoch_plan(), start, start + size)
        with self.compute.autocast():
            logits = self.network(batch)
        loss = functional.cross_entropy(logits.float(), labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.position.batch += 1
        return loss.detach(), (logits.detach().argmax(1) == labels).sum(), rate

    def _epoch_plan(self) -> EpochPlan:
        epoch = self.position.epoch
        if self._plan is None or self._plan[0] != epoch:
            self.network.freeze(frozen_stages(self.config.fine_tuning, epoch))
            plan = EpochPlan.draw(len(self.images), epoch, self.config.training, self.compute.device)
            self._plan = (epoch, plan)
        return self._plan[1]

    def _seed_network(self) -> None:
        """Dropout and stochastic depth as a function of seed and step, so that a resumed run draws the same."""
        sequence = np.random.SeedSequence([self.config.training.seed, self.step_number, 0xD20])
        torch.manual_seed(int(sequence.generate_state(1)[0]))

    def is_finite(self) -> bool:
        """Whether all weights and running statistics are numbers; one device-to-host read."""
        tensors = [t for t in self.network.state_dict().values() if t.is_floating_point()]
        return bool(torch.stack([t.isfinite().all() for t in tensors]).all())

    def state(self) -> dict[str, Any]:
        """Everything needed to go on as if nothing had happened."""
        return {
            "config": self.config.model_dump_json(),
            "model": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "position": dict(vars(self.position)),
            "torch_rng": torch.get_rng_state(),
        }

    def restore(self, state: dict[str, Any], origin: object) -> None:
        """Go on from `state`; `origin` names it in errors.

        Raises:
            UserError: it is of another network or not a checkpoint of the workbench.
        """
        try:
            weights.load_strictly(self.network, state["model"], origin)
            self._restore_optimizer(state["optimizer"])
            self.position = Position(**state["position"])
            torch.set_rng_state(state["torch_rng"].cpu())
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(f"{origin} is not a checkpoint of a run: {error!r}") from error

    def _restore_optimizer(self, saved: dict[str, Any]) -> None:
        """Copy the buffers alone, into this machine's layout.

        Optimizer.load_state_dict would also take over the other machine's kernel (fused) and the strides of its
        memory format, which the fused kernel reads wrongly.
        """
        parameters = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        for index, parameter in enumerate(parameters):
            for name, value in saved["state"].get(index, {}).items():
                if name == "step":
                    # Adam's count lives where its kernel runs.
                    device = parameter.device if self.optimizer.defaults.get("fused") else "cpu"
                    self.optimizer.state[parameter][name] = value.to(device)
                elif value is not None:
                    self.optimizer.state[parameter][name] = torch.empty_like(parameter).copy_(value)


def _optimizer(network: nn.Module, config: RunConfig, fused: bool) -> torch.optim.Optimizer:
    """Two groups, backbone and last layer; `share` is each one's part of the learning rate."""
    training = config.training
    head = [p for name, p in network.named_parameters() if name.startswith("fc.")]
    backbone = [p for name, p in network.named_parameters() if not name.startswith("fc.")]
    groups = [
        {"params": backbone, "share": config.fine_tuning.backbone_rate},
        {"params": head, "share": 1.0},
    ]
    if training.optimizer == "adam":
        return torch.optim.Adam(
            groups,
            lr=training.learning_rate,
            betas=(training.momentum, 0.999),
            weight_decay=training.weight_decay,
            fused=fused,
        )
    return torch.optim.SGD(
        groups,
        lr=training.learning_rate,
        momentum=training.momentum,
        weight_decay=training.weight_decay,
        nesterov=training.momentum > 0,
        fused=fused,
    )


def frozen_stages(config: FineTuningConfig, epoch: int) -> int:
    """How many stages are frozen in an epoch, counted from 0; the stem is while any stage is."""
    freed = epoch // config.unfreeze_every if config.unfreeze_every else 0
    return max(0, config.frozen_stages - freed)


@dataclass
class PendingSteps:
    """Steps whose figures are still on the device; read back together, once."""

    started: float = 0.0
    losses: list[Tensor] = field(default_factory=list)
    corrects: list[Tensor] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart_clock()

    def append(self, loss: Tensor, correct: Tensor, rate: float) -> None:
        self.losses.append(loss)
        self.corrects.append(correct)
        self.rates.append(rate)

    @property
    def age_s(self) -> float:
        return time.perf_counter() - self.started

    def flush(self, trainer: Trainer, run_id: str) -> StepMetrics:
        """The one device-to-host read; adds the steps to the epoch's sums and starts anew."""
        figures = torch.stack([torch.stack(self.losses), torch.stack(self.corrects).float()]).cpu().numpy()
        seconds = self.age_s
        position, batch_size = trainer.position, trainer.config.training.batch_size
        count = len(self.rates)
        position.loss_sum += float(figures[0].sum(dtype=np.float64)) * batch_size
        position.correct += float(figures[1].sum(dtype=np.float64))
        position.images += count * batch_size
        position.train_s += seconds
        position.elapsed_s += seconds
        last = trainer.step_number
        metrics = StepMetrics(
            run_id=run_id,
            epoch=position.epoch + 1,
            steps=np.arange(last - count + 1, last + 1, dtype=np.int64),
            loss=figures[0].copy(),
            accuracy=figures[1] / np.float32(batch_size),
            learning_rate=np.array(self.rates, np.float64),
            images_per_s=count * batch_size / seconds,
            elapsed_s=position.elapsed_s,
        )
        self.losses, self.corrects, self.rates = [], [], []
        return metrics

    def restart_clock(self) -> None:
        """Call when the consumer asks for the next event: the time it took is not training time."""
        self.started = time.perf_counter()
