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


def require_main() -> None:
    """Raises ImportError in a sub-interpreter: the engine, and what makes exceptions, is one for
    the whole process.
    """
    # Their name has changed with Python 3.13.
    name = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
    try:
        interpreters: Any = __import__(name)
    except ImportError:
        return
    current = interpreters.get_current()
    if int(current[0] if isinstance(current, tuple) else current) != 0:
        raise ImportError("asio_redlock works in the main interpreter only")


require_gil(sys)
require_main()
