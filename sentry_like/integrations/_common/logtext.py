"""What a log call says: its template and arguments, put together into one bounded, safe text.

What nobody can change any more may wait until the text is needed. All else is made text while the call
lasts, by guarded code that asks each object once; a value kept under a secret name is not put in.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import index

from sentry_like.capture.kinds import definer_of
from sentry_like.capture.names import FILTERED, holds_secret
from sentry_like.errors import is_applications_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sentry_like.capture.cleaning import Cleaning

MAX_TEXT = 8192
"""Characters of a message (protocol, "Size/depth limits")."""
MAX_ARGUMENT = 1024
"""Characters of a text among the arguments that wait."""
BIG_INT, SMALL_INT = 2**64, -(2**64)
"""Integers beyond these do not wait: they may be of any size."""
SCALARS = frozenset((str, int, float, bool, type(None)))
PLAIN_ITEMS = 100
"""So many texts and numbers in a list are written in full."""


def can_wait(template: object, args: object) -> bool:
    """Whether nothing can change what a call says, and little memory is held until it is put together."""
    if type(template) is not str or len(template) > MAX_TEXT:
        return False
    if type(args) is not tuple:
        return args is None
    for arg in args:
        kind = type(arg)
        if kind is str:
            if len(arg) > MAX_ARGUMENT:
                return False
        elif kind is int:
            if not SMALL_INT < arg < BIG_INT:
                return False
        elif kind not in SCALARS:
            return False
    return True


def put_together(template: str, args: Any) -> str:
    """The template filled in; as it stands when the arguments do not fit it."""
    if not args:
        return template
    try:
        text: str = template % args
        return text
    except BaseException as error:  # an argument may raise anything, even SystemExit
        if is_applications_own(error):
            raise
        return template


class Statement:
    """What one call says. Not kept longer than the call lasts.

    `template` is any object, `args` a tuple or one mapping, as `logging` has them.
    """

    __slots__ = ("_stand_ins", "_text", "args", "template")

    def __init__(self, template: object, args: object = ()) -> None:
        self.template: Any = template
        self.args: Any = args
        self._stand_ins: Any = None
        self._text: str | None = None

    def can_wait(self) -> bool:
        """Whether template and arguments may be kept as they are, and put together at any later time."""
        return can_wait(self.template, self.args)

    def text(self, cleaning: Cleaning) -> str:
        """The message; worked out once."""
        if self._text is None:
            template = self._template_text(cleaning)
            self._text = put_together(template, self._filling(cleaning))[:MAX_TEXT]
        return self._text

    def source(self, cleaning: Cleaning) -> str:
        """The template as text."""
        return self._template_text(cleaning)

    def params(self, cleaning: Cleaning, shown: str) -> Any:
        """The arguments as JSON-safe data, a list or a map; objects as they are written in the message.

        `shown` is the message as it is sent. What is hidden in it is hidden here, too: `password=%s` gives
        its argument away.
        """
        made = cleaning.bag(self._values(cleaning), ("logentry", "params"))
        text, clean = self.text(cleaning), cleaning.scrubber.clean_text(shown)
        return made if clean == text else _hidden(made, text, clean)

    def _template_text(self, cleaning: Cleaning) -> str:
        if type(self.template) is not str:
            self.template = said(self.template, cleaning)
        text: str = self.template[:MAX_TEXT]
        return text

    def _filling(self, cleaning: Cleaning) -> Any:
        if self._stand_ins is None:
            self._stand_ins = _stand_ins(self.args, cleaning)
        return self._stand_ins

    def _values(self, cleaning: Cleaning) -> Any:
        self.text(cleaning)  # then it is known what the template asked for
        return _described(self._filling(cleaning))


class Finished(Statement):
    """What a library has put together itself: the text, and the template with its values, if known."""

    __slots__ = ("_given", "_source")

    def __init__(self, text: object, source: str | None = None, values: Any = ()) -> None:
        super().__init__(text)
        self._source = source
        self._given = values

    def source(self, cleaning: Cleaning) -> str:
        return self.text(cleaning) if self._source is None else self._source[:MAX_TEXT]

    def _values(self, cleaning: Cleaning) -> Any:
        return self._given


def said(value: object, cleaning: Cleaning) -> str:
    """What `str` would say of any object, bounded, and without secrets as far as their names tell."""
    kind = type(value)
    if definer_of(kind, "__str__") is object:  # then `str` is `repr`
        return written(value, cleaning)
    return cleaning.text(value, MAX_TEXT, ())


def written(value: object, cleaning: Cleaning) -> str:
    """The same for `repr`."""
    return repr(value) if _is_plain(value) else cleaning.walk.reprs.text(value)


class StandIn:
    """Stands for one argument while the template is filled in, and says the same in all conversions."""

    __slots__ = ("_cleaning", "_text", "_value")

    def __init__(self, value: object, cleaning: Cleaning) -> None:
        self._value = value
        self._cleaning = cleaning
        self._text: str | None = None

    def __str__(self) -> str:
        if self._text is None:
            self._text = said(self._value, self._cleaning)
        return self._text

    def __repr__(self) -> str:
        text = written(self._value, self._cleaning)
        if self._text is None:
            self._text = text
        return text

    def __int__(self) -> int:
        return int(_number(self._value))

    def __index__(self) -> int:
        return index(_number(self._value))

    def __float__(self) -> float:
        return float(_number(self._value))


class FieldsStandIn(StandIn):
    """The same for one mapping that `%(name)s` looks things up in."""

    __slots__ = ("_fields",)

    def __init__(self, value: Mapping[Any, Any], cleaning: Cleaning) -> None:
        super().__init__(value, cleaning)
        self._fields: dict[Any, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._fields:
            value = self._value[name]  # type: ignore[index]  # a mapping, see __init__
            is_hidden = self._cleaning.scrubber.is_secret(name) and holds_secret(value)
            self._fields[name] = FILTERED if is_hidden else _stand_in(value, self._cleaning)
        return self._fields[name]

    def described(self) -> Any:
        """The values that the template asked for; where it asked for none, the mapping."""
        if not self._fields:
            return [str(self)]
        return {str(name): _as_text(value) for name, value in self._fields.items()}


def _stand_ins(args: object, cleaning: Cleaning) -> Any:
    if type(args) is tuple:
        return tuple([_stand_in(arg, cleaning) for arg in args])
    if isinstance(args, Mapping):
        return FieldsStandIn(args, cleaning)
    return () if args is None else _stand_in(args, cleaning)


def _stand_in(value: object, cleaning: Cleaning) -> Any:
    return value if can_wait("", (value,)) else StandIn(value, cleaning)


def _described(filling: Any) -> Any:
    """What the template was filled with, as a list or a map; stand-ins as their text."""
    if type(filling) is tuple:
        return [_as_text(value) for value in filling]
    return filling.described() if isinstance(filling, FieldsStandIn) else [_as_text(filling)]


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, StandIn) else value


def _hidden(params: Any, text: str, shown: str) -> Any:
    """The parameters without those that are in a text, but not in what is shown of it."""
    if isinstance(params, dict):
        return {name: _hidden(value, text, shown) for name, value in params.items()}
    if isinstance(params, list):
        return [_hidden(value, text, shown) for value in params]
    written = str(params)
    return FILTERED if written and written in text and written not in shown else params


def _is_plain(value: Any) -> bool:
    """Whether it is a list or the like of a few short texts and numbers, which needs no guard."""
    kind = type(value)
    if kind is not list and kind is not tuple and kind is not set and kind is not frozenset:
        return False
    try:
        return len(value) <= PLAIN_ITEMS and can_wait("", tuple(value))
    except RuntimeError:  # another thread changes the set
        return False


def _number(value: object) -> Any:
    """The value, if it is a number.

    Raises:
        TypeError: it is text, which `int` and `float` would read.
    """
    if isinstance(value, (str, bytes, bytearray)):
        raise TypeError("a number is required")
    return value
