"""How instances of each class are written: through a built-in base, by their fields, or by their own repr.

Loaded with the first object that is written, for it brings the modules of the classes that it knows.
"""

from __future__ import annotations

from _io import _IOBase  # the class under `io.IOBase`, which asks whoever it is compared with
from collections import deque
from functools import partial
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CodeType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    MethodType,
    ModuleType,
    SimpleNamespace,
    TracebackType,
)

from sentry_like.capture.kinds import definer_of, is_lazy, own_attributes
from sentry_like.capture.reprs import Missing, Record, Reprs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sentry_like.capture.reprs import Writer

PLAIN: tuple[type, ...] = (bool, type(None), float, complex, range, Missing)
CODE: tuple[type, ...] = (
    *(FunctionType, BuiltinFunctionType, CodeType, FrameType, TracebackType, GeneratorType, CoroutineType),
    AsyncGeneratorType,
)
VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()), memoryview)

EXACT: tuple[tuple[type, Writer], ...] = (
    *((kind, Reprs.write_plain) for kind in PLAIN),
    *((kind, Reprs.write_code) for kind in CODE),
    *((kind, Reprs.write_sized) for kind in VIEWS),
    (MethodType, Reprs.write_method),
    (str, Reprs.write_string),
    (int, Reprs.write_int),
    (bytes, Reprs.write_bytes),
    (bytearray, Reprs.write_bytes),
    (list, Reprs.write_list),
    (tuple, Reprs.write_tuple),
    (dict, Reprs.write_dict),
    (set, Reprs.write_set),
    (frozenset, Reprs.write_set),
)
"""Built-in classes, and none of their subclasses."""

READ_THROUGH: tuple[tuple[type, Writer], ...] = (
    (dict, Reprs.write_dict),
    (tuple, Reprs.write_tuple),
    (list, Reprs.write_list),
    (deque, Reprs.write_deque),
    (_IOBase, Reprs.write_named),
    (ModuleType, Reprs.write_module),
)
"""Subclasses are read through these bases, whatever they define: none of their methods runs."""

WITH_OWN_REPR: tuple[tuple[type, Writer], ...] = (
    (str, Reprs.write_string),
    (int, Reprs.write_int),
    (bytes, Reprs.write_bytes),
    (bytearray, Reprs.write_bytes),
    (set, Reprs.write_set),
    (frozenset, Reprs.write_set),
    (BaseException, Reprs.write_exception),
    (SimpleNamespace, Reprs.write_namespace),
    (partial, Reprs.write_partial),
)
"""Classes whose `__repr__` would print all there is; a subclass that has its own is asked."""


def writer_for(kind: type) -> tuple[Writer, bool]:
    """How instances of a class are written, and whether that is settled: `custom_repr` is not asked."""
    for exact, write in EXACT:
        if kind is exact:
            return write, True
    if definer_of(kind, "__sentry_repr__") is not object:
        return Reprs.write_by_sentry_repr, False
    return _writer_by_base(kind), False


def _writer_by_base(kind: type) -> Writer:
    definer = definer_of(kind, "__repr__")
    for base, write in READ_THROUGH:
        if issubclass(kind, base):
            return write
    if definer is object or is_lazy(kind):
        return Reprs.write_named
    for base, write in WITH_OWN_REPR:
        if definer is base:
            return write
    names = _generated_fields(definer)
    return Reprs.write_foreign if names is None else Record(kind, names).write


def _generated_fields(kind: type) -> list[str] | None:
    """The fields that a generated `__repr__` prints; `None` if a person wrote it, for that is honoured."""
    attributes = own_attributes(kind)
    function = attributes["__repr__"]
    if "__dataclass_fields__" in attributes and _is_from(function, "<string>"):
        fields = attributes["__dataclass_fields__"].values()
        return [field.name for field in fields if field.repr and field._field_type.name == "_FIELD"]
    if "__attrs_attrs__" in attributes and _is_from(function, "<attrs generated"):
        return [field.name for field in attributes["__attrs_attrs__"] if field.repr is True]
    return None


def _is_from(function: Any, filename: str) -> bool:
    """Whether a function, or the one that it wraps against recursion, comes from this (pseudo) file."""
    code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
    return code is not None and code.co_filename.startswith(filename)
