"""Why a database refused something, in its own words but without the values that it quotes.

Databases quote what they were given: `Key (email)=(ann@example.com) already exists`, `invalid input syntax
for type integer: "4111"`, `missing "=" after "my password"`. What stays is the first line, and in it what is
quoted after a word that says it is a name: of a table, a constraint, a host. What the operating system says
stays.
"""

from __future__ import annotations

import re

from sentry_like.capture.names import FILTERED
from sentry_like.errors import is_applications_own, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_LOOKED_AT = 1000
THINGS = frozenset(
    (
        *("aggregate", "at", "attribute", "class", "collation", "column", "command", "constraint", "cursor"),
        *("database", "domain", "extension", "field", "file", "function", "host", "index", "key", "language"),
        *("module", "name", "object", "operator", "parameter", "partition", "policy", "procedure"),
        *(
            "publication",
            "reference",
            "relation",
            "role",
            "rule",
            "savepoint",
            "schema",
            "sequence",
            "server",
        ),
        *("socket", "statement", "subscription", "table", "tablespace", "trigger", "type", "user", "view"),
    )
)
"""What may stand before something quoted that is a name, and no value."""
NAME = re.compile(r"[\w$./:\[\]%-]{1,128}")
TOKEN = re.compile(r"[A-Za-z_]\w*|[^\w\s]")
QUOTED = re.compile(r"""(?<!\w)(?:"(.*?)(?:"(?!\w)|\Z)|'(.*?)(?:'(?!\w)|\Z)|`(.*?)(?:`|\Z))""", re.DOTALL)
WORD_BEFORE = re.compile(r"(\w+)\s*\Z")
ENCLOSED = re.compile(r"(=\s*|\bvalue is\s*|\bcontains\s*)\(.*?(?:\)|\Z)", re.DOTALL)
ARGUMENT = re.compile(r"(\bquery argument \$[^:]*: ).*", re.DOTALL)
"""asyncpg shows a value that it cannot send by its `repr`, which may be anything."""


def reason_of(error: BaseException) -> str:
    """`TypeName: text` of an exception that a database or its driver raised."""
    name = type_name(type(error))
    try:
        text = text_of(error)[:MAX_LOOKED_AT].strip()
    except BaseException as broken:  # a hostile __str__ may raise anything
        if is_applications_own(broken):
            raise
        return name
    first = text.partition("\n")[0].rstrip()
    if not isinstance(error, OSError):
        first = without_values(first)
    return f"{name}: {first}" if first else name


def text_of(error: BaseException) -> str:
    """Its message. Drivers for MySQL and ODBC have a code in front, and `str` would quote the message."""
    arguments: Any = error.args
    if len(arguments) == 2 and type(arguments[1]) is str and not isinstance(error, OSError):
        return f"({arguments[0]}) {arguments[1]}"
    return str(error)


def without_values(text: str) -> str:
    """The text without what it quotes, names of things in a database aside."""
    text = ARGUMENT.sub(rf"\1{FILTERED}", text)
    text = ENCLOSED.sub(rf"\1({FILTERED})", text)
    return QUOTED.sub(_kept_if_name, text)


def _kept_if_name(found: re.Match[str]) -> str:
    before = WORD_BEFORE.search(found.string, max(0, found.start() - 40), found.start())
    word = before[1].lower() if before is not None else ""
    quoted = found[found.lastindex or 0]
    is_name = word in THINGS and NAME.fullmatch(quoted)
    is_token = word == "near" and TOKEN.fullmatch(quoted)
    return found[0] if is_name or is_token else FILTERED
