"""URLs (docs/endpoints.md) out of the parts that aioredlock takes."""

from __future__ import annotations

from collections.abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeGuard

#: What aioredis takes for its pools and replies, of which there are none here.
WITHOUT_EFFECT = frozenset(
    {"connection_cls", "encoding", "loop", "maxsize", "minsize", "parser", "pool_cls", "timeout"}
)


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def is_sequence(value: object) -> TypeGuard[tuple[Any, ...] | list[Any]]:
    return isinstance(value, (tuple, list))


def quoted(text: str | bytes, safe: str = "") -> str:
    from urllib.parse import quote

    return quote(text, safe=safe)


def address_of(host: Any, port: Any) -> str:
    """`host:port`, as it stands in a URL."""
    if not isinstance(host, str):
        raise TypeError(f"a host must be a str, not {type(host).__name__}")
    number = whole_number(port, "a port")
    return f"[{quoted(host, ':')}]:{number}" if ":" in host else f"{quoted(host)}:{number}"


def pair_of(address: tuple[Any, ...] | list[Any]) -> tuple[Any, Any]:
    """Host and port, from a tuple or a list of these two."""
    if len(address) != 2:
        raise ValueError(f"an address is a host and a port, not {len(address)} values")
    host, port = address
    return host, port


def whole_number(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError(f"{what} must be an int, not {type(value).__name__}")
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"{what} must be a whole number") from None


def login_of(user: Any, password: Any) -> str:
    """`user:password@`, as it stands in a URL."""
    if user is not None and not isinstance(user, str):
        raise TypeError(f"a username must be a str, not {type(user).__name__}")
    if password is None:
        if user is not None:
            raise ValueError("there is a username, but no password")
        return ""
    if not isinstance(password, (str, bytes)):
        raise TypeError(f"a password must be a str or bytes, not {type(password).__name__}")
    return f"{quoted(user or '')}:{quoted(password)}@"


def database_of(db: Any) -> str:
    """`/db`, as it stands in a URL."""
    return "" if db is None else f"/{whole_number(db, 'db')}"


def encryption_of(context: Any) -> tuple[bool, dict[str, str]]:
    """Whether to use TLS, and with which parameters: from True, False, None or an SSLContext."""
    if context is None or isinstance(context, bool):
        return bool(context), {}
    import ssl

    if isinstance(context, ssl.SSLContext):
        if context.verify_mode == ssl.CERT_NONE:
            return True, {"verify": "none"}
        # The certificates that it trusts cannot be read from it completely.
        raise TypeError(
            "an SSLContext that verifies cannot be used: give True for the system's certificates, "
            "or a rediss:// URL with ca=, cert= and key= (docs/tls.md)"
        )
    raise TypeError(f"ssl must be True, False or an SSLContext, not {type(context).__name__}")


def query_of(parameters: dict[str, str]) -> str:
    from urllib.parse import urlencode

    return f"?{urlencode(parameters)}" if parameters else ""
