"""The name of a decorated function's lock, from its arguments."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._options import Name


def names_from(
    name: str | Callable[..., Name], function: Callable[..., Any]
) -> Callable[..., Name]:
    """A function of the decorated one's arguments that returns the name. Raises ValueError for
    braces that name none of them: when the function is decorated, not when it is called.
    """
    if callable(name):
        return name
    if not isinstance(name, str):
        raise TypeError(f"name must be a str or a function, not {type(name).__name__}")
    import inspect
    import string

    signature = inspect.signature(function)
    fields = [field for _, field, _, _ in string.Formatter().parse(name) if field is not None]
    if not fields:
        text = name.format()
        return lambda *_, **__: text
    for field in fields:
        first = field.partition(".")[0].partition("[")[0]
        if first not in signature.parameters:
            raise ValueError(
                f"{name!r} has {{{field}}}, but {function.__name__} has no argument {first!r}"
            )

    def formatted(*args: Any, **kwargs: Any) -> str:
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        return name.format_map(given.arguments)

    return formatted
