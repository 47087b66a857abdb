"""One of the processes of `decoding_pool`: image files come by its standard input, pixels leave by its output."""

import pickle
import signal
import sys
import warnings
from contextlib import suppress
from typing import BinaryIO

from workbench.engine.data.decoder import Answer, decode


def serve(orders: BinaryIO, answers: BinaryIO, side: int) -> None:
    """Until there are no more orders: whoever gave them has closed them, or has ended."""
    # Only between two of our own processes.
    with suppress(EOFError, BrokenPipeError):
        while True:
            batch = pickle.load(orders)
            answer = Answer.of(decode(batch, side, is_alone=False), side)
            pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()


if __name__ == "__main__":
    # Ctrl+C is for who asks.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    serve(sys.stdin.buffer, sys.stdout.buffer, int(sys.argv[1]))
