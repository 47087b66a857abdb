"""One request to a server, read on a thread of its own, so that whoever waits for it can be canceled at once.

A read of a socket cannot be interrupted, and one that timed out cannot be taken up again.
"""

import contextlib
import http.client
import os
import queue
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from workbench.core.errors import reason, shown

_CHUNK = 1 << 18
# Chunks that are read ahead of who writes them.
_AHEAD = 8
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_UNCLEAR = "the server's answer is cut, or cannot be understood"
# What may be otherwise in a moment.
_PASSING = (429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Answer:
    """What the server says before the bytes."""

    start: int
    """Number of the first byte that follows."""
    total: int
    """Bytes of the whole file; 0: not said."""
    validator: str
    """What `If-Range` takes, to get more of the very same file; empty: the server names nothing that would do."""


class Transfer:
    """Read with `next` until `is_over`; closed at any time, its thread ends by itself and touches no file.

    Args:
        first: number of the first byte that is asked for.
        validator: of the answer that brought what came before it.
        timeout_s: that the server may be silent.
    """

    def __init__(self, url: str, first: int, validator: str, timeout_s: float) -> None:
        self.is_over = False
        self._url, self._first, self._validator, self._timeout_s = url, first, validator, timeout_s
        self._is_closed = threading.Event()
        self._messages: queue.Queue[Answer | bytes | Exception] = queue.Queue(_AHEAD)
        # A daemon: one that waits for a silent server must not hold up the end of the program.
        threading.Thread(target=self._run, name="download", daemon=True).start()

    def next(self, patience_s: float) -> Answer | bytes | None:
        """What came, or None where nothing has yet, or nothing more will.

        Raises:
            Exception: whatever the request met; `words` says it.
        """
        try:
            message = self._messages.get(timeout=patience_s)
        except queue.Empty:
            return None
        if isinstance(message, Exception):
            raise message
        self.is_over = message == b""
        return None if self.is_over else message

    def close(self) -> None:
        self._is_closed.set()

    def _run(self) -> None:
        try:
            # Not urlopen: it keeps the proxies of the first call for good.
            with urllib.request.build_opener().open(self._request(), timeout=self._timeout_s) as response:
                left = self._begin(response)
                while left and (chunk := response.read1(min(_CHUNK, left))):
                    left -= len(chunk)
                    if not self._give(chunk):
                        return
            self._give(b"")
        # It is the server's answer too, and holds the connection.
        except urllib.error.HTTPError as error:
            error.close()
            self._give(error)
        # Handed over whole; the thread has nobody else to tell.
        except Exception as error:  # noqa: BLE001
            self._give(error)

    def _request(self) -> urllib.request.Request:
        # Packed once more on the way, bytes could not be counted.
        headers = {"Accept-Encoding": "identity", "User-Agent": "resnet-workbench"}
        if self._first:
            headers["Range"] = f"bytes={self._first}-"
            if self._validator:
                headers["If-Range"] = self._validator
        return urllib.request.Request(self._url, headers=headers)

    def _begin(self, response: Any) -> int:
        """Say what is coming; returns how many bytes that is, or very many where nobody knows."""
        length = response.headers.get("Content-Length")
        announced = None if length is None else int(length)
        if announced is not None and announced < 0:
            raise ValueError("fewer bytes than none")
        # Weak ones do not promise the same bytes (RFC 9110, 13.1.5).
        tag = response.headers.get("ETag", "")
        validator = tag if tag.startswith('"') else response.headers.get("Last-Modified", "")
        start, total = 0, announced or 0
        # A file that is opened by its URL has no status.
        if getattr(response, "status", None) == http.client.PARTIAL_CONTENT:
            found = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
            if found is None:
                raise ValueError("a part that does not say which")
            start, total = int(found[1]), 0 if found[2] == "*" else int(found[2])
        self._give(Answer(start, total, validator))
        return 1 << 62 if announced is None else announced

    def _give(self, message: Answer | bytes | Exception) -> bool:
        """Hand over, waiting for room; whether anybody is still there."""
        while not self._is_closed.is_set():
            with contextlib.suppress(queue.Full):
                self._messages.put(message, timeout=0.1)
                return True
        return False


def is_passing(error: Exception, has_begun: bool) -> bool:
    """Whether trying again may do: once bytes have come, a server that is not there was there a moment ago."""
    if isinstance(error, urllib.error.HTTPError):
        return has_begun and error.code in _PASSING
    met = getattr(error, "reason", error)
    if isinstance(met, TimeoutError | http.client.IncompleteRead | http.client.RemoteDisconnected):
        return True
    if isinstance(met, ConnectionError) and not isinstance(met, ConnectionRefusedError):
        return True
    return has_begun and isinstance(met, OSError) and not isinstance(met, ssl.SSLCertVerificationError)


def words(error: Exception, url: str, timeout_s: float) -> str:
    """What went wrong: the system's words, the server's, or ours; never a proxy's password."""
    proxy = _proxy_of(url)
    through = f"the proxy {proxy[1]}, which {proxy[0]} names," if proxy else ""
    if isinstance(error, urllib.error.HTTPError):
        return _answer_words(error, through)
    met = getattr(error, "reason", error)
    text = met if isinstance(met, str) else str(met)
    if through and "Tunnel connection failed" in text:
        if "407" in text:
            return f"{through} asks for a name and password (407 Proxy Authentication Required)"
        return f"{through} lets nothing through ({shown(text)})"
    if isinstance(met, TimeoutError):
        return f"nothing came for {timeout_s:g} s"
    if isinstance(met, socket.gaierror):
        server = shown(urlsplit(url).hostname or "")
        return (
            f"{through} is not known by that name" if through
            else f"the name {server} cannot be resolved (is there a network?)"
        )  # fmt: skip
    if through and isinstance(met, ConnectionRefusedError):
        return f"{through} refuses the connection"
    if isinstance(met, ssl.SSLCertVerificationError):
        return f"the server's certificate cannot be verified ({met.verify_message})"
    if isinstance(met, OSError):
        return reason(met)
    # Of a port that is no number, say: these words would repeat the proxy with its password.
    if through and isinstance(met, http.client.InvalidURL):
        return f"{through} cannot be understood"
    # RemoteDisconnected is an OSError and told above.
    return _UNCLEAR if isinstance(met, Exception) else shown(text)


def _answer_words(error: urllib.error.HTTPError, through: str) -> str:
    said = f"{error.code} {shown(str(error.reason))}"
    match error.code:
        case 407:
            return f"{through or 'a proxy on the way'} asks for a name and password ({said})"
        case 404 | 410:
            return f"the server has no such file ({said})"
        case 401 | 403:
            return f"the server does not give it away ({said})"
        case code if code >= 500:
            return f"the server has trouble of its own ({said}); try again later"
        case _:
            return f"the server answers {said}"


def _proxy_of(url: str) -> tuple[str, str] | None:
    """The variable that names the proxy of `url`, and the proxy without name and password; None without one."""
    split = urlsplit(url)
    proxy = urllib.request.getproxies().get(split.scheme)
    if not proxy or urllib.request.proxy_bypass(split.netloc):
        return None
    names = (f"{split.scheme}_proxy", f"{split.scheme}_proxy".upper())
    name = next((name for name in names if os.environ.get(name)), "the system's settings")
    return name, shown(proxy.rpartition("//")[2].rpartition("@")[2].rstrip("/"))
