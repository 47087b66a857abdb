"""Several comparisons at once: the more are made, the likelier is one that seems sure by chance."""

from collections.abc import Sequence


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Each p-value times the number of comparisons that are left when its turn comes, the smallest first.

    Those below 0.05 then hold all at once with 95 % (Holm 1979, "A simple sequentially rejective multiple test
    procedure"; it needs no independence, which pairs of the same runs do not have).
    """
    result, highest = [0.0] * len(p_values), 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[index]))
        result[index] = highest
    return result
