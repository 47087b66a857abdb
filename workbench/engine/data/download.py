"""Downloading one file with progress, checked before it takes its name."""

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Generator
from pathlib import Path

from workbench.core.errors import UserError, reason, shown
from workbench.core.events import Progress

_CHUNK = 1 << 20


def download(
    url: str, path: Path, *, algorithm: str, digest: str, activity: str, by_hand: str
) -> Generator[Progress, None, None]:
    """Download `url` to `path` unless it is there. Closing the generator cancels and leaves nothing.

    Args:
        algorithm: md5 or sha256.
        digest: in hexadecimal, or its beginning.
        activity: what the progress is called.
        by_hand: ends an error's sentence: what to do without a network.

    Raises:
        UserError: no network, or what arrived is not the file.
    """
    if path.exists():
        return
    partial = path.with_name(path.name + ".part")
    hasher = hashlib.new(algorithm, usedforsecurity=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(url, timeout=30) as response, partial.open("wb") as file:
            total = int(response.headers.get("Content-Length", 0))
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                hasher.update(chunk)
                yield Progress(activity, file.tell(), total, "bytes")
        if not hasher.hexdigest().startswith(digest):
            found = f"{algorithm.upper()} {hasher.hexdigest()}, not {digest}"
            raise UserError(f"the download of {url} is damaged ({found}); {by_hand}")
        os.replace(partial, path)
    # URLError is an OSError; HTTPException and ValueError: the answer ends early, or is none of a web server.
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError):
            # It is the server's answer too, and holds the connection.
            error.close()
        raise UserError(f"cannot download {url}: {_words(error)}; {by_hand}") from error
    finally:
        partial.unlink(missing_ok=True)


def _words(error: Exception) -> str:
    """What went wrong: the system's words, the server's, or ours."""
    met = getattr(error, "reason", error)
    if isinstance(met, OSError):
        return reason(met)
    return shown(met) if isinstance(met, str) else "the server's answer is cut, or cannot be understood"
