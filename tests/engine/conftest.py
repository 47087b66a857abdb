"""What the engine must leave as it is."""

import random
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch


@pytest.fixture
def settings() -> Iterator[Callable[[], object]]:
    """Asks for all that belongs to the thread or the process, after giving it values that no run sets."""
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    random.seed(3)
    np.random.seed(4)
    torch.manual_seed(5)
    yield _settings
    torch.set_num_threads(threads)


def _settings() -> object:
    cudnn = torch.backends.cudnn
    return (
        torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist(),
        torch.get_num_threads(), torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled(),
        cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32,
    )  # fmt: skip
