"""Source text of the loop itself: training, counting right answers, and the command line."""

from collections.abc import Iterator

from workbench.core.export import optimizer_code, schedule_code
from workbench.core.export.augmentation_code import mixing_code
from workbench.core.export.calls import call, indented
from workbench.core.export.training_script import TrainingScript

_UPDATE_AVERAGE = '''\
@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, step: int) -> None:
    """Pull the average a little towards the weights (Polyak 1992)."""
    # A young average forgets faster: the weights of the first steps shall not stay in it.
    decay = min(DECAY, (1 + step) / (10 + step))
    for mean, value in zip(average.state_dict().values(), network.state_dict().values()):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)'''

_MAIN = """\
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
DATA_LINES
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=2, help="processes that read images")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="file for the weights")
    options = parser.parse_args()
    if options.output.exists():
        parser.error(f"{options.output} is there already; move it or give another --output")
    train(**vars(options))"""

END = 'if __name__ == "__main__":\n    main()'

_DATA_HELP = {
    "cifar10": "folder for CIFAR-10",
    "cifar100": "folder for CIFAR-100",
    "folder": "folder with train and test",
    "archive": "archive or folder with train and test",
}


def loop_code(script: TrainingScript) -> list[str]:
    """Definitions, from optimizer and schedule to `main`."""
    ema = repr(script.training.ema_decay)
    return [
        *optimizer_code.optimizer_code(script.training),
        *schedule_code.schedule_code(script.training),
        *([_UPDATE_AVERAGE.replace("DECAY", ema)] if script.training.ema_decay else []),
        _accuracy(script),
        _train(script),
        _main(script),
    ]


def _main(script: TrainingScript) -> str:
    about = f'help="{_DATA_HELP[script.images.kind]}"'
    lines = call("    parser.add_argument", ['"--data"', "type=Path", "default=DATA", about])
    return _MAIN.replace("DATA_LINES", "\n".join(lines))


def _accuracy(script: TrainingScript) -> str:
    logits = _autocast(script, ["logits = network(images.to(DEVICE))"])
    return "\n".join(
        [
            "@torch.inference_mode()",
            "def accuracy(network: nn.Module, loader: DataLoader) -> float:",
            '    """The share of images whose class the network says."""',
            "    network.eval()",
            "    right = 0",
            "    for images, labels in loader:",
            *indented(logits, 2),
            "        right += (logits.argmax(1).cpu() == labels).sum().item()",
            "    return right / len(loader.dataset)",
        ]
    )


def _autocast(script: TrainingScript, lines: list[str]) -> list[str]:
    """With convolutions in bf16, if the recipe wants it."""
    match script.training.precision:
        case "fp32":
            return lines
        case "bf16":
            return ["with torch.autocast(DEVICE.type, torch.bfloat16):", *indented(lines)]
        case "auto":
            return ["with torch.autocast(DEVICE.type, torch.bfloat16, enabled=BF16):", *indented(lines)]


def _train(script: TrainingScript) -> str:
    head = (
        "def train(data: Path, epochs: int, seed: int, workers: int, output: Path) -> list[float]:\n"
        '    """Train the network, save its weights, and return the loss of every step."""'
    )
    return "\n".join([head, *indented([*_preparation(script), *_epochs(script), *_end(script)])])


def _preparation(script: TrainingScript) -> Iterator[str]:
    training = script.training
    if training.deterministic:
        yield "# Only algorithms that give the same result every time."
        yield 'os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")'
        yield "torch.use_deterministic_algorithms(True)"
    if training.precision == "fp32":
        yield "# In full precision on a GPU too, which else rounds the factors of convolutions to 10 bits."
        yield "torch.backends.cudnn.allow_tf32 = False"
    yield "torch.manual_seed(seed)"
    yield "network = build().to(DEVICE)"
    yield from _copies(script)
    names = ["train_loader", *(["validation_loader"] if script.holds_out else []), "test_loader"]
    yield f"{', '.join(names)} = loaders(data, seed, workers)"
    smoothing = f"label_smoothing={training.label_smoothing!r}" if training.label_smoothing else ""
    yield f"criterion = nn.CrossEntropyLoss({smoothing})"
    moves = schedule_code.moves(training) != "never"
    values = {"epochs": "epochs", "steps_per_epoch": "len(train_loader)"}
    lengths = [values[name] for name in schedule_code.lengths(training)]
    if optimizer_code.has_many(training):
        yield "optimizers = make_optimizers(network)"
        if moves:
            yield f"schedulers = [make_scheduler({', '.join(['each', *lengths])}) for each in optimizers]"
    else:
        yield "optimizer = make_optimizer(network)"
        if moves:
            yield f"scheduler = make_scheduler({', '.join(['optimizer', *lengths])})"
    yield from mixing_code(script)
    yield "losses: list[float] = []"
    if script.holds_out:
        yield "best_accuracy, best_epoch = -1.0, 0"


def _copies(script: TrainingScript) -> Iterator[str]:
    """Of the network: its average, and what the compiler makes of it."""
    if script.training.ema_decay:
        yield "# What is evaluated and saved: a moving average of the weights."
        yield "average = copy.deepcopy(network)"
    match script.training.compile:
        case "off":
            pass
        case "on":
            yield "# Slow at the first step, then faster."
            yield "compiled = torch.compile(network)"
        case "cuda-graphs":
            mode = "" if script.training.accumulation > 1 else ', mode="reduce-overhead"'
            yield "# Slow at the first step, then faster."
            yield f'compiled = torch.compile(network{mode}) if DEVICE.type == "cuda" else network'


def _epochs(script: TrainingScript) -> Iterator[str]:
    training = script.training
    yield "for epoch in range(1, epochs + 1):"
    body = [
        "network.train()",
        "right = seen = 0",
        "for images, labels in train_loader:",
        *indented(_step(script)),
    ]
    if schedule_code.moves(training) == "each epoch":
        body += _each(script, "scheduler")
    body += [
        "mean_loss = sum(losses[-len(train_loader) :]) / len(train_loader)",
        'print(f"epoch {epoch}: loss {mean_loss:.3f}, accuracy {right / seen:.1%}", end=", ")',
    ]
    evaluated = "average" if training.ema_decay else "network"
    if not script.holds_out:
        body.append(f'print(f"test {{accuracy({evaluated}, test_loader):.1%}}")')
    else:
        body += _choice(script, evaluated)
    yield from indented(body)


def _step(script: TrainingScript) -> Iterator[str]:
    training = script.training
    yield "images, labels = images.to(DEVICE), labels.to(DEVICE)"
    if script.mixes:
        yield "images, labels = mix(images, labels)"
    # Of Muon, the optimizers know matrices, not the weights that have the gradients.
    yield "network.zero_grad()" if optimizer_code.has_many(training) else "optimizer.zero_grad()"
    loss = "loss.item()"
    if training.accumulation == 1:
        yield from _backward(script, "images", "labels")
    else:
        loss = "step_loss"
        size = training.part_size
        yield "# One part after the other needs less memory; their gradients add up."
        yield "step_loss = 0.0"
        yield f"for part, part_labels in zip(images.split({size}), labels.split({size})):"
        yield from indented(_backward(script, "part", "part_labels"))
    if training.clip_norm:
        yield f"nn.utils.clip_grad_norm_(network.parameters(), {training.clip_norm!r})"
    yield from _each(script, "optimizer")
    if schedule_code.moves(training) == "each step":
        yield from _each(script, "scheduler")
    if training.ema_decay:
        yield "update_average(average, network, len(losses))"
    yield f"losses.append({loss})"
    yield "seen += len(labels)"


def _backward(script: TrainingScript, images: str, labels: str) -> Iterator[str]:
    training = script.training
    network = "network" if training.compile == "off" else "compiled"
    yield from _autocast(script, [f"logits = {network}({images})"])
    logits = "logits" if training.precision == "fp32" else "logits.float()"
    share = "" if images == "images" else f" * (len({images}) / len(images))"
    yield f"loss = criterion({logits}, {labels}){share}"
    yield "loss.backward()"
    if share:
        yield "step_loss += loss.item()"
    if script.mixes:
        yield "# A mixed image counts by its share of the class that is said."
        yield f"right += {labels}.gather(1, logits.argmax(1, keepdim=True)).sum().item()"
    else:
        yield f"right += (logits.argmax(1) == {labels}).sum().item()"


def _each(script: TrainingScript, what: str) -> list[str]:
    if optimizer_code.has_many(script.training):
        return [f"for {what} in {what}s:", f"    {what}.step()"]
    return [f"{what}.step()"]


def _choice(script: TrainingScript, evaluated: str) -> Iterator[str]:
    yield f"validation_accuracy = accuracy({evaluated}, validation_loader)"
    yield f"test_accuracy = accuracy({evaluated}, test_loader)"
    yield 'print(f"held out {validation_accuracy:.1%}, test {test_accuracy:.1%}")'
    yield "# The held-out images choose the best epoch; those of the test only show how good it is."
    yield "if validation_accuracy > best_accuracy:"
    yield "    best_accuracy, best_epoch = validation_accuracy, epoch"
    yield f"    torch.save({evaluated}.state_dict(), output)"
    patience = script.training.patience
    if patience:
        yield f"if epoch - best_epoch >= {patience}:"
        yield "    break"


def _end(script: TrainingScript) -> Iterator[str]:
    if script.holds_out:
        yield 'print(f"The weights of epoch {best_epoch} are in {output}")'
    else:
        evaluated = "average" if script.training.ema_decay else "network"
        yield f"torch.save({evaluated}.state_dict(), output)"
        yield 'print(f"The weights are in {output}")'
    yield "return losses"
