"""Recorded answers with labels that a good network would doubt."""

from contextlib import closing
from dataclasses import replace

import numpy as np

from workbench.core.home import Home
from workbench.core.records.store import RunStore

PLANTED = (2, 17, 30)
"""Test images whose label is denied, the first of them most surely."""


def plant_doubts(home: Home, run_id: str) -> None:
    """Have a run be sure of all test images, of three of them against their label."""
    with closing(RunStore(home)) as store:
        for epoch in store.evaluated_epochs(run_id):
            evaluation = store.evaluation(run_id, epoch)
            assert evaluation is not None
            logits = np.zeros_like(evaluation.logits)
            logits[np.arange(len(logits)), evaluation.labels] = 4
            for place, image in enumerate(PLANTED):
                logits[image] = np.roll(logits[image], 1) * (1.5 - place / 10)
            path = store.folder(run_id) / "evaluations" / f"epoch-{epoch:05d}.npz"
            replace(evaluation, logits=logits).save(path)
