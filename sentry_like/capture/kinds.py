"""Classes asked as `type` itself knows them: no metaclass, descriptor or `__class__` gets a say.

Metaclasses may lie about names and bases, or make their classes unhashable; so caches go by `id`, and hold
the class so that the id stays its own.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KINDS_BOUND = 2000
"""How many classes each cache remembers."""

# Looking at instances of these runs a query, renders, or reaches through to something else.
LAZY_NAMES = frozenset(
    [
        *("QuerySet", "RawQuerySet", "ValuesQuerySet", "RelatedManager", "AppenderQuery", "LazyObject"),
        *("SimpleLazyObject", "LazySettings", "LocalProxy", "ObjectProxy", "CallableProxy"),
        "CallableObjectProxy",
    ]
)
LAZY_IN_MODULE = frozenset(
    [("django", "Manager"), ("django", "__proxy__"), ("sqlalchemy", "Query"), ("celery", "Proxy")]
)
"""Names that others use too, with the top module in which they stand for something lazy."""

_NAME = type.__dict__["__name__"].__get__
_QUALNAME = type.__dict__["__qualname__"].__get__
_MODULE = type.__dict__["__module__"].__get__
_MRO = type.__dict__["__mro__"].__get__
_DICT = type.__dict__["__dict__"].__get__


def name_of(kind: type) -> str:
    """`__qualname__`; every class has one."""
    name: str = _QUALNAME(kind)
    return name


def module_of(kind: type) -> str:
    """`__module__`, or nothing where a class has none or something else under that name."""
    try:
        module = _MODULE(kind)
    except AttributeError:
        return ""
    return module if type(module) is str else ""


def bases_of(kind: type) -> tuple[type, ...]:
    """The class and all that it inherits from, without `object`."""
    bases: tuple[type, ...] = _MRO(kind)
    return bases[:-1]


def own_attributes(kind: type) -> Any:
    """What the body of the class itself defines."""
    return _DICT(kind)


def definer_of(kind: type, attribute: str) -> type:
    """The first class of the MRO that defines an attribute; `object` when no other does."""
    for base in bases_of(kind):
        if attribute in _DICT(base):
            return base
    return object


def is_lazy(kind: type) -> bool:
    """Whether looking at an object of this class would evaluate something.

    Proxies betray themselves: they define `__class__`, to pass for an instance of another class.
    """
    if definer_of(kind, "__class__") is not object:
        return True
    return any(
        _NAME(base) in LAZY_NAMES or (module_of(base).partition(".")[0], _NAME(base)) in LAZY_IN_MODULE
        for base in bases_of(kind)
    )


class KindCache:
    """What was worked out about classes; safe to share, for a lost race only works it out twice."""

    __slots__ = ("known",)

    def __init__(self) -> None:
        self.known: dict[int, tuple[type, Any]] = {}
        """`{id: (class, what is known)}`; always the same dict, so that it may be read without a call."""

    def remember(self, kind: type, fact: Any) -> Any:
        if len(self.known) >= KINDS_BOUND:
            self.known.clear()
        self.known[id(kind)] = (kind, fact)
        return fact
