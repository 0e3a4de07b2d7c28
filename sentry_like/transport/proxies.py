"""Which proxy a request goes through: what the options say, else what the environment says (protocol, "Python transport details")."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


def choose(
    scheme: str,
    host: str,
    port: int,
    *,
    https_proxy: str | None,
    http_proxy: str | None,
    environ: Mapping[str, str],
) -> str | None:
    """The URL of the proxy to use, or `None` for a direct connection.

    For https the option `https_proxy` comes first, then for both `http_proxy`; an empty one means no proxy. Without options the
    environment decides, unless `NO_PROXY` names the host.

    Raises:
        ValueError: the proxy's URL has no scheme, or one that is not supported.
    """
    if scheme == "https" and https_proxy is not None:
        return _checked(https_proxy)
    if http_proxy is not None:
        return _checked(http_proxy)
    if is_exempt(host, port, _variable("no_proxy", environ)):
        return None
    return _checked(_variable(f"{scheme}_proxy", environ) or _variable("all_proxy", environ))


def _checked(url: str) -> str | None:
    if not url:
        return None
    scheme = url.partition("://")[0].lower()
    if "://" not in url or scheme not in SCHEMES:
        raise ValueError(f"the proxy's URL must begin with one of {', '.join(f'{s}://' for s in SCHEMES)}")
    return url


def _variable(name: str, environ: Mapping[str, str]) -> str:
    """A proxy variable in either case, lower first. A CGI program's HTTP_PROXY may be a request's header (CVE-2016-1000110)."""
    if name == "http_proxy" and "REQUEST_METHOD" in environ:
        return environ.get(name, "")
    return environ.get(name) or environ.get(name.upper(), "")


def is_exempt(host: str, port: int, no_proxy: str) -> bool:
    """Whether `NO_PROXY` names the host: `*`, a name and all below it, an address, each with or without a port."""
    host = host.lower().rstrip(".")
    for entry in no_proxy.lower().replace(" ", ",").split(","):
        name, _, wanted_port = (
            entry.strip().rpartition(":") if _has_port(entry.strip()) else (entry.strip(), "", "")
        )
        if not name or (wanted_port and wanted_port != str(port)):
            continue
        name = name.removeprefix("*").strip("[]").lstrip(".")
        if not name or host == name or host.endswith("." + name):
            return True
    return False


def _has_port(entry: str) -> bool:
    """Whether an entry ends in a port; a bare IPv6 address has more than one colon."""
    return entry.count(":") == 1 or "]:" in entry
