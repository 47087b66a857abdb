"""Checkpoints as no workbench leaves them: manifests that are JSON but odd, and files that are something else."""

import hashlib
import io
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from workbench.engine.weights import manifest


def _with(**values: Any) -> Callable[[dict[str, Any]], bytes]:
    return lambda tree: json.dumps(tree | values).encode()


def _without(name: str) -> Callable[[dict[str, Any]], bytes]:
    return lambda tree: json.dumps({key: value for key, value in tree.items() if key != name}).encode()


ODD_MANIFESTS: dict[str, tuple[Callable[[dict[str, Any]], bytes], str]] = {
    "version null": (_with(version=None), "version is null; it must be a whole number from 1 to 2"),
    "version a text": (_with(version="3"), "version is '3'; it must be a whole number"),
    "version true": (_with(version=True), "version is true; it must be a whole number"),
    "version huge": (lambda _: b'{"version": 1e400}', "version is inf; it must be a whole number"),
    "version of digits": (lambda _: b'{"version": ' + b"9" * 5000 + b"}", "has thousands of digits"),
    "NUL in the name": (_with(file="step-1\0.pt"), r"file is 'step-1\x00.pt'; it must be the name of a file"),
    "name elsewhere": (_with(file="../step-00000001-01234567.pt"), "it must be the name of a file beside it"),
    "name a list": (_with(file=["a"]), "file is ['a']; it must be the name"),
    "digest short": (_with(sha256="abc"), "sha256 is 'abc'; it must be 64 hexadecimal digits"),
    "step negative": (_with(step=-1), "step is -1; it must be a whole number, at least 0"),
    "step beyond bounds": (_with(step=10**30), "step is a number of 31 digits; it must be a whole number"),
    "epoch beyond bounds": (_with(epoch=10**300), "epoch is a number of 301 digits; it must be a whole number"),
    "epoch a fraction": (_with(epoch=1.5), "epoch is 1.5; it must be a whole number, at least 0"),
    "nested": (lambda _: b"[" * 10_000 + b"]" * 10_000, "it is nested too deeply"),
    "nested in a field": (
        lambda tree: json.dumps(tree).replace('"version": 2', '"version": ' + "[" * 400 + "]" * 400).encode(),
        "version is [[[[…]]]]; it must be",
    ),
    "a list": (lambda _: b"[1, 2]", "it holds [1, 2]; expected an object with version, file, sha256, step, epoch"),
    "a text": (lambda _: b'"hello"', "it holds 'hello'; expected an object"),
    "no sha256": (_without("sha256"), "it lacks sha256, 64 hexadecimal digits"),
    "no version": (_without("version"), "it lacks version"),
    "one more": (_with(comment="mine"), "it has 'comment'; known are version, file, sha256, step, epoch"),
    "no UTF-8": (lambda _: b'{"file": "\xff"}', "it is no text in UTF-8"),
    "no JSON": (lambda _: b"{", "expecting property name"),
    "empty": (lambda _: b"", "expecting value in line 1, column 1"),
}  # fmt: skip
"""What is written in place of a manifest, given its tree; and words of the sentence about it."""


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "mine").touch()


IN_ITS_PLACE: dict[str, tuple[Callable[[Path], None], str]] = {
    "nothing": (lambda _: None, "last.json is missing, which should be beside best.json and previous.json"),
    "a folder": (_folder, "last.json: it is a folder, not a file"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "last.json: Too many levels of symbolic links"),
    "a link to nowhere": (lambda path: path.symlink_to("gone"), "last.json: it is a link to what is not there"),
}
"""What is where last.json was; and words of the sentence about it."""


class Harmful:
    """What unpickling it would do leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.trace),)


def spoil_manifest(folder: Path, kind: manifest.Kind, oddity: str) -> str:
    """Returns words that the sentence about it must hold."""
    path = manifest.path_of(folder, kind)
    content, words = ODD_MANIFESTS[oddity]
    path.write_bytes(content(json.loads(path.read_text())))
    return words


def replace_data(folder: Path, kind: manifest.Kind, content: bytes) -> Path:
    """Let a manifest name a file of this content, with its true SHA-256."""
    path = manifest.path_of(folder, kind)
    digest = hashlib.sha256(content).hexdigest()
    data = folder / f"step-00000099-{digest[:8]}.pt"
    data.write_bytes(content)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"file": data.name, "sha256": digest}))
    return data


def foreign_pickle(trace: Path, protocol: int = 2) -> bytes:
    return pickle.dumps({"model": Harmful(trace)}, protocol)


def foreign_archive(trace: Path) -> bytes:
    """As torch.save writes it, with an object of another program's."""
    buffer = io.BytesIO()
    torch.save({"model": Harmful(trace)}, buffer)
    return buffer.getvalue()
