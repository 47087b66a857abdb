"""Why an image gets its answer: `explain`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from workbench.commands import console
from workbench.commands.options import PICTURE, Epoch, Json, Run, reading_store_of, require_output
from workbench.core.errors import UserError, did_you_mean, shown
from workbench.core.files import write_atomically
from workbench.core.inspection.explanations import METHODS, Explanation, Method, Question, parse_side

if TYPE_CHECKING:
    from workbench.engine.inspection.subject import Subject

commands = typer.Typer()

_TITLES: dict[Method, str] = {
    "gradcam": "Grad-CAM",
    "integrated-gradients": "integrated gradients",
    "occlusion": "occlusion",
}


@commands.command()
def explain(
    context: typer.Context,
    run: Run,
    image: Annotated[str, typer.Argument(help="A test image, counted from 0, or an image file.")],
    method: Annotated[str, typer.Option(help=f"{', '.join(METHODS[:-1])} or {METHODS[-1]}.")] = METHODS[0],
    layer: Annotated[
        str,
        typer.Option(help="Of Grad-CAM: stem, a block such as layer3.2, or a stage; the last block by default."),
    ] = "",
    target: Annotated[
        str, typer.Option(help="prediction, truth, difference (prediction minus its rival), or a class.")
    ] = "prediction",
    against: Annotated[
        str | None, typer.Option(help="A class, prediction or truth, to be subtracted from the target.")
    ] = None,
    epoch: Epoch = None,
    output: Annotated[Path | None, typer.Option(help="PNG of the image with the map laid over it.")] = None,
    values: Annotated[bool, typer.Option("--values", help="The map itself in the JSON document.")] = False,
    json: Json = False,
) -> None:
    """Show what in an image speaks for an answer and what against it.

    The rival of a prediction is the truth where that was missed, else the second most probable class.
    """
    known = _method(method)
    require_output(output, PICTURE)
    if layer and known != "gradcam":
        raise UserError(f"layer is '{shown(layer)}', but {known} looks at no layer; leave it out, or use gradcam")
    from workbench.engine.inspection import attribution
    from workbench.engine.inspection.subject import Subjects

    with reading_store_of(context) as store, console.TrainingDisplay(quiet=json) as display:
        run_id = store.find(run)
        subject = console.exhaust(Subjects().open(run_id, store, epoch), display)
        question = _question(known, layer, target, against, subject.class_names)
        pixels, truth, name = _image(image, subject)
        found = console.exhaust(attribution.explain(subject, pixels, truth, question), display)
        title = store.run(run_id).name
    if json:
        console.print_json(_document(found, run_id, name, output, values))
    else:
        _print(found, name)
    if output is not None:
        _write(found, pixels, _caption(found, title, name), output)
        if not json:
            console.print_written(output)


def _method(text: str) -> Method:
    for method in METHODS:
        if text == method:
            return method
    near = did_you_mean(text, METHODS)
    raise UserError(f"method is '{shown(text)}'; allowed are {', '.join(METHODS)}{near}")


def _question(
    method: Method, layer: str, target: str, against: str | None, class_names: tuple[str, ...]
) -> Question:
    other = parse_side(against, class_names, "against") if against is not None else None
    if target == "difference" and target not in class_names:
        return Question(method, "prediction", "rival" if other is None else other, layer)
    return Question(method, parse_side(target, class_names, "target"), other, layer)


def _image(text: str, subject: "Subject") -> tuple[NDArray[np.uint8], int | None, str]:
    """Pixels, truth and name of a test image or of a file."""
    from workbench.engine.inspection.given_image import read_image
    from workbench.engine.inspection.subject import image_number

    images = subject.images("test")
    number = image_number(text, images)
    if number is not None:
        return images.images[number], int(images.labels[number]), images.names[number]
    given = read_image(Path(text), subject.config.model.input_size)
    console.print_error(f"note: {shown(Path(text))}: {given.words}")
    return given.pixels, None, text


def _caption(found: Explanation, title: str, name: str) -> list[str]:
    said = found.class_names[found.prediction]
    answer = f"prediction {said}, {found.probabilities[found.prediction]:.1%}"
    truth = f"; truth {found.class_names[found.truth]}" if found.truth is not None else ""
    method = _TITLES[found.method] + (f" at {found.layer}" if found.layer else "")
    return [
        f"{title}, epoch {found.epoch}: {method}; warm: {_warm(found)}",
        f"{name}: {answer}{truth}",
    ]


def _warm(found: Explanation) -> str:
    target = found.class_names[found.target]
    if found.against is None:
        return f"speaks for {target}, cool: speaks against it"
    other = found.class_names[found.against]
    return f"speaks for {target} rather than {other}, cool: for {other}"


def _write(found: Explanation, pixels: NDArray[np.uint8], caption: list[str], output: Path) -> None:
    from workbench.engine.inspection import explanation_picture

    picture = explanation_picture.draw(found, pixels, caption)
    write_atomically(output, lambda file: picture.save(file, "PNG"))


def _document(found: Explanation, run_id: str, name: str, output: Path | None, has_values: bool) -> dict[str, Any]:
    names = found.class_names
    document: dict[str, Any] = {
        "run": run_id,
        "epoch": found.epoch,
        "image": name,
        "method": found.method,
        "layer": found.layer or None,
        "target": found.target_words,
        "prediction": names[found.prediction],
        "truth": names[found.truth] if found.truth is not None else None,
        "probabilities": dict(zip(names, found.probabilities.tolist(), strict=True)),
        "output": str(output) if output is not None else None,
    }
    return document | ({"map": found.values.tolist()} if has_values else {})


def where_most(words: str, values: NDArray[np.float32]) -> str:
    """Where (H, W) values, that say how much speaks for it or against it, are highest."""
    height, width = values.shape
    row, column = divmod(int(values.argmax()), width)
    if not values[row, column] > 0:
        return f"nothing speaks {words} it"
    return (
        f"most {words} it: row {row + 1} of {height}, column {column + 1} of {width} ({values[row, column]:.3g})"
    )


def _print(found: Explanation, name: str) -> None:
    marks = {found.prediction: "prediction"}
    if found.truth is not None:
        marks[found.truth] = "truth, predicted" if found.truth == found.prediction else "truth"
    rows = [
        (class_name, f"{probability:.1%}", marks.get(number, ""))
        for number, (class_name, probability) in enumerate(
            zip(found.class_names, found.probabilities.tolist(), strict=True)
        )
    ]
    console.print_table(("class", "probability", ""), rows, right=("probability",))
    method = _TITLES[found.method] + (f" at {found.layer}" if found.layer else "")
    console.print_line(f"{name}, after epoch {found.epoch}: {method} for {found.target_words}")
    for words, values in (("for", found.values), ("against", -found.values)):
        console.print_line(where_most(words, values))
