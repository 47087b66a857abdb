"""What decoded copies of sources are called: by the content of the files that they were made of."""

import re

# Former copies were called by place, size and time of each file, and by the size of the images, with 12 digits.
_DIGEST_LENGTH, _FORMER_LENGTH = 16, 12
_NAME = re.compile(
    rf"^(?P<slug>.*)-(?:(?P<digest>[0-9a-f]{{{_DIGEST_LENGTH}}})-\d+px|(?P<former>[0-9a-f]{{{_FORMER_LENGTH}}}))$",
    re.DOTALL,
)
_KINDS = ("digest", "former")


def copy_name(source_name: str, digest: str, image_size: int) -> str:
    """The folder of a decoded copy.

    Args:
        source_name: the source's name, or that of its folder or file.
        digest: SHA-256, in hexadecimal, of the content of all its images.
    """
    return f"{_slug(source_name)}-{digest[:_DIGEST_LENGTH]}-{image_size}px"


def same_content(digest: str, image_size: int) -> str:
    """A pattern of the names of all copies of that content, whatever its source was called."""
    return f"*-{digest[:_DIGEST_LENGTH]}-{image_size}px"


def former_name(source_name: str) -> str:
    """A pattern of the names that copies of a source had in earlier versions."""
    return f"{_slug(source_name)}-{'[0-9a-f]' * _FORMER_LENGTH}"


def is_copy_of(folder_name: str, source_name: str) -> bool:
    """Whether a folder may be one that `copy_name` named, with whichever digest."""
    found = _NAME.match(folder_name)
    return found is not None and found["slug"] == _slug(source_name)


def were_others(ours: str, theirs: str) -> bool:
    """Whether two copies, told by their paths of whichever system, are known to have been made of other files.

    Former names say it only of copies in one home, as the place of the source is part of their digest.
    """
    a, b = _NAME.match(ours), _NAME.match(theirs)
    if a is None or b is None or ours == theirs:
        return False
    if a["digest"] and b["digest"]:
        return a["digest"] != b["digest"]
    return bool(a["former"] and b["former"]) and a["slug"] == b["slug"]


def may_be_others(ours: str, theirs: str) -> bool:
    """As `were_others`, but also where the files may only have lain elsewhere."""
    a, b = _NAME.match(ours), _NAME.match(theirs)
    return a is not None and b is not None and any(a[kind] and b[kind] and a[kind] != b[kind] for kind in _KINDS)


def _slug(source_name: str) -> str:
    return re.sub(r"[^\w-]+", "-", source_name)[:40]
