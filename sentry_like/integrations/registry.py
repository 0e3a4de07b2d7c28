"""The one table of integrations: what there is, when each is set up, and from which version on its framework
is supported.

It holds text, so nothing is imported to know what there is; the installer and the docs read it.
"""

from __future__ import annotations

DEFAULT, AUTO, MANUAL = "default", "auto", "manual"
"""For every client; for every client whose application imports the framework; only where it is asked for."""


class Row:
    """What is known of an integration before it is loaded.

    `place` is `module:Class` in this package. `modules` are what it integrates with: it is set up after the
    first of them was imported. One that is `late` only adds to events, so it is loaded with the first.
    `package` is the distribution the modules come from, and `minimum` the oldest version that will do; both
    are empty for the standard library.
    """

    __slots__ = ("late", "minimum", "mode", "modules", "package", "place", "summary")

    def __init__(
        self,
        place: str,
        mode: str,
        summary: str,
        *,
        modules: tuple[str, ...] = (),
        late: bool = False,
        package: str = "",
        minimum: str = "",
    ) -> None:
        self.place = place
        self.mode = mode
        self.summary = summary
        self.modules = modules
        self.late = late
        self.package = package
        self.minimum = minimum


REGISTRY = {
    "aiohttp": Row(
        "aiohttp:AioHttpIntegration",
        AUTO,
        "Captures errors of its server's requests; keeps requests of its client as breadcrumbs.",
        modules=("aiohttp",),
        package="aiohttp",
        minimum="3.8.3",
    ),
    "argv": Row(
        "argv:ArgvIntegration", DEFAULT, "Adds the command line, without the secrets on it.", late=True
    ),
    "asyncio": Row(
        "asyncio:AsyncioIntegration",
        DEFAULT,
        "Captures what loops report: exceptions in callbacks, and of tasks that nobody awaits.",
        modules=("asyncio.base_events",),
    ),
    "asyncpg": Row(
        "asyncpg:AsyncPGIntegration",
        AUTO,
        "Keeps statements, and connections that fail, as breadcrumbs.",
        modules=("asyncpg",),
        package="asyncpg",
        minimum="0.27",
    ),
    "atexit": Row(
        "atexit:AtexitIntegration", DEFAULT, "Sends what is still queued when the interpreter exits."
    ),
    "bottle": Row(
        "bottle:BottleIntegration",
        AUTO,
        "Captures errors of requests.",
        modules=("bottle",),
        package="bottle",
        minimum="0.12.23",
    ),
    "dedupe": Row(
        "dedupe:DedupeIntegration", DEFAULT, "Sends an exception once, however many layers report it."
    ),
    "django": Row(
        "django:DjangoIntegration",
        AUTO,
        "Captures errors of requests, commands and consumers; keeps statements as breadcrumbs.",
        modules=("django.conf",),
        package="django",
        minimum="3.2",
    ),
    "excepthook": Row(
        "excepthook:ExcepthookIntegration", DEFAULT, "Captures uncaught exceptions of the main thread."
    ),
    "falcon": Row(
        "falcon:FalconIntegration",
        AUTO,
        "Captures errors of requests, WebSockets and background jobs, WSGI and ASGI.",
        modules=("falcon",),
        package="falcon",
        minimum="3.1.1",
    ),
    "fastapi": Row(
        "fastapi:FastApiIntegration",
        AUTO,
        "Captures errors of requests.",
        modules=("fastapi.applications",),
        package="fastapi",
        minimum="0.79",
    ),
    "faulthandler": Row(
        "faulthandler:FaulthandlerIntegration",
        MANUAL,
        "Sends at the next start what killed the interpreter: a segmentation fault, a fatal signal.",
    ),
    "flask": Row(
        "flask:FlaskIntegration",
        AUTO,
        "Captures errors of requests.",
        modules=("flask.app",),
        package="flask",
        minimum="2.0",
    ),
    "futures": Row(
        "futures:FuturesIntegration",
        DEFAULT,
        "Captures exceptions in futures whose result nobody reads; gives each job of a pool its own hub.",
        modules=("concurrent.futures._base",),
    ),
    "gnu_backtrace": Row(
        "gnu_backtrace:GnuBacktraceIntegration",
        MANUAL,
        "Turns native stack traces within messages of exceptions into frames.",
    ),
    "httpx": Row(
        "httpx:HttpxIntegration",
        AUTO,
        "Keeps outgoing requests as breadcrumbs.",
        modules=("httpx",),
        package="httpx",
        minimum="0.23",
    ),
    "litestar": Row(
        "litestar:LitestarIntegration",
        AUTO,
        "Captures errors of requests, WebSockets and background tasks.",
        modules=("litestar.app",),
        package="litestar",
        minimum="2.0",
    ),
    "logging": Row(
        "logging:LoggingIntegration",
        DEFAULT,
        "Captures log records from ERROR on, keeps those from INFO on as breadcrumbs.",
        modules=("logging",),
    ),
    "loguru": Row(
        "loguru:LoguruIntegration",
        AUTO,
        "The same for Loguru.",
        modules=("loguru",),
        package="loguru",
        minimum="0.7",
    ),
    "modules": Row(
        "modules:ModulesIntegration", DEFAULT, "Adds the versions of the installed packages.", late=True
    ),
    "multiprocessing": Row(
        "multiprocessing:MultiprocessingIntegration",
        DEFAULT,
        "Captures what ends a child process, and delivers before it ends.",
        modules=("multiprocessing.process",),
    ),
    "psycopg": Row(
        "psycopg:PsycopgIntegration",
        AUTO,
        "Keeps statements, and connections that fail, as breadcrumbs.",
        modules=("psycopg",),
        package="psycopg",
        minimum="3.1.4",
    ),
    "pymongo": Row(
        "pymongo:PyMongoIntegration",
        AUTO,
        "Keeps commands, and connections that could not be had, as breadcrumbs.",
        modules=("pymongo",),
        package="pymongo",
        minimum="4.0",
    ),
    "pyramid": Row(
        "pyramid:PyramidIntegration",
        AUTO,
        "Captures errors of requests.",
        modules=("pyramid.router",),
        package="pyramid",
        minimum="1.10.8",
    ),
    "quart": Row(
        "quart:QuartIntegration",
        AUTO,
        "Captures errors of requests, WebSockets and background tasks.",
        modules=("quart.app",),
        package="quart",
        minimum="0.18",
    ),
    "redis": Row(
        "redis:RedisIntegration",
        AUTO,
        "Keeps commands and pipelines as breadcrumbs.",
        modules=("redis",),
        package="redis",
        minimum="4.2.0",
    ),
    "sanic": Row(
        "sanic:SanicIntegration",
        AUTO,
        "Captures errors of requests, WebSockets and background tasks.",
        modules=("sanic.app",),
        package="sanic",
        minimum="22.12",
    ),
    "sqlalchemy": Row(
        "sqlalchemy:SqlalchemyIntegration",
        AUTO,
        "Keeps statements, and connections that fail, as breadcrumbs.",
        modules=("sqlalchemy.engine",),
        package="sqlalchemy",
        minimum="1.4.0",
    ),
    "starlette": Row(
        "starlette:StarletteIntegration",
        AUTO,
        "Captures errors of requests.",
        modules=("starlette.applications",),
        package="starlette",
        minimum="0.19.1",
    ),
    "stdlib": Row(
        "stdlib:StdlibIntegration",
        DEFAULT,
        "Keeps outgoing HTTP requests and subprocesses as breadcrumbs.",
        modules=("http.client", "subprocess"),
    ),
    "structlog": Row(
        "structlog:StructlogIntegration",
        AUTO,
        "The same for structlog.",
        modules=("structlog",),
        package="structlog",
        minimum="22.1",
    ),
    "sys_exit": Row(
        "sys_exit:SysExitIntegration", MANUAL, "Captures calls of `sys.exit` that tell of a failure."
    ),
    "threading": Row(
        "threading:ThreadingIntegration",
        DEFAULT,
        "Captures what ends a thread; lets a thread start from the scope of the one that started it.",
        modules=("threading",),
    ),
    "tornado": Row(
        "tornado:TornadoIntegration",
        AUTO,
        "Captures errors of requests and of WebSocket messages.",
        modules=("tornado.web",),
        package="tornado",
        minimum="6.1",
    ),
    "unraisablehook": Row(
        "unraisablehook:UnraisablehookIntegration",
        DEFAULT,
        "Captures exceptions that Python can only print: in `__del__`, in callbacks of weak references.",
    ),
    "warnings": Row(
        "warnings:WarningsIntegration", MANUAL, "Keeps warnings as breadcrumbs, or captures them."
    ),
}
