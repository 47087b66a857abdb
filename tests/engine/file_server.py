"""A web server for one file that breaks off, stalls, or answers otherwise than it should, as a test tells it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What is served, and how; each request takes the next of `answers`, and the last of all is a whole answer."""

    content: bytes = b""
    tag: str = '"1"'
    answers: list[Callable[["_Handler"], None]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    """Headers of the requests so far."""
    port: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    """Nobody asks any more."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/data.tar.gz"

    @property
    def ranges(self) -> list[str]:
        return [headers.get("Range", "") for headers in self.asked]


class _Handler(BaseHTTPRequestHandler):
    served: FileServer

    def do_GET(self) -> None:
        self.served.asked.append(dict(self.headers))
        (self.served.answers.pop(0) if self.served.answers else ranged)(self)

    def log_message(self, *_: object) -> None:
        """Nothing: a test's output is its own."""

    def head(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in ({"ETag": self.served.tag} | headers).items():
            if value != "":
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()


def ranged(request: _Handler, most: int | None = None, stalls_s: float = 0.0) -> None:
    """As a good server does; with `most` only so many bytes of what was announced, then silence or the end."""
    content, asked = request.served.content, request.headers.get("Range")
    condition = request.headers.get("If-Range", request.served.tag)
    first = int(asked.removeprefix("bytes=").rstrip("-")) if asked and condition == request.served.tag else 0
    if first >= len(content) > 0:
        request.head(416, Content_Range=f"bytes */{len(content)}")
        return
    if first:
        place = f"bytes {first}-{len(content) - 1}/{len(content)}"
        request.head(206, Content_Length=len(content) - first, Content_Range=place)
    else:
        request.head(200, Content_Length=len(content))
    request.wfile.write(content[first : len(content) if most is None else first + most])
    request.wfile.flush()
    # No longer than the test lasts.
    request.served.over.wait(stalls_s)


def cut(most: int) -> Callable[[_Handler], None]:
    """The connection breaks off after so many bytes."""
    return lambda request: ranged(request, most)


def stall(most: int, seconds: float) -> Callable[[_Handler], None]:
    return lambda request: ranged(request, most, seconds)


def status(code: int, **headers: object) -> Callable[[_Handler], None]:
    return lambda request: request.head(code, Content_Length=0, **headers)


def whole(content: bytes | None = None, most: int | None = None) -> Callable[[_Handler], None]:
    """200 with all of it, whatever range is asked for; of another content, where one is given."""

    def answer(request: _Handler) -> None:
        sent = request.served.content if content is None else content
        request.head(200, Content_Length=len(sent))
        request.wfile.write(sent[:most])

    return answer


def unannounced(content: bytes) -> Callable[[_Handler], None]:
    """Without a word of how much it is."""

    def answer(request: _Handler) -> None:
        request.head(200)
        request.wfile.write(content)

    return answer


@contextmanager
def serving(content: bytes, *answers: Callable[[_Handler], None]) -> Iterator[FileServer]:
    served = FileServer(content, answers=list(answers))
    handler = type("Handler", (_Handler,), {"served": served})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        # The requests that stall outlive a test otherwise.
        server.daemon_threads = False
        served.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield served
        finally:
            served.over.set()
            server.shutdown()
            thread.join()
