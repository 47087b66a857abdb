"""Wrong input on the command line: one sentence, exit 2, nothing lost. Each command in a process of its own."""

import json
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.commands import TINY, call, command, refused
from tests.programs import END_S, ENDING, started, wait_for_checkpoint
from tests.run_writer import Writer
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.resources import resource_path


@pytest.fixture
def trained(home: Home, trained_home: tuple[Home, str]) -> str:
    """A run of two epochs in a home that is the test's own."""
    shutil.copytree(trained_home[0].root, home.root, dirs_exist_ok=True)
    return trained_home[1]


def test_train_prints_one_json_document_and_the_run_is_there(home: Home, image_folder: Path) -> None:
    done = call(home, "train", *TINY, "--data", str(image_folder), "--epochs", "2", "--name", "mine", "--json")
    assert done.returncode == 0
    assert done.stderr == ""
    result = json.loads(done.stdout)
    wanted = {
        "run", "status", "epochs", "steps", "seconds", "images_per_s", "train_loss", "train_accuracy",
        "validation_loss", "validation_accuracy", "test_loss", "test_accuracy", "best_epoch", "device",
        "precision",
    }  # fmt: skip
    assert wanted <= set(result)
    assert (result["status"], result["epochs"], result["steps"]) == ("finished", 2, 12)
    listed = json.loads(call(home, "runs", "list", "--json").stdout)
    assert [run["run"] for run in listed] == [result["run"]]
    shown = json.loads(call(home, "runs", "show", "latest", "--json").stdout)
    assert shown["name"] == "mine"
    assert len(shown["history"]) == 2
    assert shown["config"]["training"]["epochs"] == 2


def test_the_gradients_of_a_run_are_shown(home: Home, trained: str) -> None:
    shown = json.loads(call(home, "runs", "show", trained, "--json").stdout)["gradients"]
    blocks = [f"layer{stage}.0.conv{number}" for stage in (1, 2) for number in (1, 2)]
    assert shown["layers"] == ["conv1", *blocks, "layer2.0.downsample.0", "fc"]
    first = shown["samples"][0]
    assert (first["step"], first["epoch"]) == (1, 1)
    assert all(norm > 0 for norm in first["norms"])
    assert len(first["norms"]) == len(shown["layers"])
    table = call(home, "runs", "show", trained).stdout
    rows = [line.split() for line in table[table.index("gradient norm") :].split("\n")]
    assert rows[0][:4] == ["gradient", "norm", "step", "1"]
    expected = first["norms"][1:3]
    stage_1 = next(float(row[2]) for row in rows if row[:2] == ["stage", "1"])
    assert stage_1 == pytest.approx((expected[0] ** 2 + expected[1] ** 2) ** 0.5, rel=0.06)
    assert "the gradient of stage 2 at step" in table


def test_of_many_gradients_the_first_the_last_and_some_between_are_shown(home: Home) -> None:
    writer = Writer(home)
    writer.start()
    for step in range(1, 400, 2):
        writer.gradients(step)
    writer.store.finish(writer.id, "stopped")
    writer.store.close()
    shown = json.loads(call(home, "runs", "show", "latest", "--json").stdout)["gradients"]["samples"]
    steps = [sample["step"] for sample in shown]
    assert len(steps) == 52
    assert (steps[0], steps[-1]) == (1, 399)
    assert max(late - early for early, late in pairwise(steps)) <= 10
    assert shown[0]["norms"][0] is None, "frozen"
    lines = call(home, "runs", "show", "latest").stdout.split("\n")
    assert any(line.split() == ["gradient", "norm", "step", "1", "step", "201", "step", "399"] for line in lines)
    assert any(line.split() == ["stem", "frozen", "frozen", "frozen"] for line in lines)


def test_without_gradients_there_is_no_table_of_them(home: Home) -> None:
    writer = Writer(home)
    writer.store.finish(writer.id, "stopped")
    writer.store.close()
    done = call(home, "runs", "show", "latest", "--json")
    assert json.loads(done.stdout)["gradients"]["samples"] == []
    assert "gradient norm" not in call(home, "runs", "show", "latest").stdout


def test_without_a_split_validation_is_null(home: Home, image_folder: Path) -> None:
    done = call(
        home, "train", *TINY, "--data", str(image_folder), "--epochs", "1", "--set", "data.validation_fraction=0",
        "--json",
    )  # fmt: skip
    result = json.loads(done.stdout)
    assert result["validation_loss"] is None
    assert result["validation_accuracy"] is None


def test_evaluate_agrees_with_training(home: Home, trained: str) -> None:
    evaluation = json.loads(call(home, "evaluate", trained, "--json").stdout)
    run = json.loads(call(home, "runs", "show", trained, "--json").stdout)
    assert evaluation["accuracy"] == pytest.approx(run["test_accuracy"], abs=0.03)
    assert sum(map(sum, evaluation["confusion"])) == evaluation["images"] == 36
    assert len(evaluation["per_class"]) == 3


def test_resume_to_more_epochs(home: Home, trained: str) -> None:
    assert "it goes on for more than 2" in refused(call(home, "resume", trained))
    done = call(home, "resume", trained[:5], "--epochs", "3", "--json")
    assert json.loads(done.stdout)["epochs"] == 3


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_stops_saves_and_can_be_resumed(home: Home, image_folder: Path, number: signal.Signals) -> None:
    process = started(home, "train", *TINY, "--data", str(image_folder), "--epochs", "5000", "--json")
    wait_for_checkpoint(home, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=END_S)
    assert process.returncode == 0
    result = json.loads(out)
    assert result["status"] == "stopped"
    assert f"resume {result['run']}" in err
    store = RunStore(home)
    done = len(store.run(result["run"]).epochs)
    store.close()
    resumed = json.loads(call(home, "resume", "latest", "--epochs", str(done + 1), "--json").stdout)
    assert resumed["epochs"] == done + 1
    assert resumed["status"] == "finished"


def test_a_killed_run_is_interrupted_and_can_be_resumed(home: Home, image_folder: Path) -> None:
    arguments = ("train", *TINY, "--data", str(image_folder), "--epochs", "5000", "--json")
    process = subprocess.Popen(command(home, *arguments), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 100
    while not list(home.runs.glob("*/checkpoints/best.json")):
        assert time.monotonic() < deadline, "no checkpoint came"
    process.kill()
    process.wait()
    (run,) = json.loads(call(home, "runs", "list", "--json").stdout)
    assert run["status"] == "interrupted"
    epochs = str(run["epochs"] + 2)
    assert json.loads(call(home, "resume", "latest", "--epochs", epochs, "--json").stdout)["status"] == "finished"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--model", "resnet20b"], "model 'resnet20b' is not known (did you mean 'resnet20-b'?)"),
        (["train", "--recipe", "quik"], "did you mean 'quick'"),
        (["train", "--set", "training.lr=1"], "training.lr is not a known field"),
        (["train", "--set", "training.learnin_rate=1"], "did you mean 'training.learning_rate'"),
        (["train", "--set", "model.blocks=[1,0,1]"], "model.blocks of stage 2 is 0; it must be at least 1"),
        (["train", "--epochs", "0"], "training.epochs is 0; it must be at least 1"),
        (["train", "--epochs", "many"], "training.epochs is 'many'; it must be a whole number"),
        (["train", "--data", "/nowhere"], "data.source is '/nowhere', but there is no such file"),
        (["train", "--device", "cuda:99"], "training.device is 'cuda:99', but this machine has"),
        (["train", "--device", "tpu"], "training.device is 'tpu'; it must be auto"),
        (["train", "--weights", "/nowhere.pt"], "fine_tuning.weights is '/nowhere.pt', but there is no such file"),
        (["train", "--config", "/nowhere.json"], "cannot read the configuration /nowhere.json"),
        (["resume", "latest"], "there are no runs yet"),
        (["evaluate"], "either RUN or --weights"),
        (["evaluate", "--weights", "x.pt"], "--weights needs --model"),
        (["export", "--output", "x.py"], "either RUN or --model"),
        (["export", "latest", "--output", "x.py"], "there are no runs yet"),
        (["export", "--model", "resnet8", "--output", "x.txt"], "the name must end in .py"),
        (["export", "--model", "resnet8", "--output", "x.py", "--format", "onx"], "(did you mean 'onnx'?)"),
        (
            ["export", "--model", "resnet8", "--output", "x.py", "--recipe", "quick"],
            "give it with --with-training",
        ),
        (["export", "latest", "--output", "x.py", "--recipe", "quick"], "give it without --recipe"),
        (["export", "latest", "--output", "x.py", "--data", "sample"], "give it without --data"),
        (
            ["export", "--model", "resnet8", "--output", "my-x.py", "--with-training"],
            "its script imports the network as 'my-x'",
        ),
        (
            ["export", "--model", "resnet8", "--output", "x.py", "--with-training", "--data", "/nowhere"],
            "data.source is '/nowhere', but there is no such file",
        ),
        (
            [
                "export",
                "--model",
                "resnet8",
                "--output",
                "x.py",
                "--with-training",
                "--set",
                "fine_tuning.weights=torchvision",
            ],
            "fine_tuning.weights is 'torchvision', but training as code begins with random weights",
        ),
        (
            ["describe", "--model", "resnet8", "--set", "model.widths=[-1,1,1]"],
            "stage 1 is -1; it must",
        ),
        (["describe", "--model", "resnet8", "--set", "model.blocks=[]"], "a list of at least 1 stage"),
        (["train", "--weights", "torchvision"], "torchvision has no such network"),
        (["runs", "show", "abc"], "run 'abc' is not known"),
        (["describe", "--model", "resnet8", "--set", "model.widths=[1,2]"], "has 2 stages but blocks has 3"),
        (["frobnicate"], "frobnicate"),
        (["train", "--nonsense"], "--nonsense"),
    ],
)
def test_one_sentence_and_exit_2(home: Home, arguments: list[str], words: str) -> None:
    done = call(home, *arguments)
    assert words in refused(done)
    assert done.stdout == ""
    store = RunStore(home)
    assert store.runs() == []
    store.close()


def test_a_batch_larger_than_the_data(home: Home, image_folder: Path) -> None:
    done = call(home, "train", *TINY, "--data", str(image_folder), "--set", "training.batch_size=500", "--json")
    assert "training.batch_size is 500; it must be at most 108" in refused(done)
    # What could not begin leaves nothing behind.
    assert json.loads(call(home, "runs", "list", "--json").stdout) == []
    assert list(home.runs.iterdir()) == []


def test_a_cut_archive(home: Home, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tar.xz"
    cut.write_bytes(resource_path("data/cifar10-sample.tar.xz").read_bytes()[:100_000])
    done = call(home, "train", *TINY, "--data", str(cut))
    assert done.returncode == 2
    assert f"cannot read {cut}" in done.stderr


def test_an_empty_archive(home: Home, tmp_path: Path) -> None:
    empty = tmp_path / "empty.tar"
    tarfile.open(empty, "w").close()
    done = call(home, "train", *TINY, "--data", str(empty))
    assert done.returncode == 2
    assert "at least 2 are needed, in the layout train/<class>/<image>" in done.stderr


@pytest.mark.parametrize("keep", [0.0, 0.5])
def test_a_cut_checkpoint(home: Home, trained: str, keep: float) -> None:
    for path in (home.runs / trained / "checkpoints").glob("step-*.pt"):
        path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    sentence = refused(call(home, "resume", trained, "--epochs", "9"))
    assert "is damaged" in sentence
    refused(call(home, "evaluate", trained))
    (run,) = json.loads(call(home, "runs", "list", "--json").stdout)
    assert (run["status"], run["epochs"]) == ("finished", 2)


def test_a_checkpoint_of_another_network(sample_home: Home, trained: str) -> None:
    weights = next((sample_home.runs / trained / "checkpoints").glob("step-*.pt"))
    done = call(sample_home, "evaluate", "--weights", str(weights), "--model", "resnet20", "--data", "sample")
    assert f"{weights} is of another network" in refused(done)
    done = call(sample_home, "train", "--model", "resnet8", "--weights", str(weights), "--epochs", "1")
    assert f"{weights} is of another network" in refused(done)


def test_a_text_as_weights(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "notes.pt"
    path.write_text("dear diary")
    done = call(home, "evaluate", "--weights", str(path), "--model", "resnet8", "--data", "sample")
    assert f"cannot read weights from {path}" in refused(done)


@pytest.mark.parametrize("arguments", [["train"], ["runs", "list"], ["resume", "latest"]])
def test_a_home_that_cannot_be_written(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "file").write_text("precious")
    sentence = refused(call(Home(tmp_path / "file"), *arguments))
    assert f"the home folder {tmp_path / 'file'} cannot be written" in sentence
    assert (tmp_path / "file").read_text() == "precious"


def test_a_newer_database(home: Home) -> None:
    import sqlite3

    with sqlite3.connect(home.database) as database:
        database.execute("PRAGMA user_version=999")
    database.close()
    assert "newer workbench" in refused(call(home, "runs", "list"))


def test_names_are_text_not_markup(home: Home, image_folder: Path) -> None:
    name = "try [/b] [red] :fire:"
    done = call(home, "train", *TINY, "--data", str(image_folder), "--epochs", "1", "--name", name)
    assert done.returncode == 0, done.stderr
    listed = call(home, "runs", "list")
    assert listed.returncode == 0
    assert name in listed.stdout
    assert json.loads(call(home, "runs", "list", "--json").stdout)[0]["name"] == name


def test_a_runs_own_config_can_be_trained_again(home: Home, trained: str) -> None:
    config = home.runs / trained / "config.json"
    done = call(home, "train", "--config", str(config), "--epochs", "1", "--json")
    assert json.loads(done.stdout)["epochs"] == 1
    assert "--config holds model" in refused(call(home, "train", "--config", str(config), "--model", "resnet8"))


def test_a_run_is_exported_and_classifies_without_the_workbench(home: Home, trained: str, tmp_path: Path) -> None:
    done = call(home, "export", trained, "--format", "python", "--output", str(tmp_path / "net.py"), "--json")
    assert json.loads(done.stdout)["files"] == [str(tmp_path / "net.py"), str(tmp_path / "net.pt")]
    image = resource_path("data/example.png")
    said = subprocess.run(
        [sys.executable, "-I", str(tmp_path / "net.py"), str(image)], capture_output=True, text=True, check=True
    )
    assert "%" in said.stdout


def test_a_network_is_exported_with_its_training(home: Home, image_folder: Path, tmp_path: Path) -> None:
    """The script trains from any folder, and goes over no file."""
    network, script = tmp_path / "net.py", tmp_path / "net_train.py"
    # It finds its device when it is run.
    tiny = [argument for argument in TINY if argument not in ("--device", "cpu")]
    done = call(
        home, "export", "--model", "resnet8", "--recipe", "kuangliu", *tiny, "--data", str(image_folder),
        "--output", str(network), "--with-training", "--json",
    )  # fmt: skip
    assert json.loads(done.stdout)["files"] == [str(network), str(script)]
    command = [sys.executable, str(script), "--epochs", "1", "--workers", "1"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    trained = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, timeout=120)
    assert (trained.returncode, trained.stderr) == (0, "")
    assert trained.stdout.startswith("epoch 1: loss ")
    weights = tmp_path / "net_trained.pt"
    assert trained.stdout.splitlines()[-1] == f"The weights are in {weights}"
    before = weights.read_bytes()
    again = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, timeout=120)
    assert again.returncode == 2
    assert "is there already; move it or give another --output" in again.stderr
    assert weights.read_bytes() == before
    assert list(elsewhere.iterdir()) == []


def test_a_run_is_exported_with_its_training(home: Home, trained: str, tmp_path: Path) -> None:
    done = call(home, "export", trained, "--with-training", "--output", str(tmp_path / "net.py"))
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.glob("net*")) == ["net.pt", "net.py", "net_train.py"]
    said = subprocess.run(
        [sys.executable, str(tmp_path / "net_train.py"), "--help"], capture_output=True, text=True, timeout=120
    )
    assert "Trains " in said.stdout


def test_models_and_describe_agree(home: Home) -> None:
    listed = {m["name"]: m for m in json.loads(call(home, "models", "--json").stdout)}
    described = json.loads(call(home, "describe", "--model", "resnet20", "--json").stdout)
    assert described["parameters"] == listed["resnet20"]["parameters"] == 269_722
    assert sum(layer["macs"] for layer in described["layers"]) == listed["resnet20"]["macs"]


def test_doctor_says_what_is_there(home: Home) -> None:
    topics = {finding["topic"] for finding in json.loads(call(home, "doctor", "--json").stdout)}
    assert {"torch", "device", "precision", "display", "home", "disk"} <= topics


def test_a_model_with_a_bad_stem_is_warned_of(home: Home) -> None:
    done = call(home, "describe", "--model", "resnet18-imagenet")
    assert done.returncode == 0
    assert "94%" in done.stderr


def test_a_short_run_that_diverged_says_so(home: Home, image_folder: Path) -> None:
    arguments = ("--data", str(image_folder), "--epochs", "1", "--set", "training.schedule=constant")
    done = call(home, "train", *TINY, *arguments, "--set", "training.learning_rate=100")
    assert done.returncode == 2
    assert re.search(r"error: the loss was [\de.+]+ on average of the last 3 steps", done.stderr)
    assert "choose a smaller training.learning_rate, such as 10" in done.stderr
    assert json.loads(call(home, "runs", "show", "latest", "--json").stdout)["status"] == "failed"


def test_a_run_is_found_by_a_name_that_only_one_has(home: Home, trained: str, image_folder: Path) -> None:
    names = ("twice", "mine", "twice")
    for name in names:
        call(home, "train", *TINY, "--data", str(image_folder), "--epochs", "1", "--name", name)
    shown = json.loads(call(home, "runs", "show", "mine", "--json").stdout)
    assert (shown["name"], shown["run"]) != ("mine", trained)
    assert shown["name"] == "mine"
    assert "run 'twice' is not unique: " in refused(call(home, "runs", "show", "twice"))
    assert "the run's name is 'latest', which means" in refused(call(home, "train", "--name", "latest"))
    assert "run 'min' is not known" in refused(call(home, "runs", "show", "min"))


def test_where_nothing_chooses_the_last_epoch_is_called_so(home: Home, image_folder: Path) -> None:
    arguments = ("--data", str(image_folder), "--epochs", "3", "--set", "data.validation_fraction=0")
    done = call(home, "train", *TINY, *arguments)
    assert "last epoch 3: test accuracy" in done.stdout
    rows = [line for line in done.stderr.split("\n") if re.match(r" +\d ", line)]
    assert [line.split()[-1] for line in rows] == [rows[0].split()[-1], rows[1].split()[-1], "last"]
    assert "best" not in done.stdout + done.stderr
    shown = call(home, "runs", "show", "latest").stdout
    assert shown.count("last\n") + shown.count("last \n") == 1
    assert "best" not in shown
    document = json.loads(call(home, "runs", "show", "latest", "--json").stdout)
    assert [epoch["best"] for epoch in document["history"]] == [False] * 3
    assert document["best_epoch"] == 3


def test_a_class_that_is_never_said_has_a_dash(home: Home, image_folder: Path) -> None:
    """Before it has learned anything, a network says one class of all images."""
    call(
        home, "train", *TINY, "--data", str(image_folder), "--epochs", "1", "--set", "training.learning_rate=1e-9"
    )
    done = call(home, "evaluate", "latest")
    assert "nan" not in done.stdout
    document = json.loads(call(home, "evaluate", "latest", "--json").stdout)
    unsaid = [row["name"] for row in document["per_class"] if row["precision"] is None]
    assert unsaid
    rows = [line.split() for line in done.stdout.split("\n") if line.split()[:1] == unsaid[:1]]
    assert rows[0][1] == "–"


def test_sentences_are_whole_where_nobody_looks(home: Home, image_folder: Path) -> None:
    arguments = ("--data", str(image_folder), "--epochs", "1", "--set", "data.validation_fraction=0.001")
    said = call(home, "train", *TINY, *arguments).stderr.split("\n")
    (warning,) = (line for line in said if line.startswith("warning: data.validation_fraction"))
    assert warning.endswith("nothing is held out, and the last epoch is the one that counts")


def test_recipes_and_fields_are_listed(home: Home) -> None:
    listed = json.loads(call(home, "recipes", "--json").stdout)
    assert [each["name"] for each in listed][:1] == ["quick"]
    assert "normalization cifar10-per-image" in " ".join(call(home, "recipes").stdout.split())
    shown = json.loads(call(home, "recipes", "kuangliu", "--json").stdout)["fields"]
    assert (shown["training.learning_rate"], shown["data.validation_fraction"]) == (0.1, 0.0)
    assert shown["model.initialization"] == "pytorch"
    table = {line.split()[0]: line.split()[1:] for line in call(home, "recipes", "kuangliu").stdout.split("\n")
             if line.startswith((" training.", " data.", " model."))}  # fmt: skip
    assert table["training.schedule"] == ["cosine"]
    assert table["training.momentum"] == ["0.9", "usual"]
    assert set(table) == set(shown)
    assert "did you mean 'kuangliu'" in refused(call(home, "recipes", "kuanglu"))
    fields = json.loads(call(home, "fields", "--json").stdout)
    assert {"key": "model.norm", "default": "batch", "allowed": "batch, group, none"}.items() <= next(
        field for field in fields if field["key"] == "model.norm"
    ).items()
    assert "training.rotation" in call(home, "fields", "degrees").stdout
    assert "No field speaks of hovercraft" in call(home, "fields", "hovercraft").stdout


def test_weights_that_say_nothing_are_tried(home: Home, trained: str, tmp_path: Path) -> None:
    output = tmp_path / "net.py"
    assert call(home, "export", trained, "--output", str(output)).returncode == 0
    source = json.loads(call(home, "runs", "show", trained, "--json").stdout)["source"]
    arguments = ("evaluate", "--weights", str(output.with_suffix(".pt")), "--model", "resnet8", *TINY[:6],
                 "--set", "model.num_classes=3", "--data", source)  # fmt: skip
    warned = call(home, *arguments)
    assert "net.pt does not say how its images were normalized; cifar10 is taken" in warned.stderr
    assert json.loads(call(home, *arguments, "--json").stdout)["warnings"]
    silent = call(home, *arguments, "--set", "data.normalization=cifar10")
    assert silent.stderr == ""
    tried = json.loads(call(home, *arguments, "--try-normalizations", "--json").stdout)
    assert len(tried["tried"]) == 6
    assert tried["best"] == tried["tried"][0]["name"]
    assert "fits best" in call(home, *arguments, "--try-normalizations").stdout
    assert "without --model, --set and --try" in refused(call(home, "evaluate", trained, "--try-normalizations"))
