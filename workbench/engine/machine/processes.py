"""Several processes that train one network together, started by PyTorch's launcher (torchrun)."""

import contextlib
import inspect
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from workbench.core.errors import UserError

# A process that is gone is noticed at once, by its closed connection; this is for one that hangs.
_TIMEOUT = timedelta(seconds=120)
_POLL_S = 0.05
_START_KEY = "workbench/start"
_READY_KEY = "workbench/ready/{}"

_SIGNS_OF_LOSS = ("closed by peer", "reset by peer", "NCCL", "gloo", "Broken pipe", "Timed out waiting")


class ProcessGone(UserError):
    """Another process of the run has ended or hangs."""


@dataclass(frozen=True)
class Processes:
    """This process and its peers. One alone answers everything itself."""

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    """Number of this process on its host, which is the number of its GPU."""
    local_count: int = 1
    """Processes on this host."""
    flags: Any = None
    """Of the CPU, so that asking the others never waits for a GPU."""

    @classmethod
    def are_launched(cls) -> bool:
        """Whether PyTorch's launcher started this process together with others."""
        known = all(name in os.environ for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"))
        return known and os.environ["WORLD_SIZE"] != "1"

    @classmethod
    def launched(cls) -> "Processes":
        """What the launcher says of this process; it cannot talk to the others yet."""
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
        rank, count, local_rank, local_count = (int(os.environ.get(name, "0")) for name in names)
        return cls(rank, count, local_rank, max(1, local_count))

    def join(self, on_gpu: bool) -> "Processes":
        """Meet the other processes that the launcher started.

        Raises:
            UserError: they cannot be reached.
        """
        try:
            dist.init_process_group("cuda:nccl,cpu:gloo" if on_gpu else "gloo", timeout=_TIMEOUT)
            flags = dist.new_group(backend="gloo", timeout=_TIMEOUT)
        except (RuntimeError, ValueError) as error:
            others = f"the {self.count - 1} others"
            raise UserError(f"process {self.rank} cannot reach {others}: {_first_line(error)}") from error
        return replace(self, flags=flags)

    def leave(self) -> None:
        """Part from the others; what is still on its way between them is given up."""
        if self.are_many:
            with contextlib.suppress(RuntimeError, ValueError):
                dist.destroy_process_group()

    @property
    def is_first(self) -> bool:
        """The one that records, prints and saves."""
        return self.rank == 0

    @property
    def are_many(self) -> bool:
        return self.count > 1

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum over all processes, of tensors in CPU memory."""
        if self.are_many:
            self._talk(lambda: dist.all_reduce(tensor, group=self.flags))
        return tensor

    def share(self, total: int) -> tuple[int, int]:
        """First and last + 1 of this process's part of `total` items."""
        return total * self.rank // self.count, total * (self.rank + 1) // self.count

    def joined(self, rows: Tensor, total: int) -> Tensor:
        """(total, K) rows of all processes in order, each from its own `share`."""
        if not self.are_many:
            return rows
        longest = -(-total // self.count)
        padded = rows.new_zeros((longest, *rows.shape[1:]))
        padded[: len(rows)] = rows
        gathered = [torch.empty_like(padded) for _ in range(self.count)]
        self._talk(lambda: dist.all_gather(gathered, padded, group=self.flags))
        counts = [total * (rank + 1) // self.count - total * rank // self.count for rank in range(self.count)]
        return torch.cat([part[:size] for part, size in zip(gathered, counts, strict=True)])

    def tell_start(self, state: memoryview) -> None:
        """The first of many processes: send the others what they start from."""
        content = torch.frombuffer(bytearray(state), dtype=torch.uint8)
        self._set(_START_KEY, str(len(content)))
        self._talk(lambda: dist.broadcast(content, 0, group=self.flags))

    def tell_no_start(self) -> None:
        """The first process: it is stopped before the run begins."""
        if self.are_many:
            self._set(_START_KEY, "0")

    def hear_start(self, gave_up: Callable[[], bool]) -> bytes | None:
        """The others: wait for the first, however long it reads or downloads; None if `gave_up()` meanwhile, or it
        will not start.

        Not a collective call until it is ready: that would time out, and would not be interrupted by a signal.
        """
        while (length := self._get(_START_KEY)) is None:
            if gave_up():
                return None
            time.sleep(_POLL_S)
        if length == "0":
            return None
        content = torch.empty(int(length), dtype=torch.uint8)
        self._talk(lambda: dist.broadcast(content, 0, group=self.flags))
        return content.numpy().tobytes()

    def say_ready(self, images: Sequence[int], error: str = "") -> None:
        """The others, to the first: so many images are read, or why not."""
        self._set(_READY_KEY.format(self.rank), json.dumps({"images": list(images), "error": error}))

    def wait_for_others(self, images: Sequence[int]) -> Iterator[int]:
        """The first process: how many others are ready to train, now and then until all are.

        They may have to download their images, which takes longer than a collective call waits.

        Raises:
            UserError: one has other images or cannot train; names it and the reason.
        """
        waiting = set(range(1, self.count))
        while waiting:
            for rank in sorted(waiting):
                said = self._get(_READY_KEY.format(rank))
                if said is None:
                    continue
                found = json.loads(said)
                if found["error"]:
                    raise UserError(f"process {rank} cannot train: {found['error']}")
                if found["images"] != list(images):
                    raise UserError(f"process {rank} has {found['images']} images; they must be {list(images)}")
                waiting.remove(rank)
            yield self.count - 1 - len(waiting)
            if waiting:
                time.sleep(_POLL_S)

    def _set(self, key: str, value: str) -> None:
        self._talk(lambda: dist.distributed_c10d._get_default_store().set(key, value))

    def _get(self, key: str) -> str | None:
        """None where nobody has set it yet."""
        found: list[bytes] = []

        def ask() -> None:
            store = dist.distributed_c10d._get_default_store()
            if store.check([key]):
                found.append(store.get(key))

        self._talk(ask)
        return found[0].decode() if found else None

    def parallel(self, network: nn.Module, device: torch.device) -> nn.Module:
        """The network whose gradients are means over all processes."""
        if not self.are_many:
            return network
        ids = [device.index] if device.type == "cuda" else None
        # Running statistics are shared at the end of an epoch. torch 2.14 renamed the argument.
        names = inspect.signature(DistributedDataParallel).parameters
        name = "forward_sync_buffers" if "forward_sync_buffers" in names else "broadcast_buffers"
        options: dict[str, Any] = {name: False}
        return DistributedDataParallel(network, device_ids=ids, **options)

    def _talk(self, call: Callable[[], object]) -> None:
        try:
            call()
        except RuntimeError as error:
            raise ProcessGone(lost_process(error)) from error


ALONE = Processes()


def is_process_gone(error: BaseException) -> bool:
    """Whether an error of torch, raised in the middle of a backward pass for example, means a lost peer."""
    text = str(error)
    return isinstance(error, ProcessGone) or (
        dist.is_initialized() and any(sign in text for sign in _SIGNS_OF_LOSS)
    )


def lost_process(error: BaseException) -> str:
    """The sentence for it."""
    return (
        "another process of this run has ended or does not answer; the last checkpoint is kept "
        f"({_first_line(error)})"
    )


def _first_line(error: BaseException) -> str:
    return str(error).split("\n")[0][:200]
