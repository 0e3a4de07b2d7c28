"""How options are declared: `name: type = option(kind, "help", default=...)` in a subclass of `Declared`.

The declaration is all there is: constructor, mapping access, checks, environment and the documentation come
from it. What `dataclasses` would give is done here by hand, because importing that module costs more than our
whole client (docs/decisions/0002-options-without-dataclasses.md); type checkers are told the same through
`dataclass_transform`.
"""

from __future__ import annotations

from sentry_like.options.problems import without_credentials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, KeysView, Mapping
    from typing import Any, ClassVar, NoReturn

    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_):
        return lambda declared: declared


class Kind:
    """What an option may hold.

    `words`: what is allowed, as read in messages and in the documentation. `check(value)`: the value as it is
    kept, or raises `Refused`. `parse(text)`: the value that a text stands for, or raises `Refused`; without
    it the option is set in code alone.
    """

    __slots__ = ("check", "parse", "words")

    def __init__(
        self, words: str, check: Callable[[Any], Any], parse: Callable[[str], Any] | None = None
    ) -> None:
        self.words = words
        self.check = check
        self.parse = parse


class Field:
    """One option: what its declaration says, and the name and group it stands under."""

    __slots__ = (
        *("also", "default", "formerly", "group", "help", "kind", "name"),
        *("secret", "shared", "shown", "unset_by_none"),
    )

    def __init__(
        self,
        kind: Kind,
        help: str,
        *,
        default: Any,
        shown: str | None,
        env: tuple[str, ...],
        shared: tuple[str, ...],
        formerly: str | None,
        secret: bool,
        unset_by_none: bool,
    ) -> None:
        self.name = self.group = ""
        self.kind = kind
        self.help = help
        self.default = default
        self.shown = shown
        self.also = env
        self.shared = shared
        self.formerly = formerly
        self.secret = secret
        self.unset_by_none = unset_by_none or default is None

    def __set_name__(self, owner: type[Declared], name: str) -> None:
        self.name = name

    @property
    def env(self) -> tuple[str, ...]:
        """The environment variables that set this option, best first; empty for what no text can say."""
        return (f"SENTRY_{self.name.upper()}", *self.also, *self.shared) if self.kind.parse else ()

    @property
    def allowed(self) -> str:
        """What the option may hold, in words."""
        return self.kind.words


def option(
    kind: Kind,
    help: str,
    *,
    default: Any,
    shown: str | None = None,
    env: tuple[str, ...] = (),
    shared: tuple[str, ...] = (),
    formerly: str | None = None,
    secret: bool = False,
    unset_by_none: bool = False,
    kw_only: bool = True,
) -> Any:
    """Declare one option of a `Declared` class.

    `shown`: the default in words, where it is found out at init. `env`: variables that set it besides
    `SENTRY_<NAME>`. `shared`: further ones, which other programs read as well: what they say is used if it
    can be, and never an error. `formerly`: an older name, accepted as well. `secret`: its value is never
    shown. `unset_by_none`: `None` means "not given", as it always does for options whose default is `None`.
    `kw_only` is for type checkers.
    """
    return Field(
        kind,
        help,
        default=default,
        shown=shown,
        env=env,
        shared=shared,
        formerly=formerly,
        secret=secret,
        unset_by_none=unset_by_none,
    )


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=False, field_specifiers=(option,))
class Declared:
    """The base of classes that declare options: immutable, read as attributes or, as of old, like a mapping.

    A subclass with `group=` heads a section of the documentation; a subclass of several groups has the
    options of all.
    """

    _table: ClassVar[dict[str, Field]] = {}
    _defaults: ClassVar[dict[str, Any]] = {}
    _formerly: ClassVar[dict[str, Field]] = {}
    _variables: ClassVar[dict[str, tuple[int, str, Field]]] = {}  # each with its rank: the lowest wins

    def __init_subclass__(cls, group: str = "") -> None:
        own = [field for field in vars(cls).values() if isinstance(field, Field)]
        for field in own:
            field.group = group
        bases = [base for base in cls.__bases__ if issubclass(base, Declared)]
        inherited = [field for base in bases for field in base._table.values()]
        cls._table = {field.name: field for field in [*inherited, *own]}
        cls._defaults = {name: field.default for name, field in cls._table.items()}
        cls._formerly = {field.formerly: field for field in cls._table.values() if field.formerly}
        variables = [(variable, field) for field in cls._table.values() for variable in field.env]
        cls._variables = {
            variable: (rank, variable, field) for rank, (variable, field) in enumerate(variables)
        }

    @classmethod
    def fields(cls) -> tuple[Field, ...]:
        """Every option, in the order of the documentation."""
        return tuple(cls._table.values())

    @classmethod
    def _holding(cls, values: Mapping[str, Any]) -> Self:
        """An instance with these checked values, and the defaults for the rest."""
        self = cls.__new__(cls)
        self.__dict__.update(cls._defaults)
        self.__dict__.update(values)
        return self

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"options never change after init(): {name!r} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"options never change after init(): {name!r} cannot be deleted")

    def __getitem__(self, name: str) -> Any:
        return self.__dict__[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The option's value, or `default` when there is no such option."""
        return self.__dict__.get(name, default)

    def keys(self) -> KeysView[str]:
        """The names of all options; with it, `dict(options)` works."""
        return self.__dict__.keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)

    def __contains__(self, name: object) -> bool:
        return name in self.__dict__

    def __repr__(self) -> str:
        told = [
            f"{name}={_shown(field, self[name])}"
            for name, field in self._table.items()
            if self[name] is not field.default
        ]
        return f"{type(self).__name__}({', '.join(told)})"


def _shown(field: Field, value: object) -> str:
    """A value for `repr(options)`: no credentials, and no repr of objects that are not ours."""
    if isinstance(value, str):
        return repr(without_credentials(value))
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, (tuple, frozenset)) and all(isinstance(entry, str) for entry in value):
        return repr(value)
    return f"<{type(value).__name__}>"
