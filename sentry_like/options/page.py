"""The documentation of the options as Markdown: `docs/options.md`, `python -m sentry_like options`."""

from __future__ import annotations

from sentry_like.options import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sentry_like.options.field import Field

HEAD = """\
# Options

<!-- Written by scripts/write_options_doc from sentry_like/options/table.py: change it there. -->

An option is given to `init()`, or in an environment variable, or in a `pyproject.toml` under
`[tool.sentry_like]`; the first of these wins. What is not given anywhere has its default. An unknown name
or a value that is not allowed makes `init()` raise `BadOptions`, which tells every problem at once.

In a variable, lists are written `a, b`, mappings as JSON, and yes or no as `true`, `1`, `on` or `false`,
`0`, `off`. An empty variable is one that is not set; but an empty `SENTRY_DSN` says that nothing is to be
sent. Variables in parentheses belong to other programs as well: they are followed if they name something
usable.
"""
COLUMNS = "| Option | Default | Environment | What it does |\n|---|---|---|---|\n"


def render() -> str:
    """The whole page, one table for each group of options."""
    groups: dict[str, list[str]] = {}
    for field in Options.fields():
        groups.setdefault(field.group, []).append(_row(field))
    tables = [f"\n## {group}\n\n{COLUMNS}{''.join(rows)}" for group, rows in groups.items()]
    return HEAD + "".join(tables)


def _row(field: Field) -> str:
    former = f" Former name: `{field.formerly}`." if field.formerly else ""
    cells = [
        f"`{field.name}`",
        _default(field),
        _environment(field),
        f"{field.help} {_allowed(field)}{former}",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _default(field: Field) -> str:
    if field.shown:
        return field.shown
    if field.default is None:
        return "-"
    return "`[]`" if field.default == () else f"`{field.default!r}`"


def _environment(field: Field) -> str:
    if not field.env:
        return "-"
    return ", ".join(
        f"(`{variable}`)" if variable in field.shared else f"`{variable}`" for variable in field.env
    )


def _allowed(field: Field) -> str:
    return f"{field.allowed[0].upper()}{field.allowed[1:]}."
