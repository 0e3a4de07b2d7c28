"""A function of ours that passes for one of the module it is laid into.

Libraries find the place that logged by walking up the stack and leaving out frames of their own, told by file
or by module: a frame of ours among them would be taken for the application.
"""

from __future__ import annotations

from types import FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Function = Callable[..., Any]


def disguised(function: Function, original: Function) -> Function:
    """The same function, whose frames look like those of the original, down to file and module."""
    code, theirs = function.__code__, getattr(original, "__code__", None)
    if theirs is None:
        return function
    names = {name: getattr(theirs, name) for name in LOOKS if hasattr(theirs, name)}
    namespace = {**function.__globals__, "__name__": original.__module__}
    made = FunctionType(code.replace(**names), namespace, function.__name__, None, function.__closure__)
    made.__dict__.update(function.__dict__)
    return made


LOOKS = ("co_filename", "co_firstlineno", "co_name", "co_qualname")
"""What of a code object says where it comes from; the qualified name is there since 3.11."""
