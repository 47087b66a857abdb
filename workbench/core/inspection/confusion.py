"""Confusion matrices in other forms: shares of rows, an order in which confused classes stand together."""

import numpy as np
from numpy.typing import NDArray

# Of more classes, the best order of the branches takes more than 30 ms, in which no other thread gets its turn.
_MOST_ORDERED = 200


def row_shares(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """(K, K) share of each count in its row, the images of one true class; 0 where a class has none."""
    totals = confusion.sum(axis=1, keepdims=True)
    shares: NDArray[np.float64] = confusion / np.maximum(totals, 1)
    return shares


def clustered_order(confusion: NDArray[np.int64]) -> NDArray[np.int64]:
    """(K,) classes in an order in which those that are taken for each other stand side by side.

    Classes are as near as the mean of both shares that are taken for the other one; clusters are joined by their
    average distance, and of up to 200 classes their branches are turned so that neighbors are as near as can be
    (Bar-Joseph et al. 2001, "Fast optimal leaf ordering for hierarchical clustering").

    Returns:
        The classes as they are, where none is taken for another.
    """
    # Takes half a second to load.
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering

    shares = row_shares(confusion)
    np.fill_diagonal(shares, 0.0)
    near = (shares + shares.T) / 2
    classes = len(near)
    if classes < 3 or not near.any():
        return np.arange(classes)
    distances = (near.max() - near)[np.triu_indices(classes, 1)]
    tree = linkage(distances, "average")
    if classes <= _MOST_ORDERED:
        tree = optimal_leaf_ordering(tree, distances)
    order = np.asarray(leaves_list(tree), np.int64)
    # Both directions are as good: begin with what stood nearer to the beginning.
    return order if order[0] < order[-1] else order[::-1]
