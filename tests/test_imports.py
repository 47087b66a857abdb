"""What may load what, asked of a fresh interpreter."""

import subprocess
import sys

import pytest


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}; import sys; print('\\n'.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module", ["config", "architecture", "events", "evaluation", "store", "presets", "display"]
)
def test_core_loads_neither_torch_nor_qt(module: str) -> None:
    assert not loaded_by(f"import workbench.core.{module}") & {"torch", "torchvision", "PySide6", "rich", "typer"}


def test_the_window_loads_no_torch() -> None:
    loaded = loaded_by("import workbench.gui.main_window")
    assert "PySide6" in loaded
    assert not loaded & {"torch", "torchvision", "typer", "rich", "PIL"}


def test_the_command_line_loads_neither_torch_nor_qt() -> None:
    assert not loaded_by("import workbench.commands.application") & {"torch", "PySide6", "pyqtgraph"}


def test_the_engine_loads_no_qt() -> None:
    loaded = loaded_by("import workbench.engine.training.training, workbench.engine.trials.doctor")
    assert not loaded & {"PySide6", "pyqtgraph"}
