"""The table of options: every option is declared here, once."""

from __future__ import annotations

from sentry_like.options import kinds, objects
from sentry_like.options.datacollection import MOST_CONTEXT_LINES, data_collection
from sentry_like.options.field import Declared, option
from sentry_like.protocol.naming import dist_fault, environment_fault, release_fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from sentry_like.types import BreadcrumbProcessor, ErrorSampler, EventProcessor, OnLost

A_DAY = 86_400
MIB = 1024 * 1024


class ErrorOptions(Declared, group="Errors"):
    """What an event holds, and which events are sent."""

    dsn: str | None = option(
        kinds.dsn(),
        "Where events go. Without one, or with an empty one, nothing is sent.",
        default=None,
        kw_only=False,
        secret=True,
    )
    release: str | None = option(
        kinds.text(release_fault, "a str that the server accepts as a release"),
        "The version of the application. Found in `.git`, else in the variables of hosts and CI systems.",
        default=None,
        shown="detected",
    )
    environment: str = option(
        kinds.text(environment_fault, "a str that the server accepts as an environment"),
        "Where the application runs: `production`, `staging`, ...",
        default="production",
        unset_by_none=True,
    )
    server_name: str | None = option(
        kinds.text(), "The name of this machine.", default=None, shown="the host's name"
    )
    dist: str | None = option(
        kinds.text(dist_fault, "a str of at most 64 letters, digits, '_', '.' and '-'"),
        "Which build of the release this is.",
        default=None,
    )
    debug: bool = option(
        kinds.flag(), "Say on stderr what the client does.", default=False, unset_by_none=True
    )
    sample_rate: float = option(
        kinds.number(0, 1), "The share of error events that is sent, chosen at random.", default=1.0
    )
    error_sampler: ErrorSampler | None = option(
        objects.function("event", "hint"),
        "Decides for each event: a share from 0 to 1, or True or False. Replaces `sample_rate`.",
        default=None,
    )
    ignore_errors: Sequence[type[BaseException] | str] = option(
        objects.errors(),
        "Exceptions not to send: classes (subclasses too) or names, `KeyError`, `package.module.Error`.",
        default=(),
    )
    before_send: EventProcessor | None = option(
        objects.function("event", "hint"),
        "The last word on each event: returns it, changed or not, or None to drop it.",
        default=None,
    )
    before_breadcrumb: BreadcrumbProcessor | None = option(
        objects.function("crumb", "hint"),
        "The last word on each breadcrumb: returns it, changed or not, or None to drop it.",
        default=None,
    )
    max_breadcrumbs: int = option(
        kinds.whole(0), "How many breadcrumbs a scope keeps, the newest; 0 keeps none.", default=100
    )
    attach_stacktrace: bool = option(
        kinds.flag(), "Add the stack of the caller to events without an exception.", default=False
    )
    include_local_variables: bool = option(
        kinds.flag(), "Add the local variables of each frame.", default=True, formerly="with_locals"
    )
    include_source_context: bool = option(
        kinds.flag(), "Add the failing source line and those around it.", default=True
    )
    frame_context_lines: int = option(
        kinds.whole(0, MOST_CONTEXT_LINES),
        "How many source lines before the failing one, and how many after it.",
        default=5,
    )
    max_value_length: int = option(
        kinds.whole(1), "Longer strings are cut to so many characters.", default=1024, unset_by_none=True
    )
    max_depth: int = option(kinds.whole(1), "How deep nested data is followed.", default=5)
    max_breadth: int = option(kinds.whole(1), "How many entries of a container are kept.", default=10)
    max_event_bytes: int = option(
        kinds.whole(10_000, 1_000_000),
        "Larger events are trimmed to so many bytes. The server refuses those above 1 MB.",
        default=200_000,
    )
    custom_repr: Callable[[Any], str | None] | None = option(
        objects.function("value"),
        "The text that stands for a value in an event; None leaves it to the usual one.",
        default=None,
    )
    add_full_stack: bool = option(
        kinds.flag(), "Add the frames below the one that caught the exception.", default=False
    )
    max_stack_frames: int = option(
        kinds.whole(1), "How many frames of a stack are kept, the innermost and the outermost.", default=250
    )
    in_app_include: Sequence[str] = option(
        kinds.texts(), "Modules, with all below them, that are the application's own.", default=()
    )
    in_app_exclude: Sequence[str] = option(
        kinds.texts(), "Modules, with all below them, that are not the application's own.", default=()
    )
    project_root: str = option(
        kinds.directory(),
        "Files below this directory are the application's own; the release is looked for here.",
        default="",
        shown="the working directory",
        unset_by_none=True,
    )
    integrations: Sequence[Any] = option(
        objects.integrations(),
        "Integrations to set up, as instances; each wins over the automatic one of its kind.",
        default=(),
    )
    default_integrations: bool = option(
        kinds.flag(),
        "Set up the integrations that need no framework, such as the one for `logging`.",
        default=True,
    )
    auto_enabling_integrations: bool = option(
        kinds.flag(), "Set up the integration of a framework once the application imports it.", default=True
    )
    disabled_integrations: Sequence[str] = option(
        objects.integration_names(),
        "Integrations that are not set up: classes, instances or identifiers.",
        default=(),
    )


class PrivacyOptions(Declared, group="Privacy"):
    """What must not leave the process."""

    send_default_pii: bool = option(
        kinds.flag(),
        "Let integrations add personal data: user, IP address, cookies.",
        default=False,
        unset_by_none=True,
    )
    data_collection: Mapping[str, Any] | None = option(
        data_collection(),
        "Which data integrations may collect, each kind on its own. "
        "Its `user_info`, `stack_frame_variables` and `frame_context_lines` decide `send_default_pii`, "
        "`include_local_variables` and `frame_context_lines` where these are not given.",
        default=None,
    )
    event_scrubber: Any = option(
        objects.scrubber(), "Replaces secrets in events.", default=None, shown="`EventScrubber()`"
    )
    max_request_body_size: str = option(
        kinds.choice("never", "small", "medium", "always"),
        "Which request bodies are added: none, up to 1,000 bytes, up to 10,000 bytes, all.",
        default="medium",
        formerly="request_bodies",
    )


class NetworkOptions(Declared, group="Network"):
    """How envelopes get to the server, and what is told when they do not."""

    transport: Any = option(
        objects.transport(),
        "Carries envelopes in place of HTTP: a Transport, a class of one (called with the options), "
        "or a function that is handed each event.",
        default=None,
        shown="HTTP",
    )
    transport_queue_size: int = option(
        kinds.whole(1), "How many envelopes may wait to be sent.", default=1000
    )
    transport_queue_bytes: int = option(
        kinds.whole(1), "How many bytes of envelopes may wait to be sent.", default=10 * MIB
    )
    transport_timeout: float = option(
        kinds.number(0.001, A_DAY),
        "How many seconds one request may take from beginning to end.",
        default=30.0,
    )
    shutdown_timeout: float = option(
        kinds.number(0, A_DAY),
        "How many seconds the end of the program waits for what is not yet sent.",
        default=2.0,
    )
    max_attachment_bytes: int = option(
        kinds.whole(0), "Larger attachments are left out and counted.", default=20 * MIB
    )
    compression: str = option(
        kinds.choice("gzip", "br", "zstd", "none"),
        "How bodies are compressed; `br` needs the package brotli, `zstd` the package zstandard.",
        default="gzip",
    )
    compression_level: int | None = option(
        kinds.whole(0, 22),
        "How hard to compress: gzip 0-9, br 0-11, zstd 1-22.",
        default=None,
        shown="the algorithm's own; gzip 6",
    )
    http_proxy: str | None = option(
        kinds.proxy(),
        "The proxy, for DSNs of either scheme. Not given: `HTTP_PROXY` and `NO_PROXY` hold. Empty: none.",
        default=None,
        secret=True,
    )
    https_proxy: str | None = option(
        kinds.proxy(),
        "The proxy for an https DSN. Not given: `http_proxy`, or `HTTPS_PROXY` and `NO_PROXY`. Empty: none.",
        default=None,
        secret=True,
    )
    proxy_headers: Mapping[str, str] | None = option(
        kinds.headers(), "Headers that are sent to the proxy.", default=None, secret=True
    )
    ca_certs: str | None = option(
        kinds.file(),
        "The certificate authorities to trust. Not given: those of the package certifi.",
        default=None,
        shared=("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
    )
    cert_file: str | None = option(
        kinds.file(),
        "The certificate this client shows to the server.",
        default=None,
        env=("CLIENT_CERT_FILE",),
    )
    key_file: str | None = option(
        kinds.file(),
        "The private key of `cert_file`, if it is not in there.",
        default=None,
        env=("CLIENT_KEY_FILE",),
    )
    socket_options: Sequence[tuple[int, int, int | bytes]] | None = option(
        objects.socket_options(), "Arguments of `setsockopt` for each connection.", default=None
    )
    keep_alive: bool = option(
        kinds.flag(), "Have the system probe idle connections.", default=False, unset_by_none=True
    )
    send_client_reports: bool = option(kinds.flag(), "Tell the server what was lost, and why.", default=True)
    on_lost: OnLost | None = option(
        objects.function("reason", "category", "quantity"), "Called for what was lost.", default=None
    )
    org_id: str | None = option(
        kinds.organisation(),
        "The organisation's number, where the DSN's host does not tell it.",
        default=None,
    )


class SessionOptions(Declared, group="Sessions"):
    """Release health."""

    auto_session_tracking: bool = option(
        kinds.flag(), "Count sessions: one for each request, or one for the program.", default=True
    )
