"""How long epochs take here: as long as the last runs of the same settings took, else by arithmetic."""

from collections.abc import Iterable, Sequence

from workbench.core import speed
from workbench.core.data.image_sources import IMAGE_SOURCES, trained_images
from workbench.core.home import Home
from workbench.core.network.architecture import Architecture
from workbench.core.records import measured_epochs
from workbench.core.records.queue_entry import QueueEntry
from workbench.core.records.run_record import RunRecord
from workbench.core.settings.config import DataConfig, RunConfig
from workbench.core.speed import Speed


class EpochTimes:
    """What is known of this machine, its runs and its images, for telling of a configuration how long it takes."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.device = ""
        """What `auto` means here, as RunStarted calls it; empty while it is not known."""
        self.records: Sequence[RunRecord] = ()
        """Recorded runs, the newest first."""
        # Training images and classes; of sources by name they are known before they are read.
        self.counts = {source.name: (source.train, len(source.class_names)) for source in IMAGE_SOURCES.values()}
        self._speeds: dict[str, Speed | None] = {}

    def forget_speeds(self) -> None:
        """Read this machine's figures again, for example after they were measured."""
        self._speeds.clear()

    def seconds(self, config: RunConfig) -> float | None:
        """Of an epoch; None while nothing tells it."""
        measured = self.measured(config)
        return self.estimated(config) if measured is None else measured

    def left(self, entry: QueueEntry, epoch_s: float | None) -> float | None:
        """What is still to be trained of an entry of the queue, in seconds; None while nothing tells it.

        Args:
            epoch_s: `seconds` of its configuration.
        """
        record = next((record for record in self.records if record.id == entry.id), None)
        done = len(record.epochs) if record is not None else 0
        return None if epoch_s is None else epoch_s * max(0, entry.config.training.epochs - done)

    def measured(self, config: RunConfig) -> float | None:
        """As `measured_epochs`."""
        device = self.device
        if not device and (known := self.speed(config)) is not None:
            device = known.device
        return measured_epochs.seconds_per_epoch(config, self.records, device)

    def estimated(self, config: RunConfig, architecture: Architecture | None = None) -> float | None:
        """By arithmetic; None while the machine's figures, or the number of images, are not known.

        Args:
            architecture: of the configuration's network, if it is counted already, or of another one.
        """
        images, known = self.images(config), self.speed(config)
        if images is None or known is None:
            return None
        counted = Architecture.of(config.model) if architecture is None else architecture
        return speed.seconds_per_epoch(counted, images=images, training=config.training, speed=known)

    def images(self, config: RunConfig) -> int | None:
        """Those of an epoch, without those held out; None while their number is not known."""
        counts = self.counts.get(config.data.source)
        if counts is not None:
            data = config.data
            return data.train_images or trained_images(*counts, data.validation_fraction, len(data.excluded))
        same = (
            record.started["images"][0] + _more_images(record.config.data, config.data)
            for record in self.records
            if record.started and _are_same(record, config)
        )
        return next(same, None)

    def speed(self, config: RunConfig) -> Speed | None:
        """This machine's figures for the configuration's device; None if they were not measured."""
        key = speed.key_of(config.training)
        if key not in self._speeds:
            found = speed.read(self.home, key)
            is_usual = config.training.device == "auto" and config.training.threads == 0
            # Of a device that is there no more, such as a GPU taken out.
            if found is not None and is_usual and self.device not in ("", found.device):
                found = None
            self._speeds[key] = found
        return self._speeds[key]


def _are_same(record: RunRecord, config: RunConfig) -> bool:
    fields = ("source", "validation_fraction", "train_images")
    return all(getattr(record.config.data, field) == getattr(config.data, field) for field in fields)


def _more_images(recorded: DataConfig, wanted: DataConfig) -> int:
    """How many more are to be expected, of the same images, than a recorded run trained on."""
    if wanted.train_images:
        return 0
    return round((len(recorded.excluded) - len(wanted.excluded)) * (1 - wanted.validation_fraction))


def total(seconds: Iterable[float | None]) -> tuple[float, bool]:
    """The sum of what is known, and whether all is."""
    known = list(seconds)
    return sum(value for value in known if value is not None), None not in known
