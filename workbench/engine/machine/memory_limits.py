"""What to do when memory runs out: which parts of the batch would fit."""

import os
import sys
from pathlib import Path
from typing import Any

import torch

from workbench.core.errors import UserError
from workbench.core.network.architecture import Architecture
from workbench.core.network.memory import free_in_process
from workbench.core.settings.config import RunConfig
from workbench.engine.machine.device import choose, computes_bf16

# Of weights: themselves, gradients, up to two buffers of the optimizer, and a moving average.
_COPIES = 5
# Said by allocators and libraries that torch does not turn into an error of its own.
_SIGNS = ("can't allocate", "CUDA error: out of memory", "STATUS_ALLOC_FAILED", "std::bad_alloc")
# Gradients, kernels' workspaces and fragments beside what is counted: 1.3 to 2.4 were measured on two CPUs, and
# what is offered must work.
_SPARE = 3.5
# Version 2 and, on older systems, version 1: folder, limit, what is used, and which part of it is cached files.
_CONTROL_GROUPS = (
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current", "inactive_file"),
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the device or the machine has none left; on a CPU torch raises a mere RuntimeError."""
    text = str(error)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(sign in text for sign in _SIGNS)


def what_fits(config: RunConfig) -> tuple[str, dict[str, Any]]:
    """After everything was freed: one sentence, and the settings that would fit, if any.

    The batch stays, so that the learning rate goes on fitting it; it is worked on in more parts.
    """
    training = config.training
    try:
        compute = choose(training)
    except UserError:
        return "the memory is not enough; choose a smaller training.batch_size", {}
    free = free_bytes(compute.device)
    # Without instructions for bf16, a CPU takes up to 2.8 times what is counted with 2 bytes, and unfolds images.
    is_emulated = compute.precision == "bf16" and not computes_bf16(compute.device)
    bytes_per_value = 2 if compute.precision == "bf16" and not is_emulated else 4
    unfolded = _unfolded_bytes(config) if is_emulated else 0
    lead = f"the memory is not enough for {training.part_size} images at once"
    for parts in range(training.accumulation + 1, training.batch_size // 2 + 1):
        size, rest = divmod(training.batch_size, parts)
        if rest or size < 2:
            continue
        if needed_bytes(config, size, bytes_per_value) + size * unfolded < free:
            return (
                f"{lead}; {parts} parts of {size} would fit into the {free / 1e9:.1f} GB that are free "
                f"(training.accumulation {parts})",
                {"training.accumulation": parts},
            )
    return (
        f"{lead}, nor for 2; choose a smaller network or free some memory ({free / 1e9:.1f} GB are free)",
        {},
    )


def needed_bytes(config: RunConfig, images: int, bytes_per_value: int) -> float:
    """About what training takes with so many images at once."""
    table = Architecture.of(config.model)
    return _SPARE * (table.activation_bytes(images, bytes_per_value) + 4 * _COPIES * table.parameters)


def _unfolded_bytes(config: RunConfig) -> int:
    """Of an image: the windows of its largest convolution side by side, in bf16, and their gradients."""
    return 4 * max(layer.macs // layer.output_shape[0] for layer in Architecture.of(config.model).layers)


def free_bytes(device: torch.device) -> int:
    """Of the GPU, or of the machine: what a process may still take."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free)
    return min(_free_of_machine(), _free_of_container(), _free_of_process())


def _free_of_machine() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) if hasattr(os, "sysconf") else 8 << 30


def _free_of_container() -> int:
    """Under the limit of the control group that a container is (kernel.org, "Control Group v2", memory).

    Files that were read long ago count as used, but make room.
    """
    for folder, limit_name, used_name, cached_name in _CONTROL_GROUPS:
        try:
            limit, used = (int((folder / name).read_text()) for name in (limit_name, used_name))
            lines = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            return max(0, limit - used + int(lines.get(cached_name, 0)))
        # No such group, or "max": no limit.
        except (OSError, ValueError):
            continue
    return sys.maxsize


def _free_of_process() -> int:
    """Under the limit of its address space (`ulimit -v`)."""
    try:
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (ImportError, OSError, ValueError):
        return sys.maxsize
    return sys.maxsize if limit == resource.RLIM_INFINITY else max(0, limit - used) + free_in_process()
