"""A thread that computes beside training without taking its cores."""

import logging
import os
import sys
import threading

import torch

_log = logging.getLogger(__name__)

# Where the cores are taken, a tenth of one is left for it (sched(7): each level is a factor of 1.25).
_NICENESS = 10


def give_way() -> None:
    """Let the calling thread compute with one CPU thread from now on and, on Linux, after threads of other jobs.

    Two pools of as many threads as there are cores would wait for each other at every layer.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    # OpenMP's number is this thread's alone. MKL's, and what new threads begin with, are the whole process's: a
    # thread that is gone at once puts those back.
    putting_back = threading.Thread(target=torch.set_num_threads, args=(before,))
    putting_back.start()
    putting_back.join()
    if sys.platform == "linux":
        try:
            # Of this thread only: niceness is each thread's own there (setpriority(2), "C library/kernel
            # differences").
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        except OSError as error:
            _log.warning("looking is not made to wait for training: %s", error)
