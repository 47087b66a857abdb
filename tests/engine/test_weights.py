"""Weights from files: strict, named mismatches, never code."""

import pickle
from pathlib import Path

import pytest
import torch

from workbench.core.errors import UserError
from workbench.core.presets import Presets
from workbench.engine import resnet, weights

PRESETS = Presets.load()


def network(name: str = "resnet8") -> resnet.ResNet:
    return resnet.build(PRESETS.model(name).config, seed=0)


@pytest.mark.parametrize("wrap", [None, "model", "state_dict"])
def test_a_state_dict_comes_back(tmp_path: Path, wrap: str | None) -> None:
    state = network().state_dict()
    torch.save({wrap: state} if wrap else state, tmp_path / "w.pt")
    again = weights.read_state_dict(tmp_path / "w.pt")
    target = resnet.build(PRESETS.model("resnet8").config, seed=1)
    weights.load_strictly(target, again, "w.pt")
    assert torch.equal(target.fc.weight, state["fc.weight"])


def test_another_network_is_named_with_both_shapes() -> None:
    with pytest.raises(UserError, match=r"it has no layer1\.0\.downsample|has layer1\.1|layer\d\.\d.*"):
        weights.load_strictly(network("resnet8"), network("resnet20").state_dict(), "x")
    state = network().state_dict()
    state["fc.weight"] = torch.zeros(100, 64)
    with pytest.raises(UserError, match=r"fc\.weight is \(100, 64\) there and \(10, 64\) here"):
        weights.load_strictly(network(), state, "x")


@pytest.mark.parametrize("content", [b"", b"some text", b"PK\x03\x04 cut"])
def test_a_file_that_is_no_state_dict_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(UserError, match=r"cannot read weights from .*w\.pt"):
        weights.read_state_dict(tmp_path / "w.pt")


class Harmful:
    """Would create a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_code_in_a_file_is_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    torch.save({"model": Harmful(mark)}, tmp_path / "w.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Harmful(mark)))
    for name in ("w.pt", "plain.pt"):
        with pytest.raises(UserError, match="cannot read weights"):
            weights.read_state_dict(tmp_path / name)
    assert not mark.exists()


def test_tensors_elsewhere_are_not_a_state_dict(tmp_path: Path) -> None:
    torch.save([torch.zeros(1)], tmp_path / "w.pt")
    with pytest.raises(UserError, match="holds list"):
        weights.read_state_dict(tmp_path / "w.pt")
