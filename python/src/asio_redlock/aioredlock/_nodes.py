"""The elements of aioredlock's list of connections, as URLs."""

# The modules of this package know each other.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Mapping

from ._urls import (
    WITHOUT_EFFECT,
    address_of,
    database_of,
    encryption_of,
    is_mapping,
    is_sequence,
    login_of,
    pair_of,
    query_of,
    quoted,
)
from .sentinel import Sentinel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    #: One node, in any form that aioredlock takes; docs/endpoints.md has the URLs.
    Connection = Sentinel | Mapping[str, Any] | tuple[str, int] | list[Any] | str

_FORMS = (
    "a connection must be a URL such as 'redis://localhost:6379/0', a path of a socket, "
    "a tuple (host, port), a dict with 'host' and 'port', or a Sentinel"
)


def urls_of(connections: Iterable[Connection]) -> list[str]:
    """Raises TypeError or ValueError. The messages quote no URL and no password."""
    if isinstance(connections, (str, bytes, Mapping, Sentinel)):
        raise TypeError("redis_connections must be a list, even if there is only one")
    return [_url_of(one) for one in connections]


def _url_of(connection: Any) -> str:
    if isinstance(connection, Sentinel):
        return connection._url()
    if is_mapping(connection):
        return _url_of_dict(dict(connection))
    if is_sequence(connection):
        return f"redis://{address_of(*pair_of(connection))}"
    if isinstance(connection, str):
        return _url_of_text(connection)
    kind = f"{connection.__class__.__module__}.{connection.__class__.__qualname__}"
    raise TypeError(
        f"{_FORMS}, not {kind}; instead of a pool or a client pass the URL of its server"
    )


def _url_of_dict(settings: dict[str, Any]) -> str:
    address = address_of(settings.pop("host", "localhost"), settings.pop("port", 6379))
    login = login_of(settings.pop("username", None), settings.pop("password", None))
    path = database_of(settings.pop("db", None))
    encrypted, parameters = encryption_of(settings.pop("ssl", None))
    for name in settings:
        if name not in WITHOUT_EFFECT:
            raise TypeError(
                f"a connection has no setting {name!r}; there are host, port, db, username, "
                "password and ssl"
            )
    scheme = "rediss" if encrypted else "redis"
    return f"{scheme}://{login}{address}{path}{query_of(parameters)}"


def _url_of_text(text: str) -> str:
    if text.startswith("/"):
        return f"unix://{quoted(text, '/')}"
    if text.startswith(("redis://", "rediss://")) and "?" in text:
        return _with_own_parameters(text)
    if "://" in text or text.startswith("unix:"):
        return text
    raise ValueError(_FORMS)


def _with_own_parameters(url: str) -> str:
    """aioredis's parameters as parts of the URL, or left out if they have no counterpart."""
    from urllib.parse import parse_qsl

    start, _, query = url.partition("?")
    given = parse_qsl(query, keep_blank_values=True)
    rest = {name: value for name, value in given if name not in WITHOUT_EFFECT}
    scheme, _, where = start.partition("://")
    encrypted = rest.pop("ssl", None)
    if encrypted not in (None, "true", "false"):
        raise ValueError("the URL's parameter ssl must be 'true' or 'false'")
    if encrypted == "true":
        scheme = "rediss"
    if "db" in rest:
        if where.partition("/")[2]:
            raise ValueError("the URL has a database in its path and in its parameter db")
        where = where.rstrip("/") + database_of(rest.pop("db"))
    if "password" in rest:
        if "@" in where:
            raise ValueError("the URL has a password before its host and in its parameter")
        where = f":{quoted(rest.pop('password'))}@{where}"
    return f"{scheme}://{where}{query_of(rest)}"
