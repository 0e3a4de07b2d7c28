"""One owner for each kind of thing that can be patched: made anew for each test, with a way to use it."""

from __future__ import annotations

import _random
import asyncio
import functools
import types

CALLS = []
"""What the originals were called with."""


class Kind:
    """`owner.name` is what is patched, `use()` calls it and answers all that comes of it."""

    def __init__(self, owner, name, use, flavour="plain"):
        self.owner = owner
        self.name = name
        self.use = use
        self.stored = vars(owner).get(name)
        self.flavour = flavour

    @property
    def attribute(self):
        return getattr(self.owner, self.name)


def run(coroutine):
    return asyncio.run(coroutine)


async def collected(generator):
    return [value async for value in generator]


def owner_of(**members):
    return type("Owner", (), members)


def plain(self, a: int, *, b: str = "x") -> tuple:
    """Documentation."""
    CALLS.append((a, b))
    return a, b


plain.mark = "mark"


async def awaited(self, a: int, *, b: str = "x") -> tuple:
    """Documentation."""
    CALLS.append((a, b))
    await asyncio.sleep(0)
    return a, b


def generated(self, a: int, *, b: str = "x"):
    """Documentation."""
    CALLS.append((a, b))
    sent = yield a
    yield sent
    return b


async def generated_async(self, a: int, *, b: str = "x"):
    """Documentation."""
    CALLS.append((a, b))
    yield a
    await asyncio.sleep(0)
    yield b


def without_self(a: int, *, b: str = "x") -> tuple:
    """Documentation."""
    CALLS.append((a, b))
    return a, b


def of_function():
    module = types.ModuleType("owner")
    module.function = without_self
    return Kind(module, "function", lambda: module.function(1, b="y"))


def of_method():
    owner = owner_of(method=plain)
    return Kind(owner, "method", lambda: owner().method(1, b="y"))


def of_static_method():
    owner = owner_of(method=staticmethod(without_self))
    return Kind(owner, "method", lambda: (owner.method(1, b="y"), owner().method(2)))


def of_class_method():
    owner = owner_of(method=classmethod(plain))
    return Kind(owner, "method", lambda: (owner.method(1, b="y"), owner().method(2)))


def of_property():
    def getter(self):
        """Documentation."""
        CALLS.append("get")
        return 5

    owner = owner_of(value=property(getter, lambda self, value: CALLS.append(value)))

    def use():
        one = owner()
        one.value = 7
        return one.value

    return Kind(owner, "value", use)


def of_inherited_method():
    owner = type("Child", (owner_of(method=plain),), {})
    return Kind(owner, "method", lambda: owner().method(1, b="y"))


def of_inherited_class_method():
    owner = type("Child", (owner_of(method=classmethod(lambda cls: cls.__name__)),), {})
    return Kind(owner, "method", lambda: (owner.method(), type("Grandchild", (owner,), {}).method()))


def of_attribute_of_an_object():
    one = owner_of(method=plain)()
    return Kind(one, "method", lambda: one.method(1, b="y"))


def of_builtin_in_a_module():
    module = types.ModuleType("owner")
    module.function = len
    return Kind(module, "function", lambda: module.function("abc"))


def of_builtin_in_a_class():
    owner = owner_of(method=len)
    return Kind(owner, "method", lambda: (owner().method("abc"), owner.method("ab")))


def of_bound_method_in_a_class():
    other = owner_of(method=plain)()
    owner = owner_of(method=other.method)
    return Kind(owner, "method", lambda: (owner().method(1), owner.method(2)))


def of_object_in_a_class():
    owner = owner_of(method=owner_of(__call__=plain)())
    return Kind(owner, "method", lambda: (owner().method(1), owner.method(2)))


def of_inherited_method_in_c():
    owner = type("Child", (list,), {})
    return Kind(owner, "count", lambda: owner([1, 2, 1]).count(1))


def of_inherited_class_method_in_c():
    owner = type("Child", (dict,), {})
    return Kind(
        owner, "fromkeys", lambda: (owner.fromkeys("ab", 1), owner().fromkeys("c"), type(owner.fromkeys("a")))
    )


def of_inherited_static_method_in_c():
    owner = type("Child", (str,), {})
    return Kind(owner, "maketrans", lambda: (owner.maketrans("a", "b"), owner("x").maketrans("c", "d")))


def of_slot_in_c():
    owner = owner_of()
    return Kind(owner, "__repr__", lambda: repr(owner())[:20])


def of_method_of_a_class_in_c():
    seeded = _random.Random(5).random()
    return Kind(_random.Random, "random", lambda: _random.Random(5).random() == seeded)


def of_cached_method():
    owner = owner_of(method=functools.lru_cache(plain))
    return Kind(owner, "method", lambda: owner().method(1))


def of_special_method():
    owner = owner_of(__call__=plain)
    return Kind(owner, "__call__", lambda: owner()(1, b="y"))


def of_init():
    owner = owner_of(__init__=lambda self, a: CALLS.append(a))
    return Kind(owner, "__init__", lambda: type(owner(4)).__name__)


def of_new():
    class Owner:
        def __new__(cls, a):
            CALLS.append(a)
            return super().__new__(cls)

    return Kind(Owner, "__new__", lambda: type(Owner(4)).__name__)


def of_coroutine():
    owner = owner_of(method=awaited)
    return Kind(owner, "method", lambda: run(owner().method(1, b="y")), "coroutine")


def of_static_coroutine():
    async def work(a):
        CALLS.append(a)
        return a

    owner = owner_of(method=staticmethod(work))
    return Kind(owner, "method", lambda: (run(owner.method(1)), run(owner().method(2))), "coroutine")


def of_partial_of_a_coroutine():
    module = types.ModuleType("owner")
    module.function = functools.partial(awaited, None, b="y")
    return Kind(module, "function", lambda: run(module.function(1)), "coroutine")


def of_iterable_coroutine():
    owner = owner_of(method=types.coroutine(generated))

    async def use():
        return await owner().method(None)

    def drive():
        coroutine = use()
        steps = [coroutine.send(None), coroutine.send(3)]
        try:
            coroutine.send(None)
        except StopIteration as end:
            return [*steps, end.value]

    return Kind(owner, "method", drive, "generator")


def of_generator():
    owner = owner_of(method=generated)

    def use():
        generator = owner().method(1, b="y")
        steps = [next(generator), generator.send(2)]
        try:
            next(generator)
        except StopIteration as end:
            return [*steps, end.value]

    return Kind(owner, "method", use, "generator")


def of_async_generator():
    owner = owner_of(method=generated_async)
    return Kind(owner, "method", lambda: run(collected(owner().method(1, b="y"))), "async generator")


KINDS = {
    name.removeprefix("of_").replace("_", " "): make
    for name, make in list(globals().items())
    if name.startswith("of_")
}
