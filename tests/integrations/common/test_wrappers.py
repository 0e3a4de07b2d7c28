"""Results and exceptions of what is patched are the original's, whatever becomes of ours."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import types
import weakref

import pytest

import sentry_like
from sentry_like.integrations._common import patch
from sentry_like.integrations._common.patch import around, before
from sentry_like.integrations._common.wrappers import flags_of
from sentry_like.integrations.base import Integration


class Watched(Integration):
    identifier = "watched"


class Fault(Exception):
    """A fault of ours."""


@pytest.fixture(autouse=True)
def clean():
    yield
    patch.uninstall("watched")


@pytest.fixture
def on(init):
    return init(integrations=[Watched()])


def module_of(function):
    module = types.ModuleType("owner")
    module.function = function
    return module


def raised_by(call):
    try:
        call()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


# -- faults of ours


def fails_before(original, *args):
    raise Fault


def fails_after(original, *args):
    original(*args)
    raise Fault


def fails_while_it_handles(original, *args):
    try:
        original(*args)
    except Exception:
        raise Fault from None
    raise Fault


def fails_in_its_end(original, *args):
    try:
        return original(*args)
    finally:
        raise Fault


def fails_with_what_it_kept(original, *args):
    try:
        return original(*args)
    except Exception as error:
        kept = error
    raise Fault from kept


def takes_other_arguments(original):
    raise AssertionError("never called")


FAULTS = {
    name.replace("_", " "): function
    for name, function in list(globals().items())
    if name.startswith(("fails_", "takes_"))
}


def as_coroutine(function):
    """The same fault by a coroutine function."""
    if function is takes_other_arguments:
        return lambda original: original()

    async def ours(original, *args):
        outcome = []
        try:
            outcome.append(await original(*args))
        except BaseException as error:
            outcome.append(error)

        def ended(*args):
            if isinstance(outcome[0], BaseException):
                raise outcome[0]
            return outcome[0]

        try:
            return function(ended, *args)
        finally:
            outcome.clear()

    async def ours_before(original, *args):
        raise Fault

    return ours_before if function is fails_before else ours


@pytest.mark.parametrize("ours", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "coroutine"])
@pytest.mark.parametrize("is_raising", [False, True], ids=["returns", "raises"])
def test_fault_of_ours_costs_nothing(on, lenient, capsys, ours, is_async, is_raising):
    calls, failure, result = [], KeyError("its own"), object()

    def function(*args):
        calls.append(args)
        if is_raising:
            raise failure
        return result

    async def function_async(*args):
        return function(*args)

    module = module_of(function_async if is_async else function)
    around(module, "function", "watched")(as_coroutine(ours) if is_async else ours)

    def use():
        made = module.function(1, 2)
        return asyncio.run(made) if is_async else made

    for _ in range(2):
        if is_raising:
            assert raised_by(use) is failure
        else:
            assert use() is result
    assert calls == [(1, 2)] * 2
    is_at_fault = (ours, is_raising) not in ((fails_after, True), (fails_with_what_it_kept, False))
    assert capsys.readouterr().err.count("the integration watched failed") == is_at_fault


def test_fault_of_a_note_taken_before_costs_nothing(on, lenient, capsys):
    module = module_of(lambda a: a)
    before(module, "function", "watched")(fails_before)
    assert module.function(5) == 5
    assert "the integration watched failed: Fault" in capsys.readouterr().err


def test_faults_of_ours_are_raised_in_tests(on):
    module = module_of(lambda: 1)
    around(module, "function", "watched")(fails_before)
    with pytest.raises(Fault):
        module.function()


@pytest.mark.parametrize("kind", ["generator", "async generator"])
def test_fault_of_ours_leaves_a_generator_as_it_was(on, lenient, kind):
    def numbers(n):
        yield from range(n)

    async def numbers_async(n):
        for number in range(n):
            yield number

    module = module_of(numbers if kind == "generator" else numbers_async)
    around(module, "function", "watched")(fails_before)
    made = module.function(3)
    assert (list(made) if kind == "generator" else asyncio.run(collected(made))) == [0, 1, 2]


async def collected(generator):
    return [value async for value in generator]


# -- what is the application's


ENDINGS = {
    "cancellation": asyncio.CancelledError,
    "generator exit": GeneratorExit,
    "ending of another kind of task": type("GreenletExit", (BaseException,), {}),
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_ends_the_application_passes_through_ours(on, lenient, ending, when):
    module, calls = module_of(lambda: calls.append(1)), []

    @around(module, "function", "watched")
    def ended(original):
        if when == "after":
            original()
        raise ending

    assert type(raised_by(module.function)) is ending
    assert calls == [1] * (when == "after")


def test_ctrl_c_passes_through_ours(on, lenient):
    import signal

    module, calls = module_of(lambda: calls.append(1)), []
    before(module, "function", "watched")(lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        module.function()
    assert calls == []


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit], ids=["Ctrl-C", "exit"])
def test_what_data_raises_is_a_fault_like_any_other(on, lenient, ending):
    module = module_of(lambda: 5)

    @around(module, "function", "watched")
    def look_at_data(original):
        raise ending

    assert module.function() == 5


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration, MemoryError])
def test_what_the_original_raises_passes(on, ending):
    failure = ending()

    def function():
        raise failure

    module = module_of(function)

    @around(module, "function", "watched")
    def ours(original):
        return original()

    assert raised_by(module.function) is failure


def test_coroutine_may_be_cancelled_within_ours_and_within_the_original(on):
    seen = []

    async def function():
        await asyncio.sleep(10)

    module = module_of(function)

    @around(module, "function", "watched")
    async def ours(original):
        try:
            return await original()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def main():
        task = asyncio.ensure_future(module.function())
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return task.cancelled()

    assert asyncio.run(main())
    assert seen == ["cancelled"]


def test_coroutine_that_is_closed_runs_nothing_more(on):
    calls = []

    async def function():
        calls.append("began")
        await asyncio.sleep(10)
        calls.append("went on")

    module = module_of(function)

    @around(module, "function", "watched")
    async def ours(original):
        await asyncio.sleep(0)
        return await original()

    made = module.function()
    made.send(None)
    made.close()
    assert calls == []


def at_depth(depth, call):
    return call() if depth == 0 else at_depth(depth - 1, call)


def test_what_the_original_did_counts_however_near_the_limit_of_recursion_it_is(on, lenient):
    def function():
        calls.append(1)
        return 5

    def note(original):
        original()
        raise Fault

    module = module_of(function)
    around(module, "function", "watched")(note)
    outcomes = []
    for depth in range(sys.getrecursionlimit() - 100, sys.getrecursionlimit()):
        calls = []
        try:
            result = at_depth(depth, module.function)
        except RecursionError:
            result = None
        outcomes.append((result, len(calls)))
    assert set(outcomes) == {(5, 1), (None, 0)}


def test_what_is_left_of_us_at_the_end_of_the_interpreter_disturbs_nobody(on, monkeypatch):
    from sentry_like.integrations._common import wrappers

    module = module_of(lambda: 5)
    around(module, "function", "watched")(passes_on)
    for name in ("carried", "INHERITED", "Hub"):
        monkeypatch.setattr(wrappers, name, None)  # as the interpreter does with the globals of modules
    assert module.function() == 5


# -- exceptions


def chained(how):
    """Raises with a context, and with a cause or without."""
    try:
        raise LookupError("the context")
    except LookupError:
        if how == "plain":
            raise KeyError("it")
        if how == "from another":
            raise KeyError("it") from OSError("the cause")
        raise KeyError("it") from None


def passes_on(original, *args):
    return original(*args)


def handles_and_raises(original, *args):
    try:
        return original(*args)
    except KeyError:
        with contextlib.suppress(ZeroDivisionError):
            1 / 0
        raise


def raises_what_it_kept(original, *args):
    kept = None
    try:
        return original(*args)
    except KeyError as error:
        kept = error
    try:
        raise kept
    finally:
        del kept


def chain_of(error):
    """What an exception tells of others, and by what frames of the application it came."""
    told = []
    while error is not None:
        frames, tb = [], error.__traceback__
        while tb is not None:
            if tb.tb_frame.f_code.co_filename == __file__:
                frames.append(tb.tb_frame.f_code.co_name)
            tb = tb.tb_next
        told.append((repr(error), repr(error.__cause__), error.__suppress_context__, frames))
        error = error.__context__
    return told


@pytest.mark.parametrize(
    "ours", [passes_on, handles_and_raises, *FAULTS.values()], ids=lambda ours: ours.__name__
)
@pytest.mark.parametrize("how", ["plain", "from another", "from none"])
def test_exception_keeps_its_cause_its_context_and_its_stack(on, lenient, ours, how):
    def use():
        try:
            raise IndexError("the caller handles this")
        except IndexError:
            module.function(how)

    module = module_of(chained)
    expected = chain_of(raised_by(use))
    around(module, "function", "watched")(ours)
    told = chain_of(raised_by(use))
    assert [without(ours.__name__, one) for one in told] == expected


def without(name, told):
    *rest, frames = told
    return (*rest, [frame for frame in frames if frame != name])


# -- generators


def test_generator_is_sent_thrown_at_and_closed_through_us(on):
    seen = []

    def function():
        try:
            seen.append((yield 1))
            try:
                yield 2
            except KeyError as error:
                seen.append(error)
                yield 3
            yield 4
        finally:
            seen.append("closed")

    module = module_of(function)
    around(module, "function", "watched")(passes_on)
    made, failure = module.function(), KeyError()
    assert [next(made), made.send("sent"), made.throw(failure)] == [1, 2, 3]
    made.close()
    assert seen == ["sent", failure, "closed"]
    with pytest.raises(StopIteration):
        next(made)


def test_generator_function_may_answer_another_generator(on):
    def function(n):
        yield from range(n)
        return "end"

    module = module_of(function)

    @around(module, "function", "watched")
    def ours(original, n):
        def doubled():
            for value in original(n):
                yield 2 * value

        return doubled()

    assert list(module.function(3)) == [0, 2, 4]


def test_async_generator_is_sent_thrown_at_and_closed_through_us(on):
    def use(module):
        """Everything that an async generator can be told, and what came of it."""

        async def main():
            seen.clear()
            made, failure = module.function(), KeyError()
            told = [await made.asend(None), await made.asend("sent"), await made.athrow(failure)]
            await made.aclose()
            with contextlib.suppress(StopAsyncIteration):
                told.append(await made.__anext__())
            ended = module.function()
            told.append([value async for value in ended])
            refusing = module.function()
            told.append(await refusing.__anext__())
            with contextlib.suppress(OSError):
                await refusing.athrow(OSError())
            never_started = module.function()
            await never_started.aclose()
            return told, seen[:], [thing is failure for thing in seen]

        return asyncio.run(main())

    seen = []

    async def function():
        try:
            seen.append((yield 1))
            await asyncio.sleep(0)
            try:
                yield 2
            except KeyError as error:
                seen.append(error)
                await asyncio.sleep(0)
                yield 3
            yield 4
        finally:
            await asyncio.sleep(0)
            seen.append("closed")

    module = module_of(function)
    told, noted, same = use(module)
    around(module, "function", "watched")(passes_on)
    again, noted_again, same_again = use(module)
    assert (told, [str(one) for one in noted], same) == (again, [str(one) for one in noted_again], same_again)


def test_async_generator_that_ignores_its_end_is_found_out_as_ever(on):
    async def function():
        try:
            yield 1
        except GeneratorExit:
            yield 2

    module = module_of(function)
    around(module, "function", "watched")(passes_on)

    async def main():
        made = module.function()
        await made.__anext__()
        with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
            await made.aclose()

    asyncio.run(main())


def test_async_generator_that_is_dropped_is_finished_by_its_loop(on):
    seen = []

    async def function():
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            seen.append("finished")

    module = module_of(function)
    around(module, "function", "watched")(passes_on)

    async def main():
        async for _ in module.function():
            break
        gc.collect()
        await asyncio.sleep(0.01)

    asyncio.run(main())
    assert seen == ["finished"]


def test_coroutine_that_nobody_awaits_warns_by_its_own_name(on):
    async def function():
        raise AssertionError("never run")

    module = module_of(function)

    @around(module, "function", "watched")
    async def ours(original):
        raise AssertionError("never run")

    with pytest.warns(RuntimeWarning, match=r"coroutine '.*function' was never awaited"):
        module.function()  # dropped at once


# -- nothing is held


class Cargo:
    """Something heavy that a call has in its hands."""


WAYS = [passes_on, handles_and_raises, raises_what_it_kept, fails_before, fails_after, fails_while_it_handles]


@pytest.fixture
def without_gc():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("ours", WAYS, ids=lambda ours: ours.__name__)
@pytest.mark.parametrize("is_raising", [False, True], ids=["returns", "raises"])
@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "coroutine"])
def test_call_holds_nothing_alive(on, lenient, without_gc, ours, is_raising, is_async):
    def function(cargo):
        held = Cargo()
        seen.append(weakref.ref(held))
        if is_raising:
            raise KeyError
        return held

    async def function_async(cargo):
        return function(cargo)

    seen = []
    module = module_of(function_async if is_async else function)
    around(module, "function", "watched")(as_coroutine(ours) if is_async else ours)

    def use():
        cargo = Cargo()
        seen.append(weakref.ref(cargo))
        made = module.function(cargo)
        if is_async:
            with contextlib.suppress(StopIteration):
                made.send(None)

    with contextlib.suppress(KeyError):
        use()
    assert [held() for held in seen] == [None] * len(seen)


def test_generators_hold_nothing_alive(on, without_gc):
    def function(cargo):
        yield 1
        raise KeyError

    async def function_async(cargo):
        try:
            yield 1
        except KeyError:
            yield 2

    def use():
        made = module.function(seen[0]())
        next(made)
        with contextlib.suppress(KeyError):
            next(made)

    def use_async():
        made = module_async.function(seen[0]())
        step(made.__anext__())
        error = KeyError()
        error.cargo = seen[0]()
        step(made.athrow(error))

    def step(awaitable):
        with contextlib.suppress(StopIteration):
            awaitable.send(None)

    module, module_async = module_of(function), module_of(function_async)
    for one in (module, module_async):
        around(one, "function", "watched")(passes_on)
    for one in (use, use_async):
        cargo = Cargo()
        seen = [weakref.ref(cargo)]
        one()
        del cargo
        assert seen[0]() is None


# -- what kind of function it is


class WithCall:
    def __call__(self):
        """Plain."""


class WithAsyncCall:
    async def __call__(self):
        """A coroutine."""

    async def method(self):
        """A coroutine."""


def test_flags_are_those_of_the_code_that_runs():
    import functools

    async def coroutine():
        """A coroutine."""

    COROUTINE = 0x80
    for function in (
        coroutine,
        functools.partial(coroutine),
        functools.partial(functools.partial(coroutine)),
        WithAsyncCall(),
        WithAsyncCall().method,
        functools.partial(WithAsyncCall().method),
    ):
        assert flags_of(function) & COROUTINE
    for function in (len, WithCall(), WithCall, object(), functools.partial(len), None, sentry_like.init):
        assert not flags_of(function) & COROUTINE
