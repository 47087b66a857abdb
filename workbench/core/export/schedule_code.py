"""Source text of the learning rate's schedule: torch's own scheduler where it gives the same rates.

Else a formula, in which warm-up multiplies the schedule.
"""

import re
from collections.abc import Iterator
from typing import Literal, assert_never

from workbench.core.export.block_code import LINE_LENGTH, signature
from workbench.core.settings.training_config import TrainingConfig

_TOTAL = "epochs * steps_per_epoch"

_BETWEEN = '''\
def between(start: float, end: float, share: float) -> float:
    """Half a cosine from start (share 0) to end (share 1)."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))'''


def moves(training: TrainingConfig) -> Literal["never", "each step", "each epoch"]:
    """When the script's scheduler is told to step."""
    if _has_formula(training):
        return "each step"
    match training.schedule:
        case "constant":
            return "never"
        # Falls at the end of epochs only.
        case "step":
            return "each epoch"
        case "multi-step" | "cosine" | "one-cycle":
            return "each step" if training.schedule_moves == "each-step" else "each epoch"
        case _:
            assert_never(training.schedule)


def schedule_code(training: TrainingConfig) -> list[str]:
    """Functions; the last one, `make_scheduler`, makes the scheduler. None where the rate is constant."""
    if moves(training) == "never":
        return []
    parameters = ["optimizer: torch.optim.Optimizer", *(f"{name}: int" for name in lengths(training))]
    maker = [signature("def make_scheduler", parameters, "LRScheduler"), f'    """{_described(training)}"""']
    if not _has_formula(training):
        return ["\n".join([*maker, *(f"    {line}" for line in _torchs(training))])]
    names = ", ".join(["step", *lengths(training)])
    maker.append(f"    return LambdaLR(optimizer, lambda step: rate_factor({names}))")
    formula = [
        signature("def rate_factor", ["step: int", *parameters[1:]], "float"),
        '    """The learning rate of a step, counted from 0, as a share of LEARNING_RATE."""',
        *(f"    {line}" for line in _formula(training)),
    ]
    helpers = [_BETWEEN] if training.schedule == "one-cycle" else []
    return [*helpers, "\n".join(formula), "\n".join(maker)]


def lengths(training: TrainingConfig) -> list[str]:
    """What `make_scheduler` is told beside the optimizer: epochs, steps_per_epoch, both or none."""
    if moves(training) == "never":
        return []
    text = "\n".join(_formula(training) if _has_formula(training) else _torchs(training))
    return [name for name in ("epochs", "steps_per_epoch") if re.search(rf"\b{name}\b", text)]


def _has_formula(training: TrainingConfig) -> bool:
    """torch's warm-up comes before a schedule, not on top of it, and its one-cycle knows no epochs."""
    by_epoch = training.schedule == "one-cycle" and training.schedule_moves == "each-epoch"
    return training.warmup_epochs > 0 or by_epoch


def _described(training: TrainingConfig) -> str:
    factor = f"{training.decay_factor:g}"
    match training.schedule:
        case "constant":
            text = "A constant rate"
        case "step":
            text = f"Times {factor} every {training.step_epochs} epochs"
        case "multi-step":
            text = f"Times {factor} wherever one of these shares of the training is over"
        case "cosine":
            text = "From LEARNING_RATE to 0 along half a cosine"
        case "one-cycle":
            text = "Up to LEARNING_RATE for 30 % of the steps, then down to almost 0"
        case _:
            assert_never(training.schedule)
    return f"{text}; the first steps rise from 0." if training.warmup_epochs else f"{text}."


def _torchs(training: TrainingConfig) -> Iterator[str]:
    factor, by_step = repr(training.decay_factor), moves(training) == "each step"
    match training.schedule:
        case "step":
            yield f"return StepLR(optimizer, step_size={training.step_epochs}, gamma={factor})"
        case "multi-step":
            yield f"steps = {_TOTAL}"
            if by_step:
                yield from _falls("round(share * steps)", training)
            else:
                yield "# The first epochs that begin behind those steps."
                yield from _falls("math.ceil(round(share * steps) / steps_per_epoch)", training)
            yield f"return MultiStepLR(optimizer, milestones=falls, gamma={factor})"
        case "cosine":
            yield f"return CosineAnnealingLR(optimizer, T_max={_TOTAL if by_step else 'epochs'})"
        case "one-cycle":
            yield f"steps = {_TOTAL}"
            yield "return OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps, cycle_momentum=False)"
        case "constant":
            raise ValueError("a constant rate has no scheduler")
        case _:
            assert_never(training.schedule)


def _formula(training: TrainingConfig) -> Iterator[str]:
    reached = "step"
    if training.schedule_moves == "each-epoch" and training.schedule not in ("constant", "step"):
        yield "# The schedule moves once an epoch."
        yield "start = step - step % steps_per_epoch"
        reached = "start"
    factor = repr(training.decay_factor)
    match training.schedule:
        case "constant":
            yield "factor = 1.0"
        case "step":
            yield f"factor = {factor} ** (step // ({training.step_epochs} * steps_per_epoch))"
        case "multi-step":
            yield f"steps = {_TOTAL}"
            yield from _falls("round(share * steps)", training)
            yield f"factor = {factor} ** sum({reached} >= fall for fall in falls)"
        case "cosine":
            yield f"factor = 0.5 * (1 + math.cos(math.pi * {reached} / ({_TOTAL})))"
        case "one-cycle":
            yield from _one_cycle(reached)
        case _:
            assert_never(training.schedule)
    if training.warmup_epochs:
        epochs = f"{training.warmup_epochs!r} * " if training.warmup_epochs != 1 else ""
        yield "# Of step + 1: the first one shall move the weights already (Goyal et al. 2017)."
        yield f"return factor * min(1.0, (step + 1) / ({epochs}steps_per_epoch))"
    else:
        yield "return factor"


def _one_cycle(reached: str) -> Iterator[str]:
    yield f"steps = {_TOTAL}"
    yield '# Smith and Topin 2018, "Super-Convergence"; the shape is that of OneCycleLR.'
    yield "rising = max(1.0, 0.3 * steps - 1)"
    yield f"if {reached} <= rising:"
    yield f"    factor = between(1 / 25, 1.0, {reached} / rising)"
    yield "else:"
    yield f"    factor = between(1.0, 1 / 25e4, ({reached} - rising) / max(1.0, steps - 1 - rising))"


def _falls(fall: str, training: TrainingConfig) -> Iterator[str]:
    """A list of what `fall` says for each share of the training."""
    shares = list(map(repr, training.milestones))
    line = f"falls = [{fall} for share in ({', '.join(shares)}{',' if len(shares) == 1 else ''})]"
    # Indented once.
    if len(line) + 4 > LINE_LENGTH:
        yield "shares = ("
        yield from (f"    {share}," for share in shares)
        yield ")"
        line = f"falls = [{fall} for share in shares]"
    yield line
