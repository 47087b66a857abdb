"""Short forms of class names."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.core.class_names import isolated, pair_words, short_names
from workbench.core.data.image_sources import CIFAR10

_HUNDRED = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man
maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper
snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train
trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""
CIFAR100 = tuple(_HUNDRED.split())
# As torchvision names classes of ImageNet.
IMAGENET = (
    "tench", "goldfish", "goldfinch", "great white shark", "tiger shark", "tiger", "tiger cat", "hammerhead",
    "great grey owl", "Great Dane", "American egret", "American coot", "American alligator", "American chameleon",
    "American black bear", "African chameleon", "African elephant", "sulphur-crested cockatoo", "bow", "bow tie",
    "black grouse", "black swan", "black and gold garden spider", "barn spider", "garden spider", "wolf spider",
)  # fmt: skip

_alike = st.text(alphabet="aAb_ .…0", max_size=9)
_any_names = st.lists(st.one_of(st.text(max_size=12), _alike), max_size=40, unique=True).map(tuple)


def short(names: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(names, short_names(names), strict=True))


@given(_any_names)
@example(tuple("".join(letters) + "xyz" for letters in itertools.product("ab", repeat=7)))
def test_forms_are_short_distinct_and_whole_where_the_name_is_short(names: tuple[str, ...]) -> None:
    forms = short(names)
    assert len(set(forms.values())) == len(names)
    assert all(forms[name] == name if len(name) <= 5 else 0 < len(forms[name]) <= 5 for name in names)


@given(_any_names, st.randoms())
def test_forms_do_not_depend_on_the_order(names: tuple[str, ...], random: object) -> None:
    shuffled = list(names)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert short(tuple(shuffled)) == short(names)


@given(st.lists(_alike.filter(lambda name: len(name) > 5), max_size=20, unique=True).map(tuple))
def test_forms_differ_by_more_than_capitals(names: tuple[str, ...]) -> None:
    assert len({form.casefold() for form in short_names(names)}) == len(names)


def test_the_usual_ten() -> None:
    assert short_names(CIFAR10.class_names) == (
        "airp.", "auto.", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    )  # fmt: skip


def test_a_hundred() -> None:
    forms = short(CIFAR100)
    assert (forms["telephone"], forms["television"]) == ("te…ne", "te…on")
    assert (forms["oak_tree"], forms["lawn_mower"], forms["cattle"]) == ("oak.", "lawn.", "catt.")
    assert "#" not in "".join(forms.values())


def test_names_of_several_words() -> None:
    forms = short(IMAGENET)
    assert (forms["American egret"], forms["African elephant"]) == ("Am.eg", "Af.el")
    assert (forms["great white shark"], forms["great grey owl"], forms["Great Dane"]) == (
        "gr.sh",
        "gr.ow",
        "Gr.Da",
    )
    assert forms["sulphur-crested cockatoo"] == "sulp."


def test_what_is_cut_never_reads_like_another_name() -> None:
    assert short(("tiger", "tiger shark", "can", "can opener")) == {
        "tiger": "tiger", "tiger shark": "ti.sh", "can": "can", "can opener": "ca.op",
    }  # fmt: skip


def test_numbered_classes_keep_the_end_of_their_number() -> None:
    forms = short(tuple(f"class_{number}" for number in range(200)))
    assert (forms["class_7"], forms["class_10"], forms["class_110"]) == ("cl.7", "cl.10", "c.110")


def test_at_worst_a_number() -> None:
    names = tuple(f"note {letter} 0000 0000" for letter in "abcdefghijkl")
    assert short_names(names) == (*(f"not#{n}" for n in range(1, 10)), "no#10", "no#11", "no#12")


@pytest.mark.parametrize("names", [(), ("", "______", "......", "a_____")])
def test_odd_names(names: tuple[str, ...]) -> None:
    assert len(set(short_names(names))) == len(names)


def test_equal_names_have_equal_forms() -> None:
    assert short_names(("airplane", "airplane", "cat")) == ("airp.", "airp.", "cat")


def test_characters_that_are_drawn_as_one_are_not_torn_apart() -> None:
    family, hand = "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd"
    assert short((f"abc{hand}def",)) == {f"abc{hand}def": "abc."}
    assert short((f"ab{family}cdef",)) == {f"ab{family}cdef": "ab."}
    assert short(("cafe\u0301 noir",)) == {"cafe\u0301 noir": "caf."}
    flags = "x\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7\U0001f1ec\U0001f1e7"
    assert short((flags,)) == {flags: "x."}


def test_names_from_right_to_left_do_not_turn_what_stands_beside_them() -> None:
    cat = "\u05d7\u05ea\u05d5\u05dc"
    assert pair_words("cat", "dog") == "cat → dog"
    assert pair_words(cat, "dog") == f"\u2068{cat}\u2069 → dog"
    assert isolated("\u0642\u0637") == "\u2068\u0642\u0637\u2069"
    assert isolated("猫") == "猫"
