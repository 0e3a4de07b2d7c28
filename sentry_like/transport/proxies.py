"""Which proxy stands between a client and its server, by options and environment (protocol, "Python
transport details").

The options `https_proxy` and `http_proxy` decide, an empty one for none. If neither is given the
environment does, as for other programs: lower case before upper case, `NO_PROXY` before all.
"""

from __future__ import annotations

from sentry_like.errors import voice
from sentry_like.options import BadOptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMES = frozenset(("http", "https", "socks4", "socks4a", "socks5", "socks5h"))

NEEDS_SOCKS = "a SOCKS proxy, which needs a package: pip install sentry-like[socks]"


def choose(
    scheme: str,
    host: str,
    port: int,
    *,
    https_proxy: str | None,
    http_proxy: str | None,
    environ: Mapping[str, str],
) -> str | None:
    """The proxy's URL, with a scheme of `SCHEMES`; `None` to connect to the server itself.

    Raises:
        BadOptions: an option names a proxy that cannot be used. One that the environment names for all
            programs is left out then.
    """
    if scheme == "https" and https_proxy is not None:
        return _checked("https_proxy", https_proxy)
    if http_proxy is not None:
        return _checked("http_proxy", http_proxy)
    if is_exempt(host, port, _said(environ, "no_proxy")):
        return None
    return _from_environ(scheme, environ)


def _checked(name: str, url: str) -> str | None:
    fault = _fault(url) if url else None
    if fault:
        raise BadOptions([f"Option {name!r} names {fault}."])
    return url or None


def _from_environ(scheme: str, environ: Mapping[str, str]) -> str | None:
    for name in (f"{scheme}_proxy", "all_proxy"):
        url = _said(environ, name)
        if not url or (name == "http_proxy" and _is_a_header(environ)):
            continue
        if "://" not in url:  # as curl has it
            url = f"http://{url}"
        fault = _fault(url)
        if fault is None:
            return url
        voice.once(f"proxy {name}", f"the variable {name} names {fault}: it is not used")
    return None


def _said(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, environ.get(name.upper(), "")).strip()


def _is_a_header(environ: Mapping[str, str]) -> bool:
    """In a CGI script `HTTP_PROXY` is the client's header "Proxy", not the administrator's word."""
    return "REQUEST_METHOD" in environ and not environ.get("http_proxy")


def _fault(url: str) -> str | None:
    """Why this URL cannot be used, without repeating it, for it may hold a password."""
    scheme, mark, _ = url.partition("://")
    if not mark or scheme.lower() not in SCHEMES:
        return f"no proxy: it needs one of the schemes {', '.join(sorted(SCHEMES))}"
    if scheme.lower().startswith("socks") and not _has_socks():
        return NEEDS_SOCKS
    return None


def _has_socks() -> bool:
    from importlib.util import find_spec  # loads much, and few have such a proxy

    try:
        return find_spec("socks") is not None
    except ValueError:  # a module of that name is there, but none that was loaded from a file
        return False


def is_exempt(host: str, port: int, no_proxy: str) -> bool:
    """Whether `NO_PROXY` names this host, which has no brackets and is in lower case.

    Its entries, between commas or blanks: `*`; a name, which stands for all below it too, with a dot or `*.`
    before it or not; an address or a network such as `10.0.0.0/8`. Each may end in a port.
    """
    return any(_matches(entry, host, port) for entry in no_proxy.lower().replace(",", " ").split())


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    name, colon, number = entry.rpartition(":")
    if colon and number.isdigit() and (":" not in name or name.endswith("]")):
        if int(number) != port:
            return False
        entry = name
    entry = entry.strip("[]")
    if _is_address(host):
        return _is_in_network(host, entry)
    name = entry.removeprefix("*").removeprefix(".").removesuffix(".")
    return bool(name) and f".{host.removesuffix('.')}".endswith(f".{name}")


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _is_in_network(address: str, entry: str) -> bool:
    from ipaddress import ip_address, ip_network  # loaded only for a server without a name

    try:
        return ip_address(address) in ip_network(entry, strict=False)
    except ValueError:
        return False
