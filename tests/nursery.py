"""A process that has loaded torch and splits off one for each command: a tenth of a second in place of three.

python -m tests.nursery: reads an order a line from standard input, and answers each with the exit code. The parent
never computes: only a process without threads can be split.
"""

import gc
import json
import os
import runpy
import signal
import sys

import torch


def main() -> None:
    import workbench.commands.application
    import workbench.engine.training.training  # noqa: F401  # what nearly every command loads

    # The first one loads torch's compiler.
    torch.optim.SGD([torch.nn.Parameter(torch.empty(1))])
    # Shared with the children until they write to it, and a collection would.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(**order)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(arguments: list[str], folder: str, stdout: str, stderr: str, timeout_s: int) -> None:
    """Go on as `python -m workbench` with these arguments, but for the taking down of all modules at the end."""
    signal.alarm(timeout_s)
    for descriptor, path in enumerate((os.devnull, stdout, stderr)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC), descriptor)
    os.chdir(folder)
    sys.argv = ["workbench", *arguments]
    try:
        runpy.run_module("workbench", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else int(end.code is not None))


if __name__ == "__main__":
    main()
