"""What may load what, asked of a fresh interpreter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print('\\n'.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        *("settings", "network", "data", "records", "curves", "inspection", "comparison", "export"),
        *("events", "evaluation", "display"),
    ],
)
def test_core_loads_neither_torch_nor_qt(module: str) -> None:
    """A file, or a room with all of its files."""
    code = (
        f"import importlib, pkgutil, workbench.core.{module} as room\n"
        "for each in pkgutil.iter_modules(getattr(room, '__path__', [])):\n"
        "    importlib.import_module(f'{room.__name__}.{each.name}')\n"
    )
    assert not loaded_by(code) & {"torch", "torchvision", "PySide6", "rich", "typer"}


def test_the_window_loads_no_torch() -> None:
    loaded = loaded_by("import workbench.gui.main_window")
    assert "PySide6" in loaded
    assert not loaded & {"torch", "torchvision", "typer", "rich", "PIL"}


def test_the_command_line_loads_neither_torch_nor_qt() -> None:
    assert not loaded_by("import workbench.commands.application") & {"torch", "PySide6", "pyqtgraph"}


def test_the_engine_loads_no_qt() -> None:
    loaded = loaded_by("import workbench.engine.training.training, workbench.engine.trials.doctor")
    assert not loaded & {"PySide6", "pyqtgraph"}


FIRST_PAINT = """
import sys
from workbench.__main__ import main
from workbench.gui import main_window
class Probe(main_window.MainWindow):
    def paintEvent(self, event):
        print("\\n".join(sys.modules), flush=True)
        import os
        os._exit(0)
main_window.MainWindow = Probe
main(["--home", sys.argv[1]])
"""


def test_the_first_paint_has_waited_for_nothing_heavy(tmp_path: Path) -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", FIRST_PAINT, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    loaded = set(done.stdout.split())
    assert "workbench.gui.main_window" in loaded
    of_plots = {"pyqtgraph", "workbench.gui.widgets.plotting", "OpenGL", "cupy", "numba", "cuda.bindings"}
    assert not loaded & (
        {"torch", "torchvision", "PIL", "scipy", "numpy.ma", "typer", "rich", "sqlite3"} | of_plots
    )


def test_after_pyqtgraph_the_bindings_of_cuda_can_be_loaded() -> None:
    statement = "import sys; import workbench.gui.widgets.plotting; assert 'cuda.bindings' not in sys.modules"
    loaded = loaded_by(statement)
    assert "pyqtgraph" in loaded


SOURCES_READ = """
import inspect
from workbench.gui.app import prepare_imports
prepare_imports()
of_object, read = inspect.getsource, []
inspect.getsource = lambda asked: read.append(inspect.ismodule(asked)) or of_object(asked)
import workbench.gui.main_window
assert not any(read), sum(read)
"""


def test_no_source_is_read_of_what_the_window_imports() -> None:
    subprocess.run([sys.executable, "-c", SOURCES_READ], check=True, timeout=60)
