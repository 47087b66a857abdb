"""What was seen, in a sentence: by rules, also when it is not what the paper saw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.core.labs import words
from workbench.core.labs.findings import ArmFindings, Findings
from workbench.core.labs.plan import config_of
from workbench.core.labs.spreads import Difference

Agreement = Literal["as the paper", "not as the paper", "undecided", "no paper", "unfinished"]
Outcome = Literal["a better", "b better", "undecided"]
Direction = Literal["above", "below", "undecided"]

ONE_SEED = "one seed each: chance cannot be told from effect"
# Of "Deep Residual Learning", section 4.2, for the figures of its table 6.
_PAPER_STEPS, _PAPER_IMAGES = 64_000, 50_000
# More of them are read in their table.
_MOST_PAIRS = 2


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
    lacking = [arm for arm in found.arms if arm.arm.name in needed and arm.test is None]
    few = len(found.known) < min(2, len(found.arms))
    if lacking or few:
        sentence, agreement = _nothing(lacking or [arm for arm in found.arms if arm.test is None])
        return Seen(sentence, agreement, _notes(found))
    said, agreement = _RULES[found.lab.name](found)
    if found.most_seeds == 1:
        said = f"{said}; {ONE_SEED}"
    return Seen(f"{said}.", agreement, _notes(found))


def _nothing(lacking: Sequence[ArmFindings]) -> tuple[str, Agreement]:
    """Where arms have no finished run: whether one may still come."""
    failed = [arm.arm.title for arm in lacking if arm.runs and len(arm.failed) == len(arm.runs)]
    if failed:
        return f"With these settings there is no answer: all runs of {words.listed(failed)} failed.", "undecided"
    titles = [arm.arm.title for arm in lacking]
    verb = "has" if len(titles) == 1 else "have"
    return f"Nothing can be said yet: {words.listed(titles)} {verb} no finished run.", "unfinished"


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
    notes += _of_networks(found)
    notes += [f"{sentence}." for run in found.runs for sentence in run.passed_over]
    if found.problem:
        notes.append(f"Answers to the test images could not be compared: {found.problem}.")
    return tuple(notes)


def _of_networks(found: Findings) -> list[str]:
    """What the answers of single networks say, which need not be so of others with their settings."""
    better = [
        _better(found, pair, verdict.outcome)
        for pair, verdict in found.verdicts.items()
        if verdict.outcome in ("a better", "b better") and not _have_seeds(found, *pair)
    ]
    if not better:
        return []
    if len(better) > _MOST_PAIRS:
        return ["What is said of them in pairs is of these networks alone: with other seeds it may be otherwise."]
    return [f"Of these networks alone, {words.listed(better)}: with other seeds it may be otherwise."]


# What two arms are to each other


def _have_seeds(found: Findings, *names: str) -> bool:
    """Whether each arm has several finished runs, so that chance in training is known."""
    return all(len(found.of(name).finished) > 1 for name in names)


def outcome(found: Findings, a: str, b: str) -> Outcome:
    """Which of two arms, in their order, recognizes more test images.

    By their answers where these are known, else by the spread over seeds; undecided where one has a single seed.
    """
    if not _have_seeds(found, a, b):
        return "undecided"
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
    if not apart.is_sure:
        return "undecided"
    return "above" if apart.value > 0 else "below"


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


def _better(found: Findings, pair: tuple[str, str], which: str) -> str:
    winner, other = pair if which == "a better" else pair[::-1]
    return f"{_title(found, winner)} is better than {_title(found, other)}"


def _stem(found: Findings) -> tuple[str, Agreement]:
    said = f"{_after(found)} the test errors are {_errors(found)}"
    narrow, wide = (
        config_of(found.lab, found.lab.arm(name), found.settings, 1).model.size_after_stem
        for name in ("stem7x7", "stem3x3")
    )
    few, many = (f"{size} x {size}" for size in (narrow, wide))
    small = f"behind the 7x7 stem blocks see {few} values of an image, behind the 3x3 one {many}"
    match outcome(found, "stem3x3", "stem7x7"):
        case "a better":
            return f"{said}: the large stem costs accuracy on these images; {small}", "no paper"
        case "b better":
            return f"{said}: the large stem is better here, though {small}", "no paper"
        case _:
            return f"{said}: no difference that these runs can show, though {small}", "no paper"


def _depth(found: Findings) -> tuple[str, Agreement]:
    unlike = (
        "not what He et al. saw with far more steps and images" if _has_less(found) else "not what He et al. saw"
    )
    return _in_order(found, "resnet20", "resnet56", "as He et al. saw (6.97 and 8.75 %)", unlike)


def _has_less(found: Findings) -> bool:
    """Whether it was trained for fewer steps than the paper's, or on fewer images."""
    started = found.known[-1].finished[0].started
    steps = found.settings.epochs * int(started.get("steps_per_epoch", 0))
    images = started.get("images", [0])[0]
    return bool(steps < _PAPER_STEPS or images < _PAPER_IMAGES)


def _width(found: Findings) -> tuple[str, Agreement]:
    narrow, wide = found.known[0].arm.name, found.known[-1].arm.name
    saw = "Zagoruyko and Komodakis saw"
    return _in_order(found, narrow, wide, f"as {saw}", f"not what {saw}")


def _in_order(found: Findings, least: str, most: str, alike: str, unlike: str) -> tuple[str, Agreement]:
    """Whether arms get better from `least` to `most`, as the lab's paper saw, and nowhere against its order."""
    said = f"{_after(found)} the test errors are {_errors(found)}"
    names = [arm.arm.name for arm in found.known]
    pairs = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    against = [_better(found, pair, "a better") for pair in pairs if outcome(found, *pair) == "a better"]
    if outcome(found, least, most) == "b better":
        said = f"{said}: {_better(found, (least, most), 'b better')}, {alike}"
        if against:
            return f"{said}; but {words.listed(against)}, which is {unlike}", "not as the paper"
        return said, "as the paper"
    if against:
        return f"{said}: {words.listed(against)}, which is {unlike}", "not as the paper"
    better = _better(found, (least, most), "b better")
    return f"{said}: whether {better}, these runs do not decide", "undecided"


def _learning_rate(found: Findings) -> tuple[str, Agreement]:
    said = f"{_after(found)} the test errors are {_errors(found)}"
    means = {arm.arm.name: arm.test.mean for arm in found.known if arm.test is not None}
    lowest = [name for name, mean in means.items() if mean == min(means.values())]
    order = [arm.arm.name for arm in found.arms]
    worse, like = list[str](), list[str]()
    for name in means:
        if name not in lowest:
            a, b = sorted((lowest[0], name), key=order.index)
            (like if outcome(found, a, b) == "undecided" else worse).append(_title(found, name))
    parts = [f"lowest at {words.listed([_title(found, name) for name in lowest])}"]
    if worse:
        parts.append(f"{words.listed(worse)} {'is' if len(worse) == 1 else 'are'} surely worse")
    if like:
        parts.append(f"{words.listed(like)} cannot be told from {'it' if len(lowest) == 1 else 'them'}")
    return f"{said}: {'; '.join(parts)}", "no paper"


def _seeds(found: Findings) -> tuple[str, Agreement]:
    test = found.arms[0].test
    if test is None:
        raise ValueError("a finished run is needed")
    if test.pair_bound is None:
        return f"{_after(found)} the test error is {words.error(test.mean)}", "undecided"
    low, high = (words.points(value) for value in (min(test.values), max(test.values)))
    bound = f"below {words.points(test.pair_bound)} points, the difference between two single runs says nothing"
    if test.pair_bound >= 1:
        bound = "too few to say how far apart chance takes them"
    return (
        f"{_after(found)} {len(test.values)} runs that differ in chance alone have test errors from {low} to "
        f"{high} %, {words.spread(test)}: {bound}; He et al. saw ± 0.16 points of five ResNet-110",
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
