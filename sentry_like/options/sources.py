"""Who says what: the caller, else the environment, else the configuration file; all problems at once.

The environment is asked only for variables that exist and that we know. A value that a better source
overrules is not looked at. `read_config_file` loads a TOML parser when called, because few programs have such
a section.
"""

from __future__ import annotations

import os

from sentry_like.options.problems import BadDsnOption, BadOptions, Refused, cut, did_you_mean, refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike
    from typing import Any

    from sentry_like.options.field import Declared, Field

SECTION = "[tool.sentry_like]"


class Said:
    """What one source says about one option: the value, or the text that stands for it."""

    __slots__ = ("field", "is_shared", "is_text", "label", "value")

    def __init__(
        self, field: Field, value: Any, label: str, *, is_text: bool = False, is_shared: bool = False
    ) -> None:
        self.field = field
        self.value = value
        self.label = label
        self.is_text = is_text
        self.is_shared = is_shared

    def read(self) -> Any:
        """The value as it is kept. Raises `Refused`."""
        kind = self.field.kind
        if self.is_text and kind.parse:
            return kind.parse(self.value)
        return kind.check(self.value)


class Settlement:
    """The values that the sources agree on, and the problems met on the way."""

    def __init__(self, declared: type[Declared]) -> None:
        self.values: dict[str, Any] = {}
        self.problems: list[str] = []
        self._declared = declared
        self._bad_dsn = False

    def settle(self, given: Mapping[str, Any], environ: Mapping[str, str], config: Mapping[str, Any]) -> None:
        """Read every source, best first."""
        for said in self._from_given(given):
            self._take(said)
        for said in self._from_environ(environ):
            self._take(said)
        for said in self._from_config(config):
            self._take(said)

    def refuse(self, name: str, reason: str) -> None:
        """Note that an option cannot be used together with others."""
        self.problems.append(f"Option {name!r} {reason}.")

    def raise_problems(self) -> None:
        """Raises: `BadOptions` if anything was wrong; it is a `BadDsn` as well if the DSN was."""
        if self.problems:
            raise (BadDsnOption if self._bad_dsn else BadOptions)(self.problems)

    def _take(self, said: Said) -> None:
        name = said.field.name
        if name in self.values:
            return
        try:
            self.values[name] = said.read()
        except Refused as refused:
            if said.is_shared:
                return
            self.values[name] = said.field.default
            self._bad_dsn |= name == "dsn"
            kind = said.field.kind
            self.problems.append(
                refusal(said.label, said.value, str(refused), kind.words, secret=said.field.secret)
            )

    def _from_given(self, given: Mapping[str, Any]) -> Iterator[Said]:
        for name, field, value in self._known(given, ""):
            if value is not None or not field.unset_by_none:
                yield Said(field, value, f"Option {name!r}")

    def _from_environ(self, environ: Mapping[str, str]) -> Iterator[Said]:
        known = self._declared._variables
        present = [known[variable] for variable in environ if variable in known]
        for _, variable, field in sorted(present):
            text = environ[variable].strip()
            if text or variable == "SENTRY_DSN":
                is_shared = variable in field.shared
                yield Said(field, text, f"Environment variable {variable}", is_text=True, is_shared=is_shared)

    def _from_config(self, config: Mapping[str, Any]) -> Iterator[Said]:
        for name, field, value in self._known(config, f" in {SECTION}"):
            if field.kind.parse:
                yield Said(field, value, f"Option {name!r} in {SECTION}")
            else:
                self.problems.append(
                    f"Option {name!r} cannot stand in {SECTION}: only code can give {field.allowed}."
                )

    def _known(self, named: Mapping[str, Any], place: str) -> Iterator[tuple[str, Field, Any]]:
        table, formerly = self._declared._table, self._declared._formerly
        for name, value in named.items():
            field = table.get(name) or formerly.get(name)
            if field is None:
                question = did_you_mean(name, [*table, *formerly])
                self.problems.append(f"Unknown option {cut(name)!r}{place}.{question}")
            elif field.name != name and named.get(field.name) is not None:
                self.problems.append(
                    f"Option {name!r} is the former name of {field.name!r}{place}: give one of them."
                )
            else:
                yield name, field, value


def read_config_file(path: str | PathLike[str]) -> dict[str, Any]:
    """What a `pyproject.toml` says under `[tool.sentry_like]`; empty without that section.

    Raises: `OSError` for a file that cannot be read, `BadOptions` for one that is not TOML, `ImportError` on
    Python 3.10 without the package tomli.
    """
    toml = _toml_module()
    with open(path, "rb") as file:
        try:
            document = toml.load(file)
        except ValueError as bad:
            raise BadOptions([f"{os.fspath(path)} cannot be read as TOML: {bad}."]) from None
    tool = document.get("tool", {})
    section = tool.get("sentry_like", {}) if isinstance(tool, dict) else None
    if not isinstance(section, dict):
        raise BadOptions([f"{os.fspath(path)} must have tables where it has tool or tool.sentry_like."])
    return section


def _toml_module() -> Any:
    from importlib import import_module

    for name in ("tomllib", "tomli"):
        try:
            return import_module(name)
        except ModuleNotFoundError:
            continue
    raise ImportError("reading pyproject.toml needs Python 3.11, or the package tomli: pip install tomli")
