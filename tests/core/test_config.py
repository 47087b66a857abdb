"""RunConfig: validated, frozen, JSON round trip, errors that name the field."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.model_trees import model_trees
from workbench.core.errors import ConfigError, UserError
from workbench.core.network.architecture import Architecture
from workbench.core.network.model_config import MAX_PARAMETERS, ModelConfig
from workbench.core.settings.assignments import parse_assignments
from workbench.core.settings.config import RunConfig, field_names, help_of, model_from_json, parse
from workbench.core.settings.schedule import learning_rate
from workbench.core.settings.training_config import TrainingConfig


@given(model_trees())
def test_a_model_is_either_refused_by_field_or_survives_json(tree: dict[str, object]) -> None:
    refused: dict[str, str] = {}
    try:
        config = RunConfig.build({"model": tree})
    except ConfigError as error:
        refused = error.fields
    if refused:
        fields = r"model\.(widths\.\d|strides(\.\d)?|dropout|stochastic_depth|zero_init_last)"
        assert all(re.fullmatch(fields, field) for field in refused)
        return
    assert RunConfig.from_json(config.model_dump_json()) == config


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda leaf: st.lists(leaf, max_size=3)))
def test_any_value_is_taken_or_refused_with_the_field_named(value: object) -> None:
    for field in field_names():
        refused: dict[str, str] = {}
        try:
            RunConfig().with_values({field: value})
        except ConfigError as error:
            refused = error.fields
        assert all(
            re.fullmatch(rf"{field}(\.\d)?", key) and sentence.startswith(field)
            for key, sentence in refused.items()
        )


@pytest.mark.parametrize(
    ("tree", "field", "words"),
    [
        ({"model": {"blocks": [3, 0, 3]}}, "model.blocks.1", "stage 2 is 0; it must be at least 1"),
        ({"model": {"blocks": [1], "widths": []}}, "model.widths", "at least 1 stage"),
        ({"model": {"widths": [16, 32]}}, "model.widths", "has 2 stages but blocks has 3"),
        ({"model": {"widths": [10**9] * 3}}, "model.widths.2", "at most 8192"),
        ({"model": {"widths": [-1, 16, 16]}}, "model.widths.0", "at least 1"),
        ({"model": {"blocks": [], "widths": []}}, "model.blocks", "a list of at least 1 stage"),
        ({"model": {"strides": [1, 2]}}, "model.strides", "has 2 stages but blocks has 3"),
        ({"model": {"strides": [1, 0, 2]}}, "model.strides.1", "at least 1"),
        ({"model": {"strides": [8, 8, 2]}}, "model.strides.1", "its maps have only 4 x 4 pixels"),
        ({"model": {"blocks": [1] * 6, "widths": [8] * 6, "input_size": 8}}, "model.strides", "of stage 5 is 2"),
        (
            {"model": {"block": "bottleneck", "cardinality": 32, "base_width": 4, "widths": [64, 100, 256]}},
            "model.widths.1",
            "each of the 32 groups would have 6.25 channels, so give a multiple of 16",
        ),
        (
            {"model": {"block": "bottleneck", "cardinality": 1024, "base_width": 1024}},
            "model.widths.0",
            "262,144 channels, and at most 65,536",
        ),
        ({"model": {"block": "page"}}, "model.shortcut", "page blocks have only identity or none"),
        ({"model": {"inner_expansion": 3}}, "model.inner_expansion", "use inverted blocks or 6"),
        ({"model": {"residuals": [True, False]}}, "model.residuals", "has 2 stages but blocks has 3"),
        ({"model": {"residuals": [True, False, True]}}, "model.residuals", "use page blocks or []"),
        ({"model": {"residuals": 3}}, "model.residuals", "a list of true and false, one per stage"),
        (
            {"model": {"residuals": [True, 1, True]}},
            "model.residuals.1",
            "of stage 2 is 1; it must be true or false",
        ),
        ({"model": {"logit_scale": 0}}, "model.logit_scale", "above 0"),
        (
            {"model": {"block": "page", "shortcut": "identity", "zero_init_last": True}},
            "model.zero_init_last",
            "which passes no gradient at zero",
        ),
        (
            {"model": {"block": "page", "shortcut": "identity", "residuals": [False] * 3, "dropout": 0.1}},
            "model.dropout",
            "no stage has one",
        ),
        ({"model": {"cardinality": 8}}, "model.cardinality", "basic blocks have no such choice"),
        ({"model": {"expansion": 2}}, "model.expansion", "use bottleneck blocks or 4"),
        ({"model": {"shortcut": "none", "stochastic_depth": 0.1}}, "model.stochastic_depth", "give 0"),
        ({"model": {"shortcut": "none", "zero_init_last": True}}, "model.zero_init_last", "give false"),
        (
            {
                "model": {
                    "block": "bottleneck",
                    "blocks": [1],
                    "widths": [2048],
                    "expansion": 16,
                    "num_classes": 100_000,
                }
            },
            "model.num_classes",
            "more than 2,000,000,000 parameters",
        ),
        (
            {"model": {"stem_width": 8192, "input_size": 512}},
            "model.input_size",
            "more than 2,000,000,000 values in one image's maps",
        ),
        (
            {"model": {"blocks": [1000] * 3, "widths": [8192] * 3}},
            "model.widths.0",
            "more than 2,000,000,000 parameters",
        ),
        ({"model": {"dropout": 1.0}}, "model.dropout", "below 1"),
        (
            {"model": {"norm": "none", "zero_init_last": True}},
            "model.zero_init_last",
            "without norms no block has a last scale; give false",
        ),
        (
            {"model": {"block": "preact-basic", "stem_activation": False}},
            "model.stem_activation",
            "in front of preact-basic blocks a stem never has one; give true",
        ),
        ({"training": {"rotation": 180.5}}, "training.rotation", "is 180.5; it must be at most 180"),
        ({"training": {"rotation": -1}}, "training.rotation", "at least 0"),
        ({"training": {"hue_jitter": 0.6}}, "training.hue_jitter", "at most 0.5"),
        ({"training": {"crop_border": "black"}}, "training.crop_border", "one of reflect, zeros"),
        ({"data": {"normalization": "custom"}}, "data.mean", "has 0 numbers; give three, one per channel"),
        (
            {"data": {"normalization": "custom", "mean": [0.5, 0.5, 0.5]}},
            "data.std",
            "has 0 numbers; give three, one per channel",
        ),
        (
            {"data": {"normalization": "custom", "mean": [0.5, 0.5], "std": [1, 1, 1]}},
            "data.mean",
            "has 2 numbers; give three",
        ),
        ({"data": {"mean": [0.5] * 4}}, "data.mean", "a list of three numbers, one per channel"),
        (
            {"data": {"mean": [0.5] * 3, "std": [0.5] * 3}},
            "data.mean",
            "but data.normalization is auto; give custom",
        ),
        ({"data": {"normalization": "half", "std": [0.5] * 3}}, "data.std", "but data.normalization is half"),
        ({"data": {"mean": 0.5}}, "data.mean", "a list of three numbers"),
        ({"data": {"mean": ["a", 0.5, 0.5]}}, "data.mean.0", "number 1 is 'a'; it must be a number"),
        ({"data": {"mean": ["0.5", 0.5, 0.5]}}, "data.mean.0", "number 1 is '0.5'; it must be a number"),
        ({"data": {"mean": [0.5, True, 0.5]}}, "data.mean.1", "number 2 is true; it must be a number"),
        ({"data": {"std": [0.5, 0, 0.5]}}, "data.std.1", "number 2 is 0; it must be at least 0.001"),
        ({"data": {"std": [0.5, 0.5, -0.5]}}, "data.std.2", "number 3 is -0.5; it must be at least 0.001"),
        ({"data": {"std": [float("nan"), 1, 1]}}, "data.std.0", "must be a finite number"),
        ({"data": {"std": [float("inf"), 1, 1]}}, "data.std.0", "must be a finite number"),
        ({"data": {"mean": [125.3, 123.0, 113.9]}}, "data.mean.0", "number 1 is 125.3; it must be at most 1"),
        ({"data": {"excluded": [3, -1]}}, "data.excluded.1", "number 2 is -1; it must be at least 0"),
        ({"data": {"excluded": [3, 1.0]}}, "data.excluded.1", "number 2 is 1.0; it must be a whole number"),
        ({"data": {"excluded": [True]}}, "data.excluded.0", "number 1 is true; it must be a whole number"),
        ({"data": {"excluded": 3}}, "data.excluded", "a list of whole numbers, such as [4, 17]"),
        ({"data": {"excluded": [*range(100_001)]}}, "data.excluded", "a list of at most 100000 numbers"),
        ({"model": {"stem": "3x"}}, "model.stem", "did you mean '3x3'?"),
        ({"model": {"widhts": [1]}}, "model.widhts", "did you mean 'model.widths'?"),
        ({"model": 3}, "model", "an object of fields"),
        ({"training": {"batch_size": 1.5}}, "training.batch_size", "a whole number"),
        ({"training": {"batch_size": 1}}, "training.batch_size", "at least 2"),
        ({"training": {"learning_rate": 0}}, "training.learning_rate", "above 0"),
        ({"training": {"learning_rate": float("nan")}}, "training.learning_rate", "must be"),
        ({"training": {"device": "gpu"}}, "training.device", "cuda:<index>"),
        ({"training": {"horizontal_flip": "yes"}}, "training.horizontal_flip", "true or false"),
        ({"data": {"validation_fraction": 0.9}}, "data.validation_fraction", "at most 0.5"),
        ({"model": {"input_size": 8}, "training": {"crop_padding": 8}}, "training.crop_padding", "only 8 pixels"),
    ],
)
def test_an_error_names_field_and_what_is_allowed(tree: dict[str, object], field: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RunConfig.build(tree)
    assert field in caught.value.fields
    assert words in caught.value.fields[field]


def test_several_wrong_stages_are_one_sentence() -> None:
    with pytest.raises(ConfigError) as caught:
        RunConfig.build({"model": {"widths": [10**9, 16, 10**9]}})
    assert set(caught.value.fields) == {"model.widths.0", "model.widths.2"}
    assert str(caught.value) == "model.widths of stage 1 is 1000000000; it must be at most 8192"


def test_shortcut_a_cannot_narrow() -> None:
    with pytest.raises(ConfigError, match=r"model\.widths of stage 2 gives 32 channels after 64"):
        RunConfig.build({"model": {"shortcut": "A", "widths": [64, 32, 64]}})


@given(model_trees(), st.data())
def test_a_huge_model_is_refused_before_anything_is_allocated(
    tree: dict[str, object], data: st.DataObject
) -> None:
    stages = len(tree["blocks"])
    large = {
        "blocks": data.draw(st.lists(st.sampled_from([1, 3, 100, 1000]), min_size=stages, max_size=stages)),
        "widths": data.draw(st.lists(st.sampled_from([64, 1024, 8192]), min_size=stages, max_size=stages)),
        "num_classes": data.draw(st.sampled_from([10, 100_000])),
        "input_size": data.draw(st.sampled_from([32, 512])),
        "se_reduction": data.draw(st.sampled_from([0, 1, 16])),
    }
    try:
        config = parse(ModelConfig, tree | large, "model.")
    except ConfigError:
        return
    # Norms and biases, left out of the limit, are a hundredth at most.
    assert Architecture.of(config).parameters <= 1.01 * MAX_PARAMETERS


_WHOLE = st.integers(-2, 300)
_NUMBER = st.floats(-0.5, 12.0)
TRAINING_TREES = st.fixed_dictionaries(
    {},
    optional={
        "epochs": _WHOLE, "batch_size": _WHOLE, "accumulation": st.integers(-1, 40), "learning_rate": _NUMBER,
        "momentum": _NUMBER, "weight_decay": _NUMBER, "clip_norm": _NUMBER, "ema_decay": _NUMBER,
        "warmup_epochs": st.floats(-1, 40), "step_epochs": _WHOLE, "decay_factor": _NUMBER,
        "milestones": st.lists(st.floats(-0.2, 1.2), max_size=4), "crop_padding": _WHOLE,
        "random_erasing": _NUMBER, "mixup": _NUMBER, "cutmix": _NUMBER, "label_smoothing": _NUMBER,
        "patience": _WHOLE, "optimizer": st.sampled_from(["sgd", "adamw", "muon", "sgdd"]),
        "schedule": st.sampled_from(["constant", "step", "multi-step", "cosine", "one-cycle", "cos"]),
    },
)  # fmt: skip


@given(TRAINING_TREES)
def test_a_way_to_train_is_either_refused_by_field_or_survives_json(tree: dict[str, object]) -> None:
    """What is let through makes sense: parts of at least two images, a warm-up that ends, rates that are rates."""
    refused: dict[str, str] = {}
    try:
        config = RunConfig.build({"training": tree})
    except ConfigError as error:
        refused = error.fields
    if refused:
        for field, sentence in refused.items():
            assert field.removeprefix("training.").split(".")[0] in TrainingConfig.model_fields
            assert sentence.startswith("training.")
        return
    assert RunConfig.from_json(config.model_dump_json()) == config
    training = config.training
    assert training.part_size * training.accumulation == training.batch_size
    assert training.part_size >= 2
    rates = [learning_rate(training, step, 7) for step in range(min(7 * training.epochs, 500))]
    assert all(0 <= rate <= training.learning_rate * (1 + 1e-9) for rate in rates)


@pytest.mark.parametrize(
    ("tree", "field", "words"),
    [
        ({"batch_size": 128, "accumulation": 3}, "accumulation", "is 3; it must divide batch_size, which is 128"),
        ({"batch_size": 4, "accumulation": 4}, "accumulation", "leaves 1 image to a part"),
        ({"epochs": 5, "warmup_epochs": 5}, "warmup_epochs", "must be below epochs, which is 5"),
        ({"milestones": [0.7, 0.5]}, "milestones", "every share must be above the one before"),
        ({"batch_size": 1, "mixup": 0.2}, "batch_size", "is 1; it must be at least 2"),
        ({"ema_decay": 1.0}, "ema_decay", "below 1"),
        ({"label_smoothing": 1}, "label_smoothing", "below 1"),
        ({"optimizer": "adamv"}, "optimizer", "did you mean 'adam"),
    ],
)
def test_settings_of_training_that_make_no_sense_are_refused(
    tree: dict[str, object], field: str, words: str
) -> None:
    with pytest.raises(ConfigError) as error:
        RunConfig.build({"training": tree})
    assert words in error.value.fields[f"training.{field}"]


@pytest.mark.parametrize("text", ["[" * 100_000, "1" * 5_000, "{", "[1]", "3"])
def test_hostile_json_is_refused_in_words(text: str) -> None:
    for read in (model_from_json, RunConfig.from_json):
        with pytest.raises(UserError, match="the clipboard"):
            read(text, "the clipboard")
    assert parse_assignments([f"model.widths={text}"])


def test_usual_strides_are_one_network() -> None:
    assert ModelConfig(strides=(1, 2, 2)) == ModelConfig()
    assert ModelConfig(strides=(1, 1, 2)).stage_strides == (1, 1, 2)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"frozen_stages": 1}, "random weights would never be trained"),
        ({"frozen_stages": 4, "weights": "w.pt"}, "the network has only 3 stages"),
        ({"unfreeze_every": 2, "weights": "w.pt"}, "nothing is frozen"),
        ({"backbone_rate": 0}, "above 0"),
    ],
)
def test_fine_tuning_that_makes_no_sense_is_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        RunConfig.build({"fine_tuning": values})


@given(st.lists(st.integers(0, 2**70) | st.integers(0, 20), max_size=40))
def test_images_that_are_left_out_are_sorted_and_survive_json(numbers: list[int]) -> None:
    config = RunConfig().with_values({"data.excluded": numbers})
    assert config.data.excluded == tuple(sorted(set(numbers)))
    assert RunConfig.from_json(config.model_dump_json()) == config
    assert RunConfig().with_values(parse_assignments([f"data.excluded={numbers}"])) == config


def test_a_configuration_of_before_leaves_nothing_out() -> None:
    tree = json.loads(RunConfig().model_dump_json())
    del tree["data"]["excluded"]
    assert RunConfig.build(tree) == RunConfig()


def test_config_is_frozen() -> None:
    with pytest.raises(ValidationError):
        RunConfig().training.epochs = 3  # type: ignore[misc]


def test_dotted_values_replace_fields() -> None:
    values = parse_assignments(["model.widths=[8,8,8]", "model.stem=7x7", "training.learning_rate=0.05"])
    config = RunConfig().with_values(values)
    assert config.model.widths == (8, 8, 8)
    assert config.model.stem == "7x7"
    assert config.training.learning_rate == 0.05


@pytest.mark.parametrize("key", ["learning_rate", "training.lerning_rate"])
def test_a_wrong_key_gets_the_nearest_one(key: str) -> None:
    with pytest.raises(UserError, match=r"did you mean 'training\.learning_rate'\?"):
        RunConfig().with_values({key: 1})


def test_an_assignment_without_equals_is_refused() -> None:
    with pytest.raises(UserError, match="KEY=VALUE"):
        parse_assignments(["training.epochs"])


def test_a_file_that_is_not_json_is_named() -> None:
    with pytest.raises(UserError, match=r"run\.json is not JSON"):
        RunConfig.from_json("{", "run.json")


def test_every_field_explains_itself() -> None:
    assert [name for name in field_names() if not help_of(name)] == []


def test_json_holds_plain_values() -> None:
    tree = json.loads(RunConfig().model_dump_json())
    assert tree["model"]["widths"] == [16, 32, 64]
    assert parse(ModelConfig, tree["model"]) == ModelConfig()


ANY_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.sampled_from(field_names()),
    st.one_of(
        ANY_VALUES,
        st.integers(4_000, 100_000).map(lambda length: "x" * length),
        st.integers(4_000, 100_000).map(lambda length: [1] * length),
        st.integers(1_000, 4_000).map(lambda digits: 10**digits),
        st.just("\udce9\n\0"),
    ),
)
def test_no_value_makes_a_sentence_long_or_shows_pythons_words(field: str, value: object) -> None:
    sentences: dict[str, str] = {}
    try:
        RunConfig().with_values({field: value})
    except ConfigError as error:
        sentences = error.fields
    for sentence in sentences.values():
        assert len(sentence) < 400
        assert sentence.isprintable()
        assert not re.search(r"<class|<_io|NoneType|\[Errno|object at 0x", sentence)


@given(st.dictionaries(st.text(max_size=20), ANY_VALUES, max_size=4))
def test_any_tree_is_a_configuration_or_is_refused_in_a_sentence(tree: dict[str, object]) -> None:
    for each in (tree, {"model": tree}, {"training": tree, "config": tree}):
        sentence = "allowed"
        try:
            RunConfig.build(each)
            model_from_json(json.dumps(each), "the clipboard")
        except UserError as error:
            sentence = str(error)
        assert 0 < len(sentence) < 4000
        assert sentence.isprintable()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "the clipboard is not JSON: it is nested too deeply"),
        ('{"model": ' + "9" * 5000 + "}", "the clipboard is not JSON: a number in it has thousands of digits"),
        ("[1]", "the clipboard holds [1]; expected an object of fields"),
        ("null", "the clipboard holds null; expected an object of fields"),
        ("{", "the clipboard is not JSON: expecting property name"),
        ('{"model": {"²": 1}}', "model.² is not a known field"),
        ('{"model": {"5": 1}}', "model.5 is not a known field"),
        ('{"blocks": {"a": 1}}', "model.blocks is {'a': 1}; it must be a list"),
    ],
)
def test_odd_json_is_refused_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(UserError, match=re.escape(words)):
        model_from_json(text, "the clipboard")


@pytest.mark.parametrize("device", ["cuda:100", "cuda:007", "cuda:\u0663", "cuda:" + "9" * 10_000, "cuda:-1"])
def test_torch_gets_no_device_that_it_would_misread(device: str) -> None:
    with pytest.raises(ConfigError, match=r"training\.device is 'cuda:.*it must be auto, cpu, cuda"):
        RunConfig().with_values({"training.device": device})
