"""What was seen, in a sentence: by rules, also when it is not what the paper saw."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from workbench.core.labs import words
from workbench.core.labs.findings import Findings
from workbench.core.labs.spreads import Difference

Agreement = Literal["as the paper", "not as the paper", "undecided", "no paper", "unfinished"]
Outcome = Literal["a better", "b better", "undecided"]
Direction = Literal["above", "below", "undecided"]

ONE_SEED = "one seed each: chance cannot be told from effect"
# Two runs that differ in chance alone lie farther apart than so many deviations once in 20 times.
_PAIR = 2.77


@dataclass(frozen=True)
class Seen:
    """The answer to a lab's question, as far as its runs give one."""

    sentence: str
    agreement: Agreement
    """With what its paper saw."""
    notes: tuple[str, ...] = ()
    """What is to be known beside it: what is missing, what failed."""


def seen(found: Findings) -> Seen:
    """As much as can be said, and no more."""
    needed = _NEEDED.get(found.lab.name, ())
    lacking = [arm.arm.title for arm in found.arms if arm.arm.name in needed and arm.test is None]
    few = len(found.known) < min(2, len(found.arms))
    if lacking or few:
        titles = lacking or [arm.arm.title for arm in found.arms if arm.test is None]
        verb = "has" if len(titles) == 1 else "have"
        sentence = f"Nothing can be said yet: {words.listed(titles)} {verb} no finished run."
        return Seen(sentence, "unfinished", _notes(found))
    said, agreement = _RULES[found.lab.name](found)
    if found.most_seeds == 1:
        said = f"{said}; {ONE_SEED}"
    return Seen(f"{said}.", agreement, _notes(found))


def _notes(found: Findings) -> tuple[str, ...]:
    notes = []
    left = sum(run.state not in ("finished", "failed") for run in found.runs)
    if left:
        verb = "is" if left == 1 else "are"
        of_all = f"{words.number(left, 'run')} of {len(found.runs)}"
        notes.append(f"{of_all} {verb} still to be trained: this is what there is so far.")
    for arm in found.arms:
        if arm.failed:
            first = arm.failed[0]
            notes.append(f"{len(arm.failed)} of {len(arm.runs)} runs of {arm.arm.title} failed: {first.message}.")
    counts = {len(arm.finished) for arm in found.known}
    if found.most_seeds > 1 and 1 in counts:
        alone = [arm.arm.title for arm in found.known if len(arm.finished) == 1]
        notes.append(f"{words.listed(alone)}: one seed, whose chance is in no interval.")
    if found.problem:
        notes.append(f"Answers to the test images could not be compared: {found.problem}.")
    return tuple(notes)


# What two arms are to each other


def outcome(found: Findings, a: str, b: str) -> Outcome:
    """Which of two arms, in their order, recognizes more test images.

    By their answers where these are known, else by the spread over seeds.
    """
    verdict = found.verdict(a, b)
    if verdict is not None:
        match verdict.outcome:
            case "a better" | "b better":
                return verdict.outcome
            case _:
                return "undecided"
    apart = found.apart("test", a, b)
    if apart is None or not apart.is_sure:
        return "undecided"
    return "a better" if apart.value > 0 else "b better"


def _direction(apart: Difference) -> Direction:
    """Of single seeds, what they show: the sentence then says that it may be chance."""
    if apart.interval is not None and not apart.is_sure:
        return "undecided"
    return "above" if apart.value > 0 else "below" if apart.value < 0 else "undecided"


def _title(found: Findings, name: str) -> str:
    return found.of(name).arm.title


def _errors(found: Findings) -> str:
    """`20.1 % (ResNet-8), 18.0 % (ResNet-20)`, of the arms that are known."""
    return ", ".join(
        f"{words.error(arm.test.mean)} ({arm.arm.title})" for arm in found.known if arm.test is not None
    )


def _after(found: Findings) -> str:
    return f"After {words.number(found.settings.epochs, 'epoch')}"


# A rule for each lab


def _degradation(found: Findings) -> tuple[str, Agreement]:
    plain, residual = found.apart("train", "plain20", "plain56"), found.apart("train", "resnet20", "resnet56")
    if plain is None or residual is None:
        raise ValueError("all four arms are needed")
    said = (
        f"{_after(found)} the training error of Plain-56 is {words.gap(plain)} that of Plain-20"
        f"{words.gap_interval(plain)}, and that of ResNet-56 {words.gap(residual)} that of ResNet-20"
        f"{words.gap_interval(residual)}"
    )
    match _direction(plain), _direction(residual):
        case "above", "below":
            return f"{said}: the degradation that He et al. saw, and its cure by shortcuts", "as the paper"
        case "above", "undecided":
            undecided = "whether depth pays with shortcuts, these runs do not decide"
            return f"{said}: plain networks degrade as He et al. saw; {undecided}", "undecided"
        case "above", _:
            more = "more" if residual.value > plain.value else "less"
            but = f"but here depth costs residual networks too, if {more}: that is not what the paper saw"
            return f"{said}: plain networks degrade as He et al. saw, {but}", "not as the paper"
        case "below", _:
            return f"{said}: no degradation of plain networks, which is not what the paper saw", "not as the paper"
        case _:
            return f"{said}: whether plain networks degrade, these runs do not decide", "undecided"


def _shortcut(found: Findings) -> tuple[str, Agreement]:
    said = f"{_after(found)} the test errors are {_errors(found)}"
    names = [arm.arm.name for arm in found.known]
    pairs = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    outcomes = {pair: outcome(found, *pair) for pair in pairs}
    sure = {pair: each for pair, each in outcomes.items() if each != "undecided"}
    if not sure:
        paper = "He et al. saw 0.8 points between A and C on ImageNet, and took the choice for not essential"
        return f"{said}: no difference that these runs can show; {paper}", "undecided"
    better = [_better(found, pair, each) for pair, each in sure.items()]
    if all(each == "b better" for each in sure.values()):
        return f"{said}: {words.listed(better)}, in the order that He et al. saw on ImageNet", "as the paper"
    return (
        f"{said}: {words.listed(better)}, which is not the order that He et al. saw on ImageNet",
        "not as the paper",
    )


def _better(found: Findings, pair: tuple[str, str], which: Outcome) -> str:
    winner, other = pair if which == "a better" else pair[::-1]
    return f"{_title(found, winner)} is better than {_title(found, other)}"


def _stem(found: Findings) -> tuple[str, Agreement]:
    said = f"{_after(found)} the test errors are {_errors(found)}"
    small = "behind the 7x7 stem blocks see 8 x 8 values of an image, behind the 3x3 one 32 x 32"
    match outcome(found, "stem3x3", "stem7x7"):
        case "a better":
            return f"{said}: the large stem costs accuracy on small images; {small}", "no paper"
        case "b better":
            return f"{said}: the large stem is better here, though {small}", "no paper"
        case _:
            return f"{said}: no difference that these runs can show, though {small}", "no paper"


def _depth(found: Findings) -> tuple[str, Agreement]:
    said = f"{_after(found)} the test errors are {_errors(found)}"
    match outcome(found, "resnet20", "resnet56"):
        case "b better":
            return (
                f"{said}: ResNet-56 is better than ResNet-20, as He et al. saw (6.97 and 8.75 %)",
                "as the paper",
            )
        case "a better":
            saw = "not what He et al. saw with far more steps and images"
            return f"{said}: ResNet-56 is worse than ResNet-20, which is {saw}", "not as the paper"
        case _:
            return f"{said}: whether ResNet-56 is better than ResNet-20, these runs do not decide", "undecided"


def _width(found: Findings) -> tuple[str, Agreement]:
    said = f"{_after(found)} the test errors are {_errors(found)}"
    narrow, wide = found.known[0].arm, found.known[-1].arm
    match outcome(found, narrow.name, wide.name):
        case "b better":
            saw = "as Zagoruyko and Komodakis saw"
            return f"{said}: {wide.title} channels are better than {narrow.title}, {saw}", "as the paper"
        case "a better":
            return (
                f"{said}: {wide.title} channels are worse than {narrow.title}, which is not what Zagoruyko and "
                "Komodakis saw",
                "not as the paper",
            )
        case _:
            text = f"whether {wide.title} channels are better than {narrow.title}, these runs do not decide"
            return f"{said}: {text}", "undecided"


def _learning_rate(found: Findings) -> tuple[str, Agreement]:
    said = f"{_after(found)} the test errors are {_errors(found)}"
    best = min(found.known, key=lambda arm: arm.test.mean if arm.test is not None else 1.0)
    order = [arm.arm.name for arm in found.arms]
    worse, like = list[str](), list[str]()
    for arm in found.known:
        if arm is not best:
            a, b = sorted((best.arm.name, arm.arm.name), key=order.index)
            (like if outcome(found, a, b) == "undecided" else worse).append(arm.arm.title)
    parts = [f"lowest at {best.arm.title}"]
    if worse:
        parts.append(f"{words.listed(worse)} {'is' if len(worse) == 1 else 'are'} surely worse")
    if like:
        verb = "cannot be told from it"
        parts.append(f"{words.listed(like)} {verb}")
    return f"{said}: {', '.join(parts)}", "no paper"


def _seeds(found: Findings) -> tuple[str, Agreement]:
    test = found.arms[0].test
    if test is None:
        raise ValueError("a finished run is needed")
    if test.deviation is None:
        return f"{_after(found)} the test error is {words.error(test.mean)}", "undecided"
    low, high, pair = (
        words.points(value) for value in (min(test.values), max(test.values), _PAIR * test.deviation)
    )
    return (
        f"{_after(found)} {len(test.values)} runs that differ in chance alone have test errors from {low} to "
        f"{high} %, {words.spread(test)}: below {pair} points, the difference between two single runs says "
        "nothing; He et al. saw ± 0.16 points of five ResNet-110",
        "no paper",
    )


_RULES: dict[str, Callable[[Findings], tuple[str, Agreement]]] = {
    "degradation": _degradation, "shortcut": _shortcut, "stem": _stem, "depth": _depth, "width": _width,
    "learning-rate": _learning_rate, "seeds": _seeds,
}  # fmt: skip
# Arms without which there is no sentence.
_NEEDED = {
    "degradation": ("plain20", "plain56", "resnet20", "resnet56"),
    "depth": ("resnet20", "resnet56"),
}
