"""Source text that finds images, holds some out, and puts them into the engine's order."""

from collections.abc import Iterator

from workbench.core.export.training_script import TrainingScript

SHUFFLED = '''\
class Shuffled(Sampler[int]):
    """Every epoch another order, but for the same seed the same ones again."""

    def __init__(self, images: int, seed: int) -> None:
        self.images, self.seed, self.epoch = images, seed, 0

    def __len__(self) -> int:
        return self.images

    def __iter__(self) -> Iterator[int]:
        # Two numbers become one, spread over all that a generator can begin with.
        (state,) = np.random.SeedSequence([self.seed, self.epoch]).generate_state(1, np.uint64)
        self.epoch += 1
        generator = torch.Generator().manual_seed(int(state) >> 1)
        yield from torch.randperm(self.images, generator=generator).tolist()'''

_READ = '''\
def read(path: str) -> Image.Image:
    """An image of 8 bits per channel, upright, its largest square in the middle resized."""
    with Image.open(path) as opened:
        # A JPEG is decoded to a half, a fourth or an eighth of its size where that is enough.
        opened.draft(opened.mode, (2 * SIZE, 2 * SIZE))
        opened.load()
        held = opened.getexif().get(0x0112, 1)
        mode = "RGBA" if opened.has_transparency_data else "RGB"
        image = opened if opened.mode in ("L", "CMYK") and mode == "RGB" else opened.convert(mode)
        image = ImageOps.fit(image, (SIZE, SIZE), Image.Resampling.LANCZOS)
    # Cameras store how they were held beside the pixels, not in them.
    image.getexif()[0x0112] = held
    image = ImageOps.exif_transpose(image)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")'''

_IMAGE_FOLDER = '''\
def image_folder(folder: Path, transform: Callable) -> ImageFolder:
    """Images that lie in one folder per class."""
    images = ImageFolder(folder, transformREADER)
    if tuple(images.classes) != CLASSES:
        raise SystemExit(f"{folder} has the classes {images.classes}; the network has {CLASSES}")
    # Sorted by the numbers that are their names, not by class: the order that the seed shuffles.
    images.samples.sort(key=lambda sample: (Path(sample[0]).stem.zfill(12), sample[1]))
    images.targets = [label for _, label in images.samples]
    return images'''

_UNPACKED = '''\
def unpacked(data: Path) -> Path:
    """The folder with train and test; an archive is unpacked beside this file at its first use."""
    if data.is_dir():
        return data
    folder = Path(__file__).with_name(data.name.partition(".")[0] + "_images")
    if not folder.exists():
        # Named so once it is complete: after an interruption it begins anew.
        unfinished = folder.with_name(folder.name + "_unfinished")
        shutil.unpack_archive(data, unfinishedFILTER)
        unfinished.rename(folder)
    return next(folder.rglob("train")).parent'''

_SPLIT = '''\
def split(labels: list[int], seed: int) -> tuple[list[int], list[int]]:
    """Indices of the images to train on, and of those held out: the same share of every class."""
    generator = np.random.default_rng([seed, 0x5B117])
    held_out: list[int] = []
    for label in range(len(CLASSES)):
        members = np.flatnonzero(np.array(labels) == label)
        held_out += generator.permutation(members)[: round(FRACTION * len(members))].tolist()
    kept = np.setdiff1d(np.arange(len(labels)), held_out)
    return kept.tolist(), sorted(held_out)'''

_SOME = '''\
def some(indices: list[int], labels: list[int], seed: int) -> list[int]:
    """COUNT of these images, as many of every class."""
    shuffled = np.random.default_rng([seed, 0x5AB5E7]).permutation(indices)
    seen = [0] * len(CLASSES)
    turns = []
    for label in np.array(labels)[shuffled]:
        turns.append(seen[label])
        seen[label] += 1
    # The first ones of all classes, then the second ones, and so on.
    return sorted(shuffled[np.argsort(turns, kind="stable")[:COUNT]].tolist())'''


def dataset_code(script: TrainingScript) -> list[str]:
    """Definitions; the last one makes the loaders."""
    return [SHUFFLED, *_images(script), *_choices(script), _loaders(script)]


def _images(script: TrainingScript) -> Iterator[str]:
    if script.images.kind in ("cifar10", "cifar100"):
        return
    reads = script.images.side == 0
    if reads:
        size = str(script.config.model.input_size)
        yield _READ.replace("SIZE", str(size))
    yield _IMAGE_FOLDER.replace("READER", ", loader=read" if reads else "")
    if script.images.kind == "archive":
        yield _UNPACKED.replace("FILTER", ', filter="data"' if script.images.is_tar else "")


def _choices(script: TrainingScript) -> Iterator[str]:
    data = script.config.data
    if script.holds_out:
        yield _SPLIT.replace("FRACTION", repr(data.validation_fraction))
    if data.train_images:
        yield _SOME.replace("COUNT", str(data.train_images))


def _loaders(script: TrainingScript) -> str:
    loaders = ["DataLoader"] * (3 if script.holds_out else 2)
    about = "Batches to train on, of the images held out, and of the test images."
    if not script.holds_out:
        about = "Batches to train on, and those of the test images."
    body = [
        *_sets(script),
        'reading = {"num_workers": workers, "persistent_workers": workers > 0}',
        "order = Shuffled(len(train_set), seed)",
        "return (",
        *(f"    {line}" for line in _loader_calls(script)),
        ")",
    ]
    return "\n".join(
        [
            f"def loaders(data: Path, seed: int, workers: int) -> tuple[{', '.join(loaders)}]:",
            f'    """{about}"""',
            *(f"    {line}" for line in body),
        ]
    )


def _loader_calls(script: TrainingScript) -> Iterator[str]:
    drop = [] if script.training.keep_last_batch else ["drop_last=True"]
    yield f"DataLoader({', '.join(['train_set', 'BATCH_SIZE', 'sampler=order', *drop, '**reading'])}),"
    if script.holds_out:
        yield "DataLoader(validation_set, BATCH_SIZE, **reading),"
    yield "DataLoader(test_set, BATCH_SIZE, **reading),"


def _sets(script: TrainingScript) -> Iterator[str]:
    changed = "AUGMENTED" if script.changes_images else "PLAIN"
    if script.images.kind == "archive":
        yield "folder = unpacked(data)"
    yield f"train_set = {_part(script, 'train', changed)}"
    yield f"test_set = {_part(script, 'test', 'PLAIN')}"
    if script.holds_out:
        yield "kept, held_out = split(train_set.targets, seed)"
        if script.leaves_out:
            yield "kept = [index for index in kept if index not in EXCLUDED]"
            yield "held_out = [index for index in held_out if index not in EXCLUDED]"
        held_out = "train_set"
        if script.changes_images:
            yield "# From the same files, but these images stay as they are."
            held_out = _part(script, "train", "PLAIN")
        yield f"validation_set = Subset({held_out}, held_out)"
    elif script.leaves_out:
        yield "kept = [index for index in range(len(train_set)) if index not in EXCLUDED]"
    chooses = script.holds_out or script.leaves_out
    if script.config.data.train_images:
        indices = "kept" if chooses else "range(len(train_set))"
        yield f"kept = some({indices}, train_set.targets, seed)"
    if chooses or script.config.data.train_images:
        yield "train_set = Subset(train_set, kept)"


def _part(script: TrainingScript, part: str, transform: str) -> str:
    match script.images.kind:
        case "cifar10" | "cifar100" as kind:
            return f"{kind.upper()}(data, train={part == 'train'}, transform={transform}, download=True)"
        case "folder":
            return f'image_folder(data / "{part}", {transform})'
        case "archive":
            return f'image_folder(folder / "{part}", {transform})'
