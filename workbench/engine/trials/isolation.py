"""Trials beside other work: what they change for a whole thread or process is put back at every event."""

import random
import traceback
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np
import torch
from torch import Tensor

from workbench.core.errors import UserError
from workbench.core.network.memory import give_back
from workbench.core.settings.config import RunConfig
from workbench.engine.machine.memory_limits import is_out_of_memory, what_fits

_Event = TypeVar("_Event")
_Result = TypeVar("_Result")


def isolated(work: Generator[_Event, None, _Result]) -> Generator[_Event, None, _Result]:
    """Run `work` with random generators, threads, grad mode and determinism of its own.

    Whoever takes its events finds these as they were before, at every event, at the end and after closing it
    half-way; what memory it took is given back.
    """
    if torch.cuda.is_available():
        # What is seeded before that takes effect only then, when nothing could put it back.
        torch.cuda.init()  # type: ignore[no-untyped-call]
    own: _Settings | None = None
    try:
        while True:
            outer = _Settings.now()
            torch.set_grad_enabled(True) if own is None else own.restore()
            try:
                event = next(work)
            except StopIteration as end:
                result: _Result = end.value
                return result
            finally:
                own = _Settings.now()
                outer.restore()
            yield event
    finally:
        work.close()
        free_cached()


class LacksMemory(UserError):
    """Memory has run out; everything is freed again."""


def within_memory(work: Generator[_Event, None, _Result], config: RunConfig) -> Generator[_Event, None, _Result]:
    """Run `work`.

    Raises:
        LacksMemory: says what would fit.
    """
    try:
        return (yield from work)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        # The frames hold the tensors. Not gc.collect(), which could free objects of the window on this thread.
        traceback.clear_frames(error.__traceback__)
    # Outside the except block, where the exception itself is gone too.
    free_cached()
    raise LacksMemory(*what_fits(config))


def free_cached() -> None:
    """Give back the memory that torch and the C library keep for later."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    give_back()


@dataclass(frozen=True)
class _Settings:
    """What belongs to the thread or the process, not to a network."""

    python: tuple[Any, ...]
    numpy: dict[str, Any]
    torch: Tensor
    cuda: list[Tensor]
    threads: int
    grad: bool
    deterministic: tuple[bool, bool, bool]
    cudnn: tuple[bool, bool, bool]

    @classmethod
    def now(cls) -> Self:
        cudnn = torch.backends.cudnn
        return cls(
            python=random.getstate(),
            numpy=np.random.get_state(legacy=False),
            torch=torch.get_rng_state(),
            cuda=torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            threads=torch.get_num_threads(),
            grad=torch.is_grad_enabled(),
            deterministic=(
                torch.are_deterministic_algorithms_enabled(),
                torch.is_deterministic_algorithms_warn_only_enabled(),
                torch.utils.deterministic.fill_uninitialized_memory,  # type: ignore[attr-defined]
            ),
            cudnn=(cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark),
        )

    def restore(self) -> None:
        random.setstate(self.python)
        np.random.set_state(self.numpy)
        torch.set_rng_state(self.torch)
        if self.cuda:
            torch.cuda.set_rng_state_all(self.cuda)
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)
        torch.set_grad_enabled(self.grad)
        wanted, warn_only, fill = self.deterministic
        torch.use_deterministic_algorithms(wanted, warn_only=warn_only)
        torch.utils.deterministic.fill_uninitialized_memory = fill  # type: ignore[attr-defined]
        cudnn = torch.backends.cudnn
        cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark = self.cudnn
