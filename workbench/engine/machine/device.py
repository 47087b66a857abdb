"""Which machine this is: device, precision, memory layout, threads."""

import os
import platform
import threading
from dataclasses import dataclass
from typing import Any

import torch

from workbench.core.errors import ConfigError
from workbench.core.settings.training_config import TrainingConfig
from workbench.engine.machine.processes import ALONE, Processes


@dataclass(frozen=True)
class Compute:
    """Where and in which number format a network runs."""

    device: torch.device
    dtype: torch.dtype
    """Of convolutions: float32 or bfloat16. Weights, norms and loss stay float32."""

    @property
    def precision(self) -> str:
        return "bf16" if self.dtype == torch.bfloat16 else "fp32"

    @property
    def memory_format(self) -> torch.memory_format:
        """channels_last with bf16: oneDNN and tensor cores work in it. In fp32 it gains nothing on a CPU."""
        return torch.channels_last if self.dtype == torch.bfloat16 else torch.contiguous_format

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype == torch.bfloat16)

    def synchronize(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def choose(config: TrainingConfig, processes: Processes = ALONE) -> Compute:
    """Resolve `auto` by what this machine can do, and set the number of CPU threads for this thread.

    Args:
        processes: those on one host share its cores, and each takes a GPU of its own.

    Raises:
        ConfigError: the device is not there.
    """
    device = _device(config.device, processes)
    if device.type == "cuda" and processes.are_many:
        # What torch does without naming a GPU must not happen on the first one.
        torch.cuda.set_device(device)
    torch.set_num_threads(config.threads or max(1, _usable_cores() // processes.local_count))
    # fp32 must mean it: TF32 rounds the factors to 10 bits.
    torch.backends.cudnn.allow_tf32 = False
    _set_determinism(config.deterministic)
    return _compute(config, device)


def resolve(config: TrainingConfig) -> Compute:
    """As `choose`, but nothing is set that a run may want otherwise: for what computes beside one.

    Raises:
        ConfigError: the device is not there.
    """
    # As for every run, and where there has been none yet.
    torch.backends.cudnn.allow_tf32 = False
    return _compute(config, _device(config.device, ALONE))


def _compute(config: TrainingConfig, device: torch.device) -> Compute:
    if config.precision == "auto":
        return Compute(device, torch.bfloat16 if computes_bf16(device) else torch.float32)
    return Compute(device, torch.bfloat16 if config.precision == "bf16" else torch.float32)


def use_one_thread() -> None:
    """Let the calling thread compute with one CPU thread from now on, and leave the number of all others.

    Two pools of as many threads as there are cores would wait for each other at every layer.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    # OpenMP's number is this thread's alone. MKL's, and what new threads begin with, are the whole process's: a
    # thread that is gone at once puts those back.
    putting_back = threading.Thread(target=torch.set_num_threads, args=(before,))
    putting_back.start()
    putting_back.join()


def computes_bf16(device: torch.device) -> bool:
    """Whether bf16 is faster than fp32 there: it has instructions for it, not an emulation."""
    if device.type == "cuda":
        # Of this device, not of the current one. ROCm's GPUs in use have bf16; NVIDIA's since Ampere.
        return torch.version.hip is not None or torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        # Private, and the only question torch 2.10 to 2.14 all answer; without it fp32 is always right.
        for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
            if getattr(torch.cpu, name, lambda: False)():
                return True
    return False


def _set_determinism(wanted: bool) -> None:
    if wanted:
        # cuBLAS reads it when it is first used (docs.nvidia.com/cuda/cublas, "Results reproducibility").
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # Asked first: to set it loads torch's compiler, 2 s that few runs need.
    if torch.are_deterministic_algorithms_enabled() != wanted:
        torch.use_deterministic_algorithms(wanted)
    # Filling fresh memory makes errors repeatable, not results, and costs time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.deterministic = wanted
    # Shapes never change, so that the fastest algorithm found at the first step stays the fastest.
    torch.backends.cudnn.benchmark = not wanted


def _device(wanted: str, processes: Processes) -> torch.device:
    if wanted == "auto" and not torch.cuda.is_available():
        # gloo does not exchange gradients of Apple's GPU.
        return torch.device("mps" if torch.backends.mps.is_available() and not processes.are_many else "cpu")
    device = torch.device("cuda" if wanted == "auto" else wanted)
    count = torch.cuda.device_count()
    if device.type == "cuda" and (device.index or 0) >= count:
        found = f"only cuda:0 to cuda:{count - 1}" if count else "no CUDA GPU that torch can use"
        raise ConfigError(
            {"training.device": f"training.device is '{wanted}', but this machine has {found}; use auto or cpu"}
        )
    if device.type == "cuda" and processes.local_count > (count if device.index is None else 1):
        raise ConfigError(
            {
                "training.device": f"training.device is '{wanted}', but each process needs a GPU of its own; it "
                f"must be auto, cuda or cpu, and with GPUs at most {count} processes can run on this machine"
            }
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ConfigError({"training.device": "training.device is 'mps', but this machine has none; use auto"})
    if device.type == "cuda":
        return torch.device("cuda", processes.local_rank if device.index is None else device.index)
    return device


def _usable_cores() -> int:
    """Of this process: a container or taskset may give it fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def device_name(device: torch.device) -> str:
    """What a person calls it, for example `NVIDIA H200` or `CPU, 2 threads`."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "cpu":
        threads = torch.get_num_threads()
        return f"CPU, {threads} thread{'s' if threads != 1 else ''}"
    return "Apple GPU"


def describe_machine() -> dict[str, Any]:
    """Versions and hardware, recorded with every run."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "platform": platform.platform(),
        "cpu_count": os.cpu_count(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "cuda_devices": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
    }
