"""Opening the window: display check, theme, log, exception hook."""

import gc
import logging
import os
import signal
import sys
import threading
from logging.handlers import RotatingFileHandler
from types import TracebackType
from typing import TYPE_CHECKING

from workbench.core.display import display_problem
from workbench.core.ending_signals import ending_signals
from workbench.core.errors import UserError
from workbench.core.home import Home

if TYPE_CHECKING:
    from workbench.gui.widgets.message_bar import MessageBar

_log = logging.getLogger(__name__)
_FALLBACK_FONT_PX = 13


def open_window(home_override: str = "") -> int:
    """Show the window until it is closed; returns the exit code."""
    problem = display_problem()
    if problem is not None:
        sys.stderr.write(f"error: {problem}\n")
        return 2
    prepare_imports()
    try:
        home = Home.locate(home_override or None)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    _start_log(home)
    # Only now: without a display, Qt would abort the process.
    from PySide6.QtCore import QSettings, QTimer
    from PySide6.QtGui import QIcon
    from PySide6.QtWidgets import QApplication

    from workbench.core.resources import resource_path
    from workbench.gui.main_window import MainWindow
    from workbench.gui.widgets.theme import Theme

    application = QApplication(sys.argv[:1])
    application.setApplicationName("resnet-workbench")
    application.setApplicationDisplayName("ResNet Workbench")
    application.setDesktopFileName("resnet-workbench")
    application.setWindowIcon(QIcon(str(resource_path("icons/workbench.svg"))))
    if application.font().pointSizeF() <= 0 and application.font().pixelSize() <= 0:
        font = application.font()
        font.setPixelSize(_FALLBACK_FONT_PX)
        application.setFont(font)
    settings = QSettings(str(home.root / "window.ini"), QSettings.Format.IniFormat)
    theme = Theme(application, str(settings.value("theme", "system")))
    window = MainWindow(home, theme, settings)
    sys.excepthook = _ExceptionHook(window.message_bar)
    # Python's handlers run because the window's timer comes back to Python many times a second. They may run
    # between any two lines, so closing itself is left to the event loop.
    for number in ending_signals():
        signal.signal(number, lambda *_: QTimer.singleShot(0, window.close))
    window.show()
    code = application.exec()
    if not window.has_let_go:
        # A job hangs, on a file of a lost network drive say. Qt would abort on destroying its thread; what jobs
        # write is renamed into place when it is whole, so that nothing is lost by leaving at once.
        _log.warning("left while a job was still going on")
        logging.shutdown()
        os._exit(code)
    return code


def prepare_imports() -> None:
    """To be called before the window's modules are imported: leaves out what only delays the first paint."""
    # Nothing of what is built for the first paint is garbage; the window's own collector takes over after it.
    gc.disable()
    # Looking for plugins reads the metadata of every installed package; no configuration here has a use for one
    # (https://docs.pydantic.dev/latest/concepts/plugins/).
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    import PySide6.QtCore  # noqa: F401  # brings the module below

    # From now on PySide reads and decodes the source of every module that is imported, also all those of torch,
    # to learn whether it may have chosen `snake_case` or `true_property`, which nothing here does
    # (https://code.qt.io/cgit/pyside/pyside-setup.git/tree/sources/shiboken6/shibokenmodule/files.dir/shibokensupport/feature.py).
    feature = sys.modules.get("shibokensupport.feature")
    if hasattr(feature, "_mod_uses_pyside"):
        feature._mod_uses_pyside = lambda _module: True  # type: ignore[union-attr]  # asked just before


def _start_log(home: Home) -> None:
    """Warnings and tracebacks go to <home>/workbench.log; to standard error where that cannot be written."""
    handler: logging.Handler = logging.StreamHandler()
    try:
        home.root.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(home.root / "workbench.log", maxBytes=1 << 20, backupCount=1, delay=True)
        if not os.access(home.root, os.W_OK):
            handler = logging.StreamHandler()
    except OSError:
        logging.getLogger(__name__).debug("no log file in %s", home.root)
    logging.basicConfig(handlers=[handler], format="%(asctime)s %(levelname)s %(name)s: %(message)s")


class _ExceptionHook:
    """Exceptions in slots reach only this hook: log them, tell the person, keep the window."""

    def __init__(self, message_bar: "MessageBar") -> None:
        self._message_bar = message_bar

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        _log.error("unexpected error", exc_info=(kind, error, trace))
        sys.__excepthook__(kind, error, trace)
        if threading.current_thread() is threading.main_thread():
            sentence = f"{kind.__name__}: {error} (a bug of the workbench; details are in the log)"
            self._message_bar.tell("error", sentence)
