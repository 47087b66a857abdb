"""t-SNE in a process of its own, run as a script: scikit-learn holds the interpreter's lock for up to 0.2 s at a
time, cannot be stopped on the way, and would take a core from a run that is trained.

Arguments: seed, iterations. Standard input: two arrays in numpy's format, (N, D) features and (N, 2) points to
begin at. Standard output: a line with the number of iterations from time to time; at last a line `=`, the (N, 2)
points and their trustworthiness, again as arrays.
"""

import io
import os
import re
import sys
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

# A tenth of what a thread of a run gets, which is what it gives to those who look (workbench/core/interludes.py).
_NICENESS = 10
# The original paper reduces features to 30 dimensions first: distances cost less, and hardly change.
_MOST_DIMENSIONS = 50
_PERPLEXITY = 30.0
# Distances between all pairs are sorted for it.
_MOST_TRUSTED = 2_000
_ITERATION = re.compile(r"Iteration (\d+)")


class _Reporter:
    """Stands in for standard output, where scikit-learn says every 50 iterations how far it is."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        found = _ITERATION.search(text)
        if found:
            self._out.write(f"{found[1]}\n".encode())
            self._out.flush()
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


def place(
    features: NDArray[np.float32], start: NDArray[np.float32], seed: int, iterations: int
) -> tuple[NDArray[np.float32], float]:
    """(N, 2) points and their trustworthiness."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE, trustworthiness

    if features.shape[1] > _MOST_DIMENSIONS:
        dimensions = min(_MOST_DIMENSIONS, len(features))
        features = PCA(dimensions, random_state=seed).fit_transform(features)
    perplexity = min(_PERPLEXITY, (len(features) - 1) / 3)
    tsne = TSNE(2, perplexity=perplexity, init=start, max_iter=iterations, random_state=seed, verbose=2, n_jobs=1)
    points = tsne.fit_transform(features).astype(np.float32)
    some = np.random.default_rng(seed).permutation(len(points))[:_MOST_TRUSTED]
    neighbors = min(12, (len(some) - 1) // 2)
    return points, float(trustworthiness(features[some], points[some], n_neighbors=neighbors))


def _main() -> None:
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    seed, iterations = map(int, sys.argv[1:])
    # numpy goes back and forth in what it reads and writes, which pipes do not.
    given, result = io.BytesIO(sys.stdin.buffer.read()), io.BytesIO()
    features, start = (np.load(given, allow_pickle=False) for _ in range(2))
    # A descriptor of its own: what a library prints past Python goes to the errors.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdout = _Reporter(out)
    points, trust = place(features, start, seed, iterations)
    for array in (points, np.array(trust)):
        np.save(result, array, allow_pickle=False)
    out.write(b"=\n" + result.getvalue())
    out.flush()


if __name__ == "__main__":
    _main()
