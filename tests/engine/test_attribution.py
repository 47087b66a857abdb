"""What speaks for an answer, against computations of our own, and the network left as it was."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests.trained import exhausted, opened, record_run
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.inspection.explanations import METHODS, Question, explained_layers
from workbench.core.interludes import BESIDE_RUNS
from workbench.core.network.model_config import ModelConfig
from workbench.core.settings.config import RunConfig
from workbench.engine.inspection import attribution
from workbench.engine.inspection.feature_maps import feature_maps
from workbench.engine.inspection.subject import Subject
from workbench.engine.inspection.twin import twin
from workbench.engine.machine.device import Compute
from workbench.engine.network import resnet
from workbench.engine.network.resnet import ResNet

SIDE = 16
NETWORKS: dict[str, dict[str, object]] = {
    "basic": {"block": "basic"},
    "shortcut A": {"block": "basic", "shortcut": "A"},
    "bottleneck": {"block": "bottleneck"},
    "preact": {"block": "preact-basic"},
    "preact without norms": {"block": "preact-basic", "norm": "none"},
    "preact bottleneck": {"block": "preact-bottleneck"},
    "separable": {"block": "separable"},
    "inverted": {"block": "inverted", "shortcut": "identity"},
    "page": {"block": "page", "shortcut": "identity"},
    "conv": {"block": "conv", "shortcut": "none"},
    "plain": {"block": "basic", "shortcut": "none"},
    "group norm, silu, squeezed": {"block": "basic", "norm": "group", "activation": "silu", "se_reduction": 4},
    "pooling stem, max head": {"block": "basic", "stem": "7x7", "head_pooling": "max", "input_size": 32},
}


def subject_of(**fields: object) -> Subject:
    """A network as it was drawn at the beginning; its norms have seen a few images, as after training."""
    values = {"blocks": (2, 2), "widths": (8, 16), "num_classes": 4, "input_size": SIDE} | fields
    model = ModelConfig.model_validate(values)
    config = RunConfig().with_values({"data.normalization": "half"}).model_copy(update={"model": model})
    network = resnet.build(model, seed=1)
    with torch.no_grad():
        for _ in range(3):
            network.train()(torch.randn(16, 3, model.input_size, model.input_size))
    side, labels = model.input_size, np.arange(4)
    pixels = np.random.default_rng(0).integers(0, 256, (4, side, side, 3), np.uint8)
    images = ImageSet(pixels, labels, tuple("abcd"))
    dataset = Dataset(("cat", "dog", "frog", "ship"), images, images)
    compute = Compute(torch.device("cpu"), torch.float32)
    return Subject("0badcafe", 3, config, network.state_dict(), dataset, compute)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As the lane's thread computes; networks as small as these lose by more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=NETWORKS, scope="module")
def subject(request: pytest.FixtureRequest) -> Subject:
    return subject_of(**NETWORKS[request.param])


def image_of(subject: Subject, number: int = 0) -> np.ndarray:
    return subject.images("test").images[number]


def retained(network: ResNet, layer: str, x: Tensor) -> tuple[Tensor, Tensor]:
    """Logits, and the layer's output with its gradient retained: the forward pass written out.

    As nothing is computed in place on a copy, the output is what it was.
    """
    copies: dict[str, Tensor] = {}

    def keep(name: str, y: Tensor) -> Tensor:
        if name == layer:
            y.requires_grad_()
            copies[name] = y
            return y.clone()
        return y

    y = network.conv1(x)
    if not network.config.is_preactivation:
        y = network.bn1(y)
        y = network.relu(y) if network.config.stem_activation else y
    y = keep("stem", network.maxpool(y))
    for stage in network.stage_names:
        for index, block in enumerate(network.get_submodule(stage).children()):
            y = keep(f"{stage}.{index}", block(y))
    if network.config.is_preactivation:
        y = network.relu(network.bn1(y))
    pooled = y.amax((2, 3)) if network.config.head_pooling == "max" else y.mean((2, 3))
    return network.fc(pooled) * network.config.logit_scale, copies[layer]


def test_grad_cam_is_what_retained_activations_say(subject: Subject) -> None:
    side = subject.config.model.input_size
    for layer in explained_layers(subject.config.model):
        found = exhausted(attribution.explain(subject, image_of(subject), 1, Question(target=1, layer=layer)))
        network = subject.build()
        logits, maps = retained(network, layer, subject.normalized(image_of(subject)[None]))
        (gradient,) = torch.autograd.grad(logits[0, 1], maps)
        small = (maps * gradient.mean((2, 3), keepdim=True)).sum(1, keepdim=True).detach()
        expected = functional.interpolate(small, (side, side), mode="bilinear")[0, 0].numpy()
        assert found.values.shape == (side, side)
        assert found.values == pytest.approx(expected, abs=1e-5 * max(1e-3, float(np.abs(expected).max())) + 1e-7)
        assert found.layer == layer


def test_a_difference_is_the_one_map_minus_the_other(subject: Subject) -> None:
    maps = [
        exhausted(attribution.explain(subject, image_of(subject), None, Question(target=a, against=b))).values
        for a, b in ((0, 2), (0, None), (2, None))
    ]
    assert maps[0] == pytest.approx(maps[1] - maps[2], abs=1e-5)


def test_integrated_gradients_are_complete(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    # So finely that the kinks of a network drawn at random hardly count.
    monkeypatch.setattr(attribution, "SEGMENTS", 256)
    question = Question("integrated-gradients", target=2, against=0)
    found = exhausted(attribution.explain(subject, image_of(subject, 2), 2, question))
    network = subject.build()
    image = subject.normalized(image_of(subject, 2)[None])
    with torch.no_grad():
        ends = network(torch.cat([image, attribution.no_image(subject, image)]))
    score = ends[:, 2] - ends[:, 0]
    whole = float(score[0] - score[1])
    assert float(found.values.sum()) == pytest.approx(whole, abs=0.05 * max(1.0, abs(whole)))


def test_gradients_are_complete_behind_norms_that_do_not_notice_scale() -> None:
    """With as many points as are used: from a uniform 0 on, the map had another sign than the score."""
    subject = subject_of(norm="group", blocks=(3, 3), widths=(16, 32))
    network, errors, wholes = subject.build(), list[float](), list[float]()
    for number in range(4):
        image = subject.normalized(image_of(subject, number)[None])
        baseline = attribution.no_image(subject, image)
        assert baseline.any()
        with torch.no_grad():
            said = network(torch.cat([image, baseline]))
        for target in range(4):
            question = Question("integrated-gradients", target)
            found = exhausted(attribution.explain(subject, image_of(subject, number), None, question))
            wholes.append(float(said[0, target] - said[1, target]))
            errors.append(float(found.values.sum()) - wholes[-1])
    assert np.abs(errors).mean() < 0.3 * np.abs(wholes).mean()


@pytest.mark.parametrize(("window", "stride"), [(6, 2), (5, 3), (4, 4), (16, 2)])
def test_occlusion_is_what_a_loop_over_windows_says(window: int, stride: int) -> None:
    subject = subject_of()
    image, network = subject.normalized(image_of(subject)[None]), subject.build()

    def score(images: Tensor) -> Tensor:
        return network(images)[:, 1]

    found = exhausted(attribution.occlusion(score, image, window, stride))
    total, count = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    with torch.no_grad():
        before = float(score(image))
        starts = range(0, SIDE - window + stride, stride)
        for top in starts:
            for left in starts:
                covered = image.clone()
                covered[:, :, top : top + window, left : left + window] = 0
                place = (slice(top, top + window), slice(left, left + window))
                total[place] += before - float(score(covered))
                count[place] += 1
    assert count.min() >= 1
    assert found == pytest.approx(total / count, abs=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_the_network_is_left_as_it_was(method: str) -> None:
    subject = subject_of(block="preact-basic")
    network = subject.network
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    exhausted(attribution.explain(subject, image_of(subject), 0, Question(method)))
    exhausted(feature_maps(subject, image_of(subject), "layer1"))
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    for module in network.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert not module._backward_hooks
        assert not module.training
    assert not any(each.requires_grad or each.grad is not None for each in network.parameters())


def test_a_twin_shares_the_weights_and_nothing_else() -> None:
    network = subject_of().network
    other = twin(network)
    assert {id(each) for each in other.parameters()} == {id(each) for each in network.parameters()}
    assert not {id(each) for each in other.modules()} & {id(each) for each in network.modules()}


def test_what_the_thread_does_otherwise_changes_nothing() -> None:
    subject = subject_of()
    question = Question(layer="layer1")
    plain = exhausted(attribution.explain(subject, image_of(subject), 0, question))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        inside = exhausted(attribution.explain(subject, image_of(subject), 0, question))
    assert np.array_equal(plain.values, inside.values)
    assert np.array_equal(plain.logits, inside.logits)
    with torch.no_grad():
        exact = subject.network(subject.normalized(image_of(subject)[None]))[0].numpy()
    assert plain.logits == pytest.approx(exact, abs=1e-5)


@pytest.mark.parametrize("method", ["integrated-gradients", "occlusion"])
def test_long_work_says_how_far_it_is_and_can_be_left(method: str) -> None:
    subject = subject_of()
    work = attribution.explain(subject, image_of(subject), 0, Question(method))
    said = [each for each in work if isinstance(each, Progress)]
    shares = [each.done for each in said if each.total]
    assert shares == sorted(shares)
    assert len(set(shares)) > 2
    assert said[-1].done == said[-1].total
    work = attribution.explain(subject, image_of(subject), 0, Question(method))
    next(each for each in work if each.done)
    work.close()


def test_feature_maps_are_the_blocks_output(subject: Subject) -> None:
    for layer in explained_layers(subject.config.model):
        found = exhausted(feature_maps(subject, image_of(subject), layer))
        _, maps = retained(subject.build(), layer, subject.normalized(image_of(subject)[None]))
        assert found.maps == pytest.approx(maps[0].detach().numpy(), abs=1e-5)
        assert found.layer == layer


def test_a_layer_that_is_not_there_is_refused_before_any_work() -> None:
    subject = subject_of()
    with pytest.raises(UserError, match="this network has stem"):
        next(attribution.explain(subject, image_of(subject), 0, Question(layer="layer7")))


def test_a_trained_run_is_explained(home: Home, tiny_config: RunConfig) -> None:
    """Its images are told apart by one bright color: covering any part costs the truth something."""
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 4}))
    subject = opened(home, run_id)
    images = subject.images("test")
    right = exhausted(subject.evaluate("test")).correct
    number = int(np.flatnonzero(right)[0])
    question = Question("occlusion", target="truth", against="rival")
    truth = int(images.labels[number])
    found = exhausted(attribution.explain(subject, images.images[number], truth, question))
    assert found.target == truth
    assert found.epoch == subject.epoch
    assert found.values.mean() > 0
    assert found.probabilities.sum() == pytest.approx(1, abs=1e-5)
    said = subject.logits_of(images.images[number][None])[0]
    assert found.logits == pytest.approx(said, abs=0.1 * float(np.abs(said).max()))


def test_settings_of_the_process_are_left_alone(settings: Callable[[], object]) -> None:
    subject = subject_of()
    before = settings()
    for method in METHODS:
        exhausted(attribution.explain(subject, image_of(subject), 0, Question(method)))
    exhausted(feature_maps(subject, image_of(subject), "stem"))
    assert settings() == before


@pytest.mark.parametrize("method", METHODS)
def test_beside_a_run_the_thread_of_the_run_computes(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    subject, threads = subject_of(), set[int]()
    question = Question(method, against="rival")
    alone = exhausted(attribution.explain(subject, image_of(subject), 0, question))
    score = attribution._score

    def noting(*arguments: object) -> attribution.Score:
        of_target = score(*arguments)

        def noted(images: Tensor) -> Tensor:
            threads.add(threading.get_ident())
            return of_target(images)

        return noted

    monkeypatch.setattr(attribution, "_score", noting)
    work = attribution.explain(subject, image_of(subject), 0, question)
    with ThreadPoolExecutor(1) as pool:
        with BESIDE_RUNS.at_work():
            asked = pool.submit(exhausted, work)
        while not asked.done():
            with BESIDE_RUNS.at_work():
                sum(range(20_000))
        beside = asked.result()
    assert threads == {threading.get_ident()}
    assert beside.values == pytest.approx(alone.values, abs=1e-5)
