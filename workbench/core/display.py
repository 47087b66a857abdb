"""Whether a window can be opened here. Asked before Qt is: without a display QApplication aborts the process."""

import ctypes
import importlib.util
import os
import re
import sys
from pathlib import Path

HEADLESS_COMMAND = "resnet-workbench train --model resnet8 --recipe quick --data sample"
# Debian's and Ubuntu's packages that Qt's X11 plugin needs and that a bare installation lacks.
SYSTEM_PACKAGES = (
    "libegl1 libgl1 libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 "
    "libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0"
)
_NEEDS_NO_DISPLAY = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")


def display_problem() -> str | None:
    """One sentence that says why no window can open and what to do; None if one can."""
    if not sys.platform.startswith("linux"):
        return None
    platform = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if platform in _NEEDS_NO_DISPLAY:
        return _missing_library(f"libq{platform}.so")
    wayland, x11 = os.environ.get("WAYLAND_DISPLAY"), os.environ.get("DISPLAY")
    if wayland and platform != "xcb":
        socket = Path(os.environ.get("XDG_RUNTIME_DIR", "/"), wayland)
        if socket.exists():
            return _missing_library("libqwayland.so")
    if not x11:
        return (
            "there is no display (neither DISPLAY nor WAYLAND_DISPLAY leads to one); start it on a desktop, "
            f"or train without a window: {HEADLESS_COMMAND}"
        )
    return _missing_library("libqxcb.so") or _unreachable(x11)


def _missing_library(plugin: str) -> str | None:
    """Load Qt's platform plugin by itself: the loader names the first system library that is missing."""
    spec = importlib.util.find_spec("PySide6")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder, "Qt", "plugins", "platforms", plugin)
        if path.exists():
            try:
                ctypes.CDLL(str(path))
            except OSError as error:
                named = re.match(r"[\w.+-]+\.so[\w.]*", str(error))
                return (
                    f"Qt cannot start because the system library {named[0] if named else error} is missing; "
                    f"on Debian or Ubuntu: apt-get install {SYSTEM_PACKAGES} (or train without a window: "
                    f"{HEADLESS_COMMAND})"
                )
    return None


def _unreachable(display: str) -> str | None:
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    if not failed:
        return None
    return (
        f"DISPLAY is '{display}', but no X server answers there; set it to a running one, "
        f"or train without a window: {HEADLESS_COMMAND}"
    )
