"""Nobody can tell from outside that a function was replaced, and everything is put back."""

from __future__ import annotations

import asyncio
import gc
import inspect
import sys
import threading
import types

import pytest
from patched_kinds import CALLS, KINDS

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations._common import patch
from sentry_like.integrations._common.patch import around, before, on_uninstall, replace
from sentry_like.integrations._common.wrappers import Switch
from sentry_like.integrations.base import Integration

PREDICATES = (
    inspect.isroutine,
    inspect.isfunction,
    inspect.ismethod,
    inspect.iscoroutinefunction,
    inspect.isgeneratorfunction,
    inspect.isasyncgenfunction,
    inspect.isdatadescriptor,
)
MADE_IN_C = {name for name in KINDS if " in c" in name or "builtin" in name} | {
    "method of a class in c",
    "slot in c",
    "cached method",
    "object in a class",
    "partial of a coroutine",
    "attribute of an object",
    "bound method in a class",
}
"""Those that are no Python function; what stands in their place is one."""


class Watched(Integration):
    identifier = "watched"


class Other(Integration):
    identifier = "other"


@pytest.fixture(autouse=True)
def clean():
    yield
    for identifier in list(patch._undoings):
        patch.uninstall(identifier)
    assert not patch._patches
    CALLS.clear()


@pytest.fixture
def on(init):
    """A client that has the integration."""
    return init(integrations=[Watched()])


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]()


def noting(kind, calls, how=around):
    """Patch it with a function that notes its calls and changes nothing."""
    if how is before:

        @before(kind.owner, kind.name, "watched")
        def note(*args, **kwargs):
            calls.append(args)

    elif kind.flavour == "coroutine":

        @around(kind.owner, kind.name, "watched")
        async def note_async(original, *args, **kwargs):
            calls.append(args)
            return await original(*args, **kwargs)

    else:

        @around(kind.owner, kind.name, "watched")
        def note_all(original, *args, **kwargs):
            calls.append(args)
            return original(*args, **kwargs)


HOW = pytest.mark.parametrize("how", [around, before], ids=["around", "before"])


@HOW
def test_what_is_patched_works_as_ever_and_passes_through_ours(on, kind, how):
    expected, expected_calls = kind.use(), CALLS[:]
    CALLS.clear()
    calls = []
    noting(kind, calls, how)
    assert kind.use() == expected
    assert expected_calls == CALLS or "cached" in repr(kind.stored)
    assert calls


@HOW
def test_without_the_integration_the_original_alone_is_called(init, kind, how):
    expected = kind.use()
    calls = []
    noting(kind, calls, how)
    assert kind.use() == expected  # no client
    init(integrations=[Other()])
    assert kind.use() == expected
    assert calls == []


@HOW
def test_uninstalling_puts_the_very_object_back(on, kind, how):
    noting(kind, [], how)
    assert vars(kind.owner)[kind.name] is not kind.stored
    patch.uninstall("watched")
    assert vars(kind.owner).get(kind.name) is kind.stored


@HOW
@pytest.mark.parametrize("name", KINDS)
def test_signature_and_kind_are_those_of_the_original(name, how):
    kind = KINDS[name]()
    was = described(kind, name)
    noting(kind, [], how)
    assert described(kind, name) == was


def described(kind, name):
    """Everything that a look from outside tells of what is patched."""
    found = kind.attribute
    if isinstance(found, property):
        return type(found), found.__doc__, found.fset, found.fdel, inspect.signature(found.fget)
    try:
        signature = inspect.signature(found)
    except ValueError:
        signature = None
    if name in MADE_IN_C:
        return signature
    names = ("__name__", "__qualname__", "__doc__", "__module__", "__type_params__")
    return (
        signature,
        [getattr(found, one, None) for one in names],
        found.__annotations__,
        inspect.get_annotations(found),
        getattr(found, "mark", None),
        type(found),
        [predicate(found) for predicate in PREDICATES],
        [predicate(kind.stored) for predicate in PREDICATES[:3]],
        type(vars(kind.owner).get(kind.name, kind.stored)) if kind.stored is not None else None,
    )


def test_original_is_found_as_usual(on):
    kind = KINDS["method"]()
    noting(kind, [])
    assert kind.attribute.__wrapped__ is kind.stored
    assert inspect.unwrap(kind.attribute) is kind.stored
    assert kind.attribute.mark == "mark"


def test_what_has_no_annotations_gets_none():
    kind = KINDS["builtin in a module"]()
    noting(kind, [])
    assert kind.attribute.__annotations__ == {}


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are worked out late since 3.14")
def test_late_annotations_stay_late():
    namespace = {}
    exec("def function(a: missing): ...", namespace)
    module = types.SimpleNamespace(function=namespace["function"])
    around(module, "function", "watched")(lambda original: original())
    namespace["missing"] = int
    assert inspect.get_annotations(module.function) == {"a": int}


def test_generators_names_are_those_of_the_original(on):
    for name in ("generator", "coroutine", "async generator"):
        kind = KINDS[name]()
        noting(kind, [])
        made = kind.owner().method(1)
        assert (made.__name__, made.__qualname__) == (kind.stored.__name__, kind.stored.__qualname__)
        if name == "coroutine":
            made.close()


def test_arguments_and_results_may_be_changed(on):
    kind = KINDS["method"]()

    @around(kind.owner, "method", "watched")
    def double(original, self, a, **kwargs):
        return original(self, 2 * a, b="z"), kwargs

    assert kind.owner().method(1, b="y") == ((2, "z"), {"b": "y"})


REFUSED = {
    "missing": (types.SimpleNamespace(), AttributeError),
    "no function": (types.SimpleNamespace(thing=5), TypeError),
    "a class": (types.SimpleNamespace(thing=int), TypeError),
    "a property without a getter": (type("Owner", (), {"thing": property()}), TypeError),
    "a class that cannot be changed": (type("thing", (), {}), AttributeError),
}


@pytest.mark.parametrize(("owner", "error"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_patched_is_refused(owner, error):
    with pytest.raises(error):
        around(owner, "thing", "watched")(print)


def test_class_that_cannot_be_changed_is_refused():
    with pytest.raises(TypeError):
        around(int, "bit_length", "watched")(print)
    assert not patch._undoings


# -- who is current


def test_client_of_the_current_hub_decides(init, on, transport):
    kind, calls = KINDS["method"](), []
    noting(kind, calls)
    other = sentry_like.Client(transport=transport, default_integrations=False)
    with Hub(other):
        kind.use()
    assert calls == []
    with Hub(other), Hub(on):
        kind.use()
    assert len(calls) == 1


def in_thread(look):
    from contextvars import copy_context

    context, seen = copy_context(), []
    for run in (look, lambda: context.run(look)):
        thread = threading.Thread(target=lambda run=run: seen.append(run()))
        thread.start()
        thread.join()
    return seen


def in_task(look):
    async def child():
        return look()

    async def main():
        return look(), await asyncio.ensure_future(child())

    return asyncio.run(main())


def in_scope(look):
    with Hub.current.push_scope():
        inner = look()
        with Hub.current.new_scope():
            return inner, look()


def in_unit(look):
    with sentry_like.isolate():
        return look()


def here(look):
    return look()


SITUATIONS = [here, in_thread, in_task, in_scope, in_unit]
PAIRS = [(a, b) for a in SITUATIONS for b in SITUATIONS if (a, b) != (in_task, in_task)]


@pytest.mark.parametrize(("outside", "within"), PAIRS, ids=lambda situation: situation.__name__)
def test_switch_goes_by_the_client_of_the_hub_that_is_current(transport, within, outside):
    def look():
        wanted = Hub.current.get_integration("watched") is not None
        seen.append(wanted)
        assert Switch("watched").is_on() is wanted
        return wanted

    def look_with_clients():
        for client in clients:
            with Hub(client):
                within(look)
            with Hub(Hub.current) as hub:
                hub.bind_client(client)
                within(look)
        within(look)

    seen = []
    clients = [
        None,
        *(
            sentry_like.Client(transport=transport, default_integrations=False, **more)
            for more in ({}, {"integrations": [Watched()]})
        ),
    ]
    outside(look_with_clients)
    for client in clients:
        Hub.main.bind_client(client)
        outside(look_with_clients)
    assert {True, False} == set(seen)


def test_function_that_calls_itself_by_its_name_passes_us_each_time(on):
    module, calls = types.ModuleType("owner"), []
    module.factorial = lambda n: 1 if n == 0 else n * module.factorial(n - 1)

    @around(module, "factorial", "watched")
    def note(original, n):
        calls.append(n)
        return original(n)

    assert module.factorial(5) == 120
    assert calls == [5, 4, 3, 2, 1, 0]


def test_limit_of_recursion_is_the_applications_as_ever(on, lenient):
    module, calls = types.ModuleType("owner"), []

    def endless(n):
        calls.append(n)
        return module.endless(n + 1)

    module.endless = endless

    @around(module, "endless", "watched")
    def note(original, n):
        return original(n)

    with pytest.raises(RecursionError):
        module.endless(0)
    assert calls == sorted(set(calls))  # none of them twice


def test_many_threads_at_once(on, lenient):
    module, calls, results = types.ModuleType("owner"), [], []
    module.function = lambda n: n

    @around(module, "function", "watched")
    def note(original, n):
        calls.append(n)
        if n % 3 == 0:
            raise ValueError
        return original(n)

    def work():
        results.extend(module.function(n) for n in range(300))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == sorted([*range(300)] * 8) == sorted(calls)


# -- replacing it by hand


def test_what_stands_in_its_place_knows_whether_it_is_wanted(init, on):
    kind = KINDS["static method"]()

    def make(original, switch):
        return lambda *args, **kwargs: (switch.is_on(), original(*args, **kwargs))

    replace(kind.owner, "method", "watched", make)
    assert kind.owner.method(1) == (True, (1, "x"))
    init(integrations=[Other()])
    assert kind.owner().method(1) == (False, (1, "x"))
    patch.uninstall("watched")
    assert vars(kind.owner)["method"] is kind.stored


# -- taking it away


def test_each_of_two_patches_of_ours_may_go_first(on):
    for first, second in (("watched", "other"), ("other", "watched")):
        kind = KINDS["method"]()
        around(kind.owner, "method", "watched")(lambda original, *args, **kwargs: original(*args, **kwargs))
        around(kind.owner, "method", "other")(lambda original, *args, **kwargs: original(*args, **kwargs))
        patch.uninstall(first)
        assert kind.use() == (1, "y")
        patch.uninstall(second)
        assert vars(kind.owner)["method"] is kind.stored


def test_patch_twice_by_one_integration_is_undone(on):
    kind, calls = KINDS["inherited method"](), []
    noting(kind, calls)
    noting(kind, calls)
    kind.use()
    assert len(calls) == 2
    patch.uninstall("watched")
    assert "method" not in vars(kind.owner)


def test_where_somebody_patched_on_top_theirs_stays_and_ours_does_nothing(on, capsys):
    kind, calls = KINDS["method"](), []
    noting(kind, calls)
    ours = kind.attribute
    kind.owner.method = theirs = lambda *args, **kwargs: ["theirs", ours(*args, **kwargs)]
    sentry_like.errors.voice.debug = True
    patch.uninstall("watched")
    assert "Owner.method was replaced by somebody else" in capsys.readouterr().err
    assert kind.owner.method is theirs
    assert kind.use() == ["theirs", (1, "y")]
    assert calls == []


def test_where_somebody_deleted_our_patch_nothing_breaks(on):
    kind = KINDS["inherited method"]()
    noting(kind, [])
    del kind.owner.method
    patch.uninstall("watched")
    assert kind.use() == (1, "y")


def test_integration_may_be_set_up_again(init, on):
    kind, calls = KINDS["method"](), []
    for _ in range(3):
        noting(kind, calls)
        kind.use()
        patch.uninstall("watched")
        kind.use()
    assert len(calls) == 3
    assert vars(kind.owner)["method"] is kind.stored


def test_call_that_is_under_way_when_it_is_uninstalled_ends_well(on):
    kind = KINDS["method"]()

    @around(kind.owner, "method", "watched")
    def leave(original, *args, **kwargs):
        patch.uninstall("watched")
        return original(*args, **kwargs)

    assert kind.use() == (1, "y")
    assert vars(kind.owner)["method"] is kind.stored


def test_undoings_run_newest_first_and_a_failing_one_stops_none(lenient, capsys):
    done = []
    on_uninstall("watched", lambda: done.append(1))
    on_uninstall("watched", lambda: 1 / 0)
    on_uninstall("watched", lambda: done.append(2))
    on_uninstall("other", lambda: done.append(3))
    patch.uninstall("watched")
    patch.uninstall("watched")
    assert done == [2, 1]
    assert "uninstalling watched failed: ZeroDivisionError" in capsys.readouterr().err


def test_close_with_uninstall_puts_everything_back(init):
    class Patching(Integration):
        identifier = "patching"

        def setup_once(self):
            around(kind.owner, "method", self.identifier)(lambda original, *args, **kwargs: "ours")

    kind = KINDS["method"]()
    client = init(integrations=[Patching()])
    assert kind.use() == "ours"
    client.close(uninstall=True)
    assert vars(kind.owner)["method"] is kind.stored
    init(integrations=[Patching()])
    assert kind.use() == "ours"


def test_nothing_of_an_uninstalled_patch_stays_alive(on):
    import weakref

    kind = KINDS["method"]()
    noting(kind, [])
    wrapper = weakref.ref(vars(kind.owner)["method"])
    patch.uninstall("watched")
    gc.collect()
    assert wrapper() is None
