"""What every integration keeps to, each rule a function that gets a fresh process with its subject."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import sys
import threading
import warnings

from faults import Faults, calls_within
from ledger import Ledger, Told
from scene import equal, held_after, outcome_of, quiet, swept

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations._common import patch
from sentry_like.testing import DSN

# -- on


def it_sees_each_use_and_each_failure_once(scene):
    scene.listen()
    equal(scene.signs(), scene.expected_signs())
    equal(scene.signs(), scene.expected_signs())


def set_up_twice_is_once(scene):
    first = scene.listen()
    second = scene.listen()
    assert first.integrations.keys() == second.integrations.keys() == {scene.subject.identifier}
    equal(scene.signs(), scene.expected_signs())


def two_clients_at_once_tell_each_thing_once(scene):
    main = scene.listen()
    ledger, scene.ledger = scene.ledger, Ledger()
    other = sentry_like.Client(
        DSN, transport=scene.ledger, default_integrations=False, integrations=[scene.subject.integration()]
    )
    with Hub(other):
        equal(scene.signs(), scene.expected_signs())
    assert Hub.current.client is main
    assert Told(ledger.take()).events == []


# -- off


def off_from_the_beginning_leaves_everything_alone(scene):
    before, state = scene.originals(), scene.state()
    alone = scene.outcomes()
    scene.listen_without()
    assert same(scene.originals(), before)
    equal(scene.state(), state)
    assert_off(scene, alone)


def disabled_by_option_leaves_everything_alone(scene):
    before = scene.originals()
    identifier = scene.subject.identifier
    for given in ([], [scene.subject.integration()]):
        client = scene.listen_without(
            default_integrations=True,
            auto_enabling_integrations=True,
            integrations=given,
            disabled_integrations=[identifier],
        )
        assert client.get_integration(identifier) is None
        assert same(scene.originals(), before)
        client.close()


def client_without_it_is_told_nothing_though_another_has_it(scene):
    alone = scene.outcomes()
    scene.listen()
    scene.listen_without()
    assert_off(scene, alone)


def closed_client_is_told_nothing(scene):
    alone = scene.outcomes()
    scene.listen().close()
    equal(scene.outcomes(), alone)
    assert scene.told_by(scene.fail).events == []


def assert_off(scene, alone):
    equal(scene.signs(), {"work": 0, "failure": 0})
    equal(scene.outcomes(), alone)


# -- nobody can tell


def result_exception_and_what_is_printed_stay_the_same(scene):
    alone = scene.outcomes()
    scene.listen()
    equal(scene.outcomes(), alone)
    scene.silence()
    equal(scene.outcomes(), alone)


def signatures_stay_the_same(scene):
    before = [described(owner, name) for owner, name in scene.subject.targets()]
    scene.listen()
    equal([described(owner, name) for owner, name in scene.subject.targets()], before)


def described(owner, name):
    found = getattr(owner, name, None)
    if not callable(found):
        return None
    try:
        signature = str(inspect.signature(found))
    except (TypeError, ValueError):
        signature = None
    kinds = inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction
    names = [getattr(found, one, None) for one in ("__name__", "__qualname__", "__module__", "__doc__")]
    return signature, names, [kind(found) for kind in kinds]


def no_warning_is_added(scene):
    def noted():
        with warnings.catch_warnings(record=True) as log:
            warnings.simplefilter("always")
            for use in scene.uses().values():
                outcome_of(use)
        return [str(one.message) for one in log]

    alone = noted()
    scene.listen()
    equal(noted(), alone)


# -- no fault reaches the application


def raising_hooks_and_transports_do_not_reach_the_application(scene):
    def broken(*args, **kwargs):
        raise OSError("a hook that fails")

    alone = scene.outcomes()
    for options in (
        {"before_send": broken},
        {"before_breadcrumb": broken},
        {"error_sampler": broken},
        {"on_lost": broken, "sample_rate": 0.0},
    ):
        scene.listen(**options)
        assert_unchanged(scene, alone, options)
    scene.listen()
    Hub.main.scope.add_event_processor(broken)
    Hub.main.scope.add_error_processor(broken)
    assert_unchanged(scene, alone, "processors")
    Hub.main.scope.clear()
    scene.ledger.send = broken
    assert_unchanged(scene, alone, "transport")


def assert_unchanged(scene, alone, options):
    now = scene.outcomes()
    equal(now, alone, f"with {options}")


def fault_inside_it_does_not_reach_the_application(scene):
    alone = scene.outcomes()
    scene.listen()
    wrong = []
    for name, use in scene.uses().items():
        for place in calls_within(lambda use=use: outcome_of(use)):
            now = Faults(place).during(lambda use=use: outcome_of(use))
            if now != alone[name]:
                wrong.append(f"{name}, with a fault in {place}: {now}")
    assert not wrong, "\n".join(wrong)


# -- nothing leaks


def nothing_leaks_out_of_a_unit(scene):
    scene.listen()
    before = truth()
    for use in scene.uses().values():
        with quiet(), contextlib.suppress(BaseException), sentry_like.isolate():
            mark("inner")
            outcome_of(use)
        equal(truth(), before)
        with sentry_like.isolate():
            equal(truth(), before)


def nothing_leaks_from_thread_to_thread(scene):
    scene.listen()
    for use in scene.uses().values():
        found, gate = {}, threading.Barrier(2)

        def run(name, use=use, found=found, gate=gate):
            mark(name)
            gate.wait()
            _quietly(use)
            gate.wait()
            found[name] = truth()

        before = truth()
        scene.ledger.take()
        with quiet():
            threads = [threading.Thread(target=run, args=(name,)) for name in ("a", "b")]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            swept()
        assert_apart(scene, found)
        equal(truth(), before)


def nothing_leaks_from_task_to_task(scene):
    scene.listen()
    found = {}

    async def run(name, use):
        mark(name)
        await asyncio.sleep(0)
        with contextlib.suppress(Exception, SystemExit):
            await use()
        await asyncio.sleep(0)
        found[name] = truth()

    async def main():
        subject = scene.subject
        for use in (subject.work_in_task, lambda: subject.fail_in_task(object())):
            scene.ledger.take()
            before = truth()
            # waited for, not awaited: what ends a program would end this one
            await asyncio.wait([asyncio.ensure_future(run(name, use)) for name in ("a", "b")])
            swept()
            assert_apart(scene, found)
            equal(truth(), before)

    with quiet():
        asyncio.run(main())


def _quietly(use):
    with contextlib.suppress(BaseException):
        use()


def mark(name):
    sentry_like.set_tag("who", name)
    sentry_like.set_user({"id": name})
    sentry_like.add_breadcrumb(message=name)


def truth():
    """What is true here, apart from what the integration itself noted."""
    scope = Hub.current.scope
    crumbs = [crumb.make() if not crumb.finished else crumb.fields for crumb in scope.breadcrumbs]
    ours = [crumb.get("message") for crumb in crumbs if crumb.get("message") in ("a", "b", "inner")]
    return dict(scope.tags), scope.user, ours


def assert_apart(scene, found):
    """Each of the two knows only itself, and so does each event."""
    equal(found, {name: ({"who": name}, {"id": name}, [name]) for name in ("a", "b")})
    for entry in scene.ledger.take():
        event = entry.get("event", {})
        who = event.get("tags", {}).get("who")
        known = [crumb.get("message") for crumb in event.get("breadcrumbs", {}).get("values", ())]
        others = {"a", "b"} - {who}
        assert not others & set(known), f"an event of {who!r} has a breadcrumb of another"
        assert event.get("user", {}).get("id") in (who, None), f"an event of {who!r} has the user of another"


def nothing_keeps_what_failed_alive(scene):
    subject = scene.subject
    scene.listen_without()
    if held_after(subject.fail):
        return  # without the integration, too
    scene.listen()
    assert not held_after(subject.fail), "a cycle, or something of ours, keeps a traceback alive"


# -- the end


def uninstalling_puts_everything_back(scene):
    for use in scene.uses().values():
        outcome_of(use)  # what the first use loads is not ours
    originals, state = scene.originals(), scene.state()
    alone = scene.outcomes()
    for _ in range(2):
        client = scene.listen()
        equal(scene.signs(), scene.expected_signs())
        client.close(uninstall=True)
        assert same(scene.originals(), originals)
        equal(scene.state(), state)
        equal(patch._patches, [])
        equal(patch._undoings, {})
        assert_off(scene, alone)


def what_it_replaces_is_what_its_subject_names(scene):
    before = scene.originals()
    scene.listen()
    replaced = [(one._owner, one._name) for one in patch._patches]
    named = scene.subject.targets()
    equal([one for one in replaced if one not in named], [], "patched, but not among the targets")
    kept = [named[number] for number, stored in enumerate(scene.originals()) if stored is before[number]]
    equal(kept, [], "among the targets, but not replaced")


def forked_child_tells_each_thing_once(scene):
    scene.listen()
    scene.signs()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = int(scene.signs() != scene.expected_signs())
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    scene.ledger.take()
    equal(scene.signs(), scene.expected_signs())


def same(some, others):
    return all(one is other for one, other in zip(some, others, strict=True))


RULES = {
    name: function
    for name, function in list(globals().items())
    if inspect.isfunction(function)
    and function.__module__ == __name__
    and list(inspect.signature(function).parameters) == ["scene"]
}
assert sys.platform != "win32", "the contract forks a process for each rule"
