"""Which interpreters the package runs in."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def require_gil(interpreter: Any) -> None:
    """Raises ImportError in a build without the global interpreter lock, in which the compiled
    module was not tested. `interpreter`: the module `sys`.
    """
    is_enabled = getattr(interpreter, "_is_gil_enabled", None)
    if is_enabled is not None and not is_enabled():
        raise ImportError(
            "asio_redlock needs the global interpreter lock: it was not tested without; "
            "run Python with PYTHON_GIL=1"
        )


require_gil(sys)
