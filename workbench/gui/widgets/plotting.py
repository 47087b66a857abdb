"""pyqtgraph, loaded without NVIDIA's bindings; all of the window gets it here, and only after its first paint."""

import sys

# pyqtgraph loads cuda.bindings where they are installed, as torch for CUDA does, for nothing but frames that cupy
# draws into RawImageGLWidget, which this program has none of; it goes on without them when they are missing
# (https://github.com/pyqtgraph/pyqtgraph/blob/master/pyqtgraph/widgets/RawImageWidget.py). They keep the
# window from answering for 55 ms. None in sys.modules means "not there"
# (https://docs.python.org/3/reference/import.html#the-module-cache); afterwards torch may load them.
_BINDINGS = "cuda.bindings"
_is_first = _BINDINGS not in sys.modules
if _is_first:
    sys.modules[_BINDINGS] = None  # type: ignore[assignment]  # the import system allows it, typeshed does not
try:
    import pyqtgraph as pg
finally:
    if _is_first:
        del sys.modules[_BINDINGS]

__all__ = ["pg"]
