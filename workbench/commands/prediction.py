"""What a trained network says of single images: `predict`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from workbench.commands import console
from workbench.commands.options import Epoch, Json, Run, reading_store_of
from workbench.core.errors import UserError

if TYPE_CHECKING:
    from workbench.engine.inspection.subject import Subject

commands = typer.Typer()

_SHOWN = 3
_BATCH = 100


@commands.command()
def predict(
    context: typer.Context,
    run: Run,
    images: Annotated[
        list[str],
        typer.Argument(metavar="IMAGE...", help="Image files, or numbers of test images, counted from 0."),
    ],
    epoch: Epoch = None,
    top: Annotated[
        int | None, typer.Option(help=f"How many classes to name; by default {_SHOWN}, in JSON all.")
    ] = None,
    json: Json = False,
) -> None:
    """Say what images show, by a run's network: any image files, or test images by their number."""
    if top is not None and top < 1:
        raise UserError(f"--top is {top}; it must be 1 or more")
    from workbench.core.softmax import softmax
    from workbench.engine.inspection.subject import Subjects

    with reading_store_of(context) as store, console.TrainingDisplay(quiet=json) as display:
        run_id = store.find(run)
        side = store.run(run_id).config.model.input_size
        # What cannot be read is said before anything is opened, or computed.
        files = _files(images, side)
        subject = console.exhaust(Subjects().open(run_id, store, epoch), display)
        pixels = _with_test_images(images, files, subject)
        batches = (np.stack(pixels[start : start + _BATCH]) for start in range(0, len(pixels), _BATCH))
        said = softmax(np.concatenate([subject.logits_of(batch) for batch in batches]))
    document = [
        {"image": image, "predictions": _best_first(row, subject.class_names, top)}
        for image, row in zip(images, said, strict=True)
    ]
    if json:
        console.print_json(document)
    else:
        _print(document, top or _SHOWN, run_id, subject.epoch)


def _files(images: Sequence[str], side: int) -> dict[str, NDArray[np.uint8]]:
    """The pixels of all that are no numbers; a file may have a number for a name."""
    from workbench.engine.inspection.given_image import read_image
    from workbench.engine.inspection.subject import is_file_name

    return {
        image: read_image(Path(image), side).pixels
        for image in images
        if not image.isdecimal() or is_file_name(image)
    }


def _with_test_images(
    images: Sequence[str], files: dict[str, NDArray[np.uint8]], subject: "Subject"
) -> list[NDArray[np.uint8]]:
    from workbench.engine.inspection.subject import image_number

    found = []
    for image in images:
        number = None if image in files else image_number(image, subject.images("test"))
        found.append(files[image] if number is None else subject.images("test").images[number])
    return found


def _best_first(probabilities: NDArray[np.float32], names: Sequence[str], top: int | None) -> list[dict[str, Any]]:
    order = np.argsort(-probabilities, kind="stable")[:top]
    return [{"class": names[index], "probability": float(probabilities[index])} for index in order]


def _print(document: list[dict[str, Any]], top: int, run_id: str, epoch: int) -> None:
    rows = []
    for each in document:
        for place, said in enumerate(each["predictions"][:top]):
            rows.append(("" if place else each["image"], said["class"], console.percent(said["probability"])))
    console.print_table(("image", "class", "probability"), rows, right=("probability",))
    console.print_line(f"by run {run_id} after epoch {epoch}")
