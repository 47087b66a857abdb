"""Evaluations of a run's epochs, kept in memory as far as there is room, so that going through epochs is quick."""

from collections import OrderedDict
from collections.abc import Callable

from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation

# Some 300 epochs of 10 000 images of 10 classes; what follows from the logits takes about twice as much again.
_MOST_BYTES = 128 << 20


class EpochEvaluations:
    """By epoch, of one run at a time.

    Args:
        load: reads the evaluation of an epoch; None if there is none. It may raise a UserError, which passes.
    """

    def __init__(self, load: Callable[[str, int], Evaluation | None], most_bytes: int = _MOST_BYTES) -> None:
        self._load, self._most_bytes = load, most_bytes
        self._run_id = ""
        self._kept: OrderedDict[int, Evaluation] = OrderedDict()
        self._bytes = 0

    def take_run(self, run_id: str) -> None:
        """Forget those of another run."""
        if run_id != self._run_id:
            self._run_id = run_id
            self.forget_after(0)

    def get(self, epoch: int) -> Evaluation | None:
        """That of an epoch, read from disk unless it is at hand.

        Raises:
            UserError: its file is damaged.
        """
        if epoch in self._kept:
            self._kept.move_to_end(epoch)
            return self._kept[epoch]
        evaluation = self._load(self._run_id, epoch)
        if evaluation is not None:
            self.put(epoch, evaluation)
        return evaluation

    def find(self, epoch: int) -> Evaluation | None:
        """The same, None too where the file is damaged: who only compares with it goes on without."""
        try:
            return self.get(epoch)
        except UserError:
            return None

    def put(self, epoch: int, evaluation: Evaluation) -> None:
        """Keep one, in place of another of this epoch; those used longest ago make room."""
        self._drop(epoch)
        self._kept[epoch] = evaluation
        self._bytes += evaluation.logits.nbytes
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def forget_after(self, epoch: int) -> None:
        """A resumed run does again what came after its checkpoint."""
        for later in [each for each in self._kept if each > epoch]:
            self._drop(later)

    def _drop(self, epoch: int) -> None:
        former = self._kept.pop(epoch, None)
        if former is not None:
            self._bytes -= former.logits.nbytes
