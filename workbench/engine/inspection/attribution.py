"""What in an image speaks for its answer: Grad-CAM, integrated gradients and occlusion, computed by Captum.

All in fp32 on a network of its own that shares the subject's weights, which are left as they are.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from captum.attr import IntegratedGradients, LayerAttribution, LayerGradCam, Occlusion
from numpy.typing import NDArray
from torch import Tensor

from workbench.core.events import Progress
from workbench.core.inspection.explanations import Explanation, Question, layer_of, sides_of
from workbench.core.interludes import BESIDE_RUNS
from workbench.engine.inspection.subject import Subject
from workbench.engine.inspection.twin import hooked, twin
from workbench.engine.machine.pieces import in_interlude, in_pieces
from workbench.engine.network.resnet import ResNet

SEGMENTS, STEPS = 32, 2
"""Of the way of integrated gradients, and in each segment: 64 gradients in pieces of two or more."""
_GRAY = 128
_WINDOWS_ACROSS, _STRIDES_IN_WINDOW = 16, 3

Score = Callable[[Tensor], Tensor]
"""(N, 3, H, W) to (N,)."""
Work = Generator[Progress, None, NDArray[np.float32]]


def explain(
    subject: Subject, pixels: NDArray[np.uint8], truth: int | None, question: Question
) -> Generator[Progress, None, Explanation]:
    """Why a (H, W, 3) image of the network's input size gets its answer. In pieces, so that it can be canceled.

    Args:
        truth: its class; None where that is not known.

    Raises:
        UserError: the network has no such layer, or the truth is asked for and not known.
    """
    layer = layer_of(question.layer, subject.config.model) if question.method == "gradcam" else ""
    image, network = subject.normalized(pixels[None]), twin(subject.network)
    waiting = Progress("Explaining", 0, 0)
    logits, _ = yield from in_interlude(partial(_logits, network, image), BESIDE_RUNS, waiting)
    target, against = sides_of(question, logits, truth)
    score = _score(network, target, against)
    match question.method:
        case "gradcam":
            do = partial(grad_cam, network, score, layer, image)
            values, _ = yield from in_interlude(do, BESIDE_RUNS, waiting)
        case "integrated-gradients":
            values = yield from integrated_gradients(score, image, no_image(subject, image))
        case "occlusion":
            values = yield from occlusion(score, image)
    return Explanation(
        values, question.method, layer, target, against, truth, logits, subject.class_names, subject.epoch
    )


def grad_cam(network: ResNet, score: Score, layer: str, image: Tensor) -> NDArray[np.float32]:
    """(H, W): the layer's maps, each weighed by its mean gradient (Selvaraju et al. 2017, equations 1 and 2).

    Without the ReLU of equation 2, so that what speaks against the target is seen too.
    """
    with _exact(image):
        found = LayerGradCam(score, hooked(network, layer)).attribute(image)
        # Bilinear, as the paper's figures are: the last blocks see 8 x 8 places.
        large = LayerAttribution.interpolate(found, tuple(image.shape[2:]), "bilinear")
    return _plane(large[0, 0])


def no_image(subject: Subject, image: Tensor) -> Tensor:
    """What integrated gradients begin at: what normalization makes 0; black behind norms of each image's own.

    These turn a uniform 0 into anything, and nearly all that an image is to them is there while it is still dark:
    no number of points on the way from 0 would see that.
    """
    if subject.config.model.norm != "group":
        return torch.zeros_like(image)
    for level in (0, _GRAY):
        uniform = subject.normalized(np.full((1, *image.shape[2:], 3), level, np.uint8))
        if uniform.any():
            break
    return uniform


def integrated_gradients(score: Score, image: Tensor, baseline: Tensor) -> Work:
    """(H, W), summed over colors: the gradients on the way from no image to this one (Sundararajan et al. 2017).

    All values together are the score of the image minus that of the baseline (completeness), also of each segment
    of the way: Captum is asked for one after the other.
    """

    def do(start: int, stop: int) -> Tensor:
        shares = torch.arange(start, stop + 1, device=image.device).reshape(-1, 1, 1, 1) / SEGMENTS
        ends = torch.lerp(baseline, image, shares)
        with _exact(image):
            # The default of 50 steps at once is one batch of 50 gradients: too long for who waits for it.
            found = IntegratedGradients(score).attribute(ends[1:], baselines=ends[:-1], n_steps=STEPS)
        summed: Tensor = found.sum((0, 1))
        return summed

    parts = yield from in_pieces(SEGMENTS, do, "Integrating gradients", BESIDE_RUNS)
    return _plane(torch.stack(parts.results).sum(0))


def occlusion(score: Score, image: Tensor, window: int = 0, stride: int = 0) -> Work:
    """(H, W): by how much the score falls where a window of the mean color lies (Zeiler and Fergus 2014), the mean
    over all windows that a pixel lies in.

    Args:
        window, stride: in pixels; 0: windows of 3/16 of the side, a third of that apart.
    """
    height, width = image.shape[2:]
    stride = stride or max(1, min(height, width) // _WINDOWS_ACROSS)
    window = min(window or _STRIDES_IN_WINDOW * stride, height, width)
    across = -(-(width - window) // stride) + 1
    down = -(-(height - window) // stride) + 1
    total, count = torch.zeros(height, width), torch.zeros(height, width)

    def do(start: int, stop: int) -> None:
        for row in range(start // across, (stop - 1) // across + 1):
            first, last = max(start, row * across) - row * across, min(stop - row * across, across)
            top, left = row * stride, first * stride
            right = min((last - 1) * stride + window, width)
            strip = (slice(top, min(top + window, height)), slice(left, right))
            total[strip] += _occluded(score, image, strip, window, stride)
            for column in range(first, last):
                count[strip[0], column * stride : column * stride + window] += 1

    yield from in_pieces(across * down, do, "Covering parts", BESIDE_RUNS)
    return _plane(total / count)


def _occluded(score: Score, image: Tensor, strip: tuple[slice, slice], window: int, stride: int) -> Tensor:
    """(h, w) of a strip in which windows lie side by side: how much the score falls, summed over the windows.

    Captum goes through all windows of what it is given, without a break: it is given a strip at a time.
    """
    rows, columns = strip

    def of_strip(parts: Tensor) -> Tensor:
        whole = image.expand(len(parts), -1, -1, -1).clone()
        whole[:, :, rows, columns] = parts
        return score(whole)

    part = image[:, :, rows, columns]
    size = (min(window, part.shape[2]), min(window, part.shape[3]))
    windows = -(-(part.shape[3] - size[1]) // stride) + 1
    with _exact(image):
        found = Occlusion(of_strip).attribute(
            part,
            sliding_window_shapes=(image.shape[1], *size),
            strides=(image.shape[1], size[0], min(stride, size[1])),
            baselines=0,
            perturbations_per_eval=windows,
        )
    # Captum gives the mean over the windows that a pixel lies in.
    weights = torch.zeros(part.shape[3], device=part.device)
    for number in range(windows):
        weights[number * stride : number * stride + window] += 1
    summed: Tensor = (found[0, 0] * weights).cpu()
    return summed


def _score(network: ResNet, target: int, against: int | None) -> Score:
    """The target's logit, or by how much it exceeds the other's."""

    def of_target(images: Tensor) -> Tensor:
        logits: Tensor = network(images)
        return logits[:, target] if against is None else logits[:, target] - logits[:, against]

    return of_target


def _logits(network: ResNet, image: Tensor) -> NDArray[np.float32]:
    with _exact(image), torch.no_grad():
        said: NDArray[np.float32] = network(image)[0].float().cpu().numpy()
    return said


@contextmanager
def _exact(image: Tensor) -> Iterator[None]:
    """With gradients and without reduced precision, whatever the thread that computes it does otherwise."""
    with torch.enable_grad(), torch.autocast(image.device.type, enabled=False):
        yield


def _plane(values: Tensor) -> NDArray[np.float32]:
    plane: NDArray[np.float32] = values.detach().float().cpu().numpy()
    return plane
