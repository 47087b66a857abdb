"""The side of training that lives on its own thread: the only file of the window that knows the engine."""

import logging
import threading
from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from workbench.core import speed
from workbench.core.errors import UserError
from workbench.core.events import Event, Progress, RunFailed, RunFinished
from workbench.core.home import Home
from workbench.core.orders import Orders
from workbench.core.store import RunStore
from workbench.core.training_config import TrainingConfig
from workbench.gui.work.mailbox import (
    EngineReady,
    Examples,
    ExamplesJob,
    Exported,
    ExportJob,
    Job,
    JobEnded,
    JobRefused,
    Mailbox,
    Message,
    ResumeJob,
    SpeedMeasured,
    TrainJob,
    TrialJob,
)

if TYPE_CHECKING:
    from workbench.engine.training.recording import Events

_log = logging.getLogger(__name__)


class RunControl:
    """Pause and stop, asked for by the window's thread and obeyed by the worker's between two events."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._go = threading.Event()
        self._wanted = threading.Event()
        self.reset()

    def reset(self) -> None:
        self._stop.clear()
        self._go.set()

    def want(self) -> None:
        """A job waits: what is only a convenience shall end now."""
        self._wanted.set()

    def is_wanted(self) -> bool:
        return self._wanted.is_set()

    def take_up(self) -> None:
        """The job has begun."""
        self._wanted.clear()

    def pause(self) -> None:
        self._go.clear()

    def proceed(self) -> None:
        self._go.set()

    def stop(self) -> None:
        self._stop.set()
        self._go.set()

    def should_stop(self) -> bool:
        """Wait while paused, then say whether to stop."""
        self._go.wait()
        return self._stop.is_set()


class TrainingWorker(QObject):
    """Runs one job at a time. Its slots are called through queued signals and run on the worker's thread."""

    def __init__(self, mailbox: Mailbox, control: RunControl) -> None:
        super().__init__()
        self._mailbox, self._control = mailbox, control

    @Slot()
    def warm_up(self) -> None:
        """Load torch while the person looks at the first window."""
        try:
            from workbench.engine.machine import device  # training: loads all of the engine
            from workbench.engine.training import training  # noqa: F401  # training: loads all of the engine

            compute = device.choose(TrainingConfig())
            self._mailbox.post(EngineReady(device.device_name(compute.device), compute.precision))
        # A broken torch must not take the window down: looking at recorded runs needs none.
        except Exception as error:  # noqa: BLE001
            _log.exception("the engine cannot be loaded")
            self._mailbox.post(JobRefused(f"PyTorch cannot be loaded: {error}"))

    @Slot(object, object)
    def measure(self, home: Home, training: TrainingConfig) -> None:
        """Time this machine for the estimates, unless a job waits."""
        from workbench.engine.machine import device
        from workbench.engine.trials import speed_probe

        try:
            compute = device.choose(training)
            measured = speed_probe.probe(compute, self._control.is_wanted)
            if measured is not None:
                speed.write(home.prepare(), speed.key_of(training), measured)
                self._mailbox.post(SpeedMeasured())
        except UserError:
            _log.info("no estimate of time for %s", training.device)
        # Estimates are a convenience; without them everything else works.
        except Exception:  # noqa: BLE001
            _log.exception("the machine's speed could not be measured")

    @Slot(object, object, object)
    def run(self, home: Home, job: Job, orders: Orders) -> None:
        self._control.take_up()
        try:
            with closing(RunStore(home.prepare())) as store:
                if isinstance(job, ExportJob):
                    self._export(job, store)
                elif isinstance(job, TrialJob | ExamplesJob):
                    self._try(job, store)
                else:
                    self._forward(self._events(job, store, orders))
        except UserError as error:
            self._mailbox.post(JobRefused(str(error)))
        # A bug ends the job, not the window; the next job works.
        except Exception as error:  # noqa: BLE001
            _log.exception("the training worker failed")
            self._mailbox.post(JobRefused(f"{type(error).__name__}: {error}"))
        finally:
            self._mailbox.post(JobEnded())

    def _export(self, job: ExportJob, store: RunStore) -> None:
        from workbench.engine.weights import code_export

        path, _ = code_export.export_run(job.run_id, store, job.path)
        self._mailbox.post(Exported(path))

    def _try(self, job: TrialJob | ExamplesJob, store: RunStore) -> None:
        """Post what a trial says on its way, and its result, unless it is canceled."""
        with closing(self._trial(job, store)) as work:
            while not self._control.should_stop():
                try:
                    self._mailbox.post(next(work))
                except StopIteration as end:
                    self._mailbox.post(end.value)
                    return

    def _trial(self, job: TrialJob | ExamplesJob, store: RunStore) -> Generator[Message, None, Message]:
        from workbench.engine.trials import lr_finder, preflight, resume_certificate

        if isinstance(job, ExamplesJob):
            return self._examples(job, store)
        match job.kind:
            case "rate":
                return lr_finder.find(job.config, store.home)
            case "preflight":
                return preflight.measure(job.config, store.home)
            case "certificate":
                return resume_certificate.certify(job.config, store.home)

    def _examples(self, job: ExamplesJob, store: RunStore) -> Generator[Progress, None, Examples]:
        from workbench.core.dataset import Dataset
        from workbench.engine.data import preview, sources

        size = job.config.model.input_size
        folder = yield from sources.read(job.config.data.source, size, store.home)
        return Examples(*preview.examples(job.config, Dataset.require(folder), job.count, job.epoch))

    def _events(self, job: TrainJob | ResumeJob, store: RunStore, orders: Orders) -> "Events":
        from workbench.engine.training import training

        if isinstance(job, TrainJob):
            return training.train(
                job.config, store=store, name=job.name, model=job.model, recipe=job.recipe, orders=orders
            )
        return training.resume(job.run_id, store=store, epochs=job.epochs, orders=orders)

    def _forward(self, events: "Events") -> None:
        event: Event
        with closing(events):
            for event in events:
                self._mailbox.post(event)
                if isinstance(event, RunFinished | RunFailed):
                    return
                if self._control.should_stop():
                    break
        # Stopped while its weights were downloaded, there is no run yet.
        if not event.run_id:
            return
        # Closing the generator saved the run; only now is it true to say so.
        self._mailbox.post(RunFinished(event.run_id, "stopped"))
