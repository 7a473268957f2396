"""A node behind Redis Sentinels: the master that they name."""

from __future__ import annotations

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

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from typing import Any

_PORT = 26379
#: What `ssl_cert_reqs` may be: whether the server's certificate is verified.
_CERT_REQS = {
    "CERT_NONE": False,
    "none": False,
    "CERT_OPTIONAL": True,
    "optional": True,
    "CERT_REQUIRED": True,
    "required": True,
}


class SentinelConfigError(Exception):
    """A `Sentinel` cannot be used as it is given; no `AioredlockError`, as in aioredlock."""


class Sentinel:
    """One node: the master that Sentinels name. An element of `Aioredlock`'s connections.

    `connection`: a tuple (host, port), a dict with 'host' and optionally 'port', 'password', 'db'
    and 'master', a list of such tuples or dicts, or a URL such as
    ``redis://localhost:26379/4?master=leader``. The other arguments go before what it says.
    `password` and `db` are the master's. `ssl_context`: True, or an SSLContext that verifies
    nothing; then Sentinels and master speak TLS.

    Raises SentinelConfigError. Nothing is connected before the first lock.
    """

    __slots__ = ("_encrypted", "_login", "_parameters", "_path", "connection", "master")

    def __init__(
        self,
        connection: Any,
        master: str | None = None,
        password: str | bytes | None = None,
        db: int | None = None,
        ssl_context: ssl.SSLContext | bool | None = None,
    ) -> None:
        try:
            settings = _settings_of(connection)
            for name, given in ("master", master), ("password", password), ("db", db):
                if given is not None:
                    settings[name] = given
            if ssl_context is not None:
                settings["ssl"] = ssl_context
            self._set_up(settings)
        except (TypeError, ValueError) as error:
            raise SentinelConfigError(f"Sentinels cannot be used: {error}") from None

    def _set_up(self, settings: dict[str, Any]) -> None:
        #: The Sentinels, each a tuple of host and port.
        self.connection: list[tuple[str, int]] = settings.pop("sentinels")
        #: The name under which they know the master.
        self.master = _name_of(settings.pop("master", None))
        if not self.connection:
            raise ValueError("the list of Sentinels is empty")
        self._login = login_of(settings.pop("username", None), settings.pop("password", None))
        self._path = database_of(settings.pop("db", None))
        self._encrypted, parameters = encryption_of(settings.pop("ssl", None))
        self._parameters = {**settings.pop("parameters", {}), **parameters}
        for name in settings:
            if name not in WITHOUT_EFFECT:
                raise ValueError(f"there is no setting {name!r}")

    def _url(self) -> str:
        scheme = "rediss+sentinel" if self._encrypted else "redis+sentinel"
        hosts = ",".join(address_of(*one) for one in self.connection)
        where = f"{self._login}{hosts}/{quoted(self.master)}{self._path}"
        return f"{scheme}://{where}{query_of(self._parameters)}"


def _settings_of(connection: Any) -> dict[str, Any]:
    """All that a connection says, by name; `sentinels` are the addresses."""
    if isinstance(connection, str):
        return _settings_of_url(connection)
    if is_mapping(connection):
        return _settings_of_dict(connection)
    if is_sequence(connection):
        if isinstance(connection, tuple):
            return {"sentinels": [_sentinel_of(*pair_of(connection))]}
        return {"sentinels": [_one_of_several(each) for each in connection]}
    raise TypeError(
        "give a tuple (host, port), a dict, a list of them, or a URL, "
        f"not {type(connection).__name__}"
    )


def _settings_of_dict(connection: Mapping[str, Any]) -> dict[str, Any]:
    settings = dict(connection)
    host, port = settings.pop("host", None), settings.pop("port", _PORT)
    return {**settings, "sentinels": [_sentinel_of(host, port)]}


def _name_of(master: Any) -> str:
    if not master or not isinstance(master, str):
        raise ValueError("the name of the master is missing; give master='...'")
    return master


def _sentinel_of(host: Any, port: Any) -> tuple[str, int]:
    if host is None:
        raise ValueError("'host' is missing")
    address_of(host, port)
    return host, int(port)


def _one_of_several(each: Any) -> tuple[str, int]:
    if is_mapping(each):
        settings = _settings_of_dict(each)
        sentinels: list[tuple[str, int]] = settings.pop("sentinels")
        if settings:
            raise ValueError(f"one Sentinel of several has host and port only, not {[*settings]}")
        return sentinels[0]
    if is_sequence(each):
        return _sentinel_of(*pair_of(each))
    raise TypeError(f"a Sentinel in a list must be a tuple or a dict, not {type(each).__name__}")


def _settings_of_url(url: str) -> dict[str, Any]:
    from urllib.parse import parse_qsl, unquote, urlsplit

    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        # Its own message would quote the URL.
        raise ValueError("the URL cannot be read; it is redis://host:port/db?master=name") from None
    if parts.scheme not in ("redis", "rediss") or not host:
        raise ValueError("the URL must be redis://host:port/db?master=name, or rediss://...")
    settings: dict[str, Any] = {"sentinels": [_sentinel_of(host, port or _PORT)]}
    if parts.username:
        settings["username"] = unquote(parts.username)
    if parts.password is not None:
        settings["password"] = unquote(parts.password)
    if parts.path.strip("/"):
        settings["db"] = parts.path.strip("/")
    settings["ssl"] = parts.scheme == "rediss"
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name in ("master", "password", "db") or name in WITHOUT_EFFECT:
            settings[name] = value
        elif name == "ssl_cert_reqs":
            if value not in _CERT_REQS:
                raise ValueError(f"ssl_cert_reqs must be one of {', '.join(_CERT_REQS)}")
            if not _CERT_REQS[value]:
                parameters["verify"] = "none"
        else:
            # One of the package's own, docs/endpoints.md.
            parameters[name] = value
    settings["parameters"] = parameters
    return settings
