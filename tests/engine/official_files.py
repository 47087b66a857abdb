"""Small archives in the official forms: records, and pickles as Python 2 wrote them."""

import hashlib
import io
import struct
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.engine.data.official_archives import Batch, Official, Variant

# The real ones' order, which is not that of the numbers.
_ORDER = ("_1", "_3", "_4", "test", "_5", "_2", "train")


def records_of(official: Official, batch: Batch, count: int) -> NDArray[np.uint8]:
    """Random images, each with its labels: (count, label_bytes + 3072)."""
    number = official.binary.batches.index(batch)
    generator = np.random.default_rng(number)
    records = generator.integers(0, 256, (count, official.label_bytes + 3072), dtype=np.uint8)
    classes = len(official.source.class_names)
    records[:, : official.label_bytes] = (np.arange(count) * 7 % classes)[:, None]
    # Coarse classes are fewer.
    records[:, : official.label_bytes - 1] %= 20
    return records


def small(official: Official, per_batch: int = 12) -> Official:
    """The same archive with fewer images; sizes and MD5s are to be filled by `write_archives`."""
    train = per_batch * len(official.binary.train)
    return replace(official, source=replace(official.source, train=train, test=per_batch))


def write_archives(official: Official, folder: Path) -> Official:
    """Write both versions, packed and unpacked; returns how they would have been published."""
    count = official.source.test
    written = {}
    for kind, variant in (("binary", official.binary), ("python", official.python)):
        contents = {}
        for batch, of_binary in zip(variant.batches, official.binary.batches, strict=True):
            records = records_of(official, of_binary, count)
            contents[batch] = records.tobytes()
            if variant.is_pickled:
                labels = records[:, official.label_bytes - 1].tolist()
                contents[batch] = pickled(records[:, official.label_bytes :], official.labels_key, labels)
        written[kind] = _write(variant, contents, folder)
    return replace(official, **written)


def _write(variant: Variant, contents: dict[Batch, bytes], folder: Path) -> Variant:
    (folder / variant.folder).mkdir(parents=True)
    named = {batch: Batch(batch.name, _md5(content)) for batch, content in contents.items()}
    archive = folder / variant.archive
    with tarfile.open(archive, "w:gz") as stream:
        for batch in sorted(
            contents, key=lambda each: next(i for i, end in enumerate(_ORDER) if end in each.name)
        ):
            (folder / variant.folder / batch.name).write_bytes(contents[batch])
            member = tarfile.TarInfo(f"{variant.folder}/{batch.name}")
            member.size = len(contents[batch])
            stream.addfile(member, io.BytesIO(contents[batch]))
    packed = archive.read_bytes()
    return replace(
        variant, size=len(packed), md5=_md5(packed),
        train=tuple(named[batch] for batch in variant.train), test=named[variant.test],
    )  # fmt: skip


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def pickled(
    pixels: NDArray[np.uint8], labels_key: str, labels: list[int], by_columns: bool = False, spelled: bytes = b"u1"
) -> bytes:
    """Protocol 2 as Python 2 writes it, where texts are bytes."""
    shape = b"".join(b"M" + struct.pack("<H", side) for side in pixels.shape)
    raw = pixels.tobytes("F" if by_columns else "C")
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x05cnumpy\nndarray\nq\x06K\x00\x85U\x01b\x87R"
        + b"(K\x01" + shape + b"\x86cnumpy\ndtype\nq\x07" + _text(spelled) + b"K\x00K\x01\x87R"
        + b"(K\x03U\x01|NNN" + 2 * b"J\xff\xff\xff\xff" + b"K\x00tb"
        + (b"\x88" if by_columns else b"\x89") + b"T" + struct.pack("<I", len(raw)) + raw + b"tb"
    )  # fmt: skip
    names = b"".join(_text(b"image_s_%06d.png" % index) for index in range(len(labels)))
    entries = (
        _text(b"batch_label") + _text(b"training batch")
        + _text(labels_key.encode()) + b"]q\x02(" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
        + _text(b"data") + array
        + _text(b"filenames") + b"]q\x03(" + names + b"e"
    )  # fmt: skip
    return b"\x80\x02}q\x01(" + entries + b"u."


def _text(content: bytes) -> bytes:
    return b"U" + bytes([len(content)]) + content
