"""Which integrations a client gets, and that each is set up once."""

from __future__ import annotations

import gc
import importlib
import re
import subprocess
import sys
import types
import warnings
import weakref

import pytest

import sentry_like
from sentry_like import integrations
from sentry_like.integrations._common import patch
from sentry_like.integrations.base import DidNotEnable, Integration
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.modules import ModulesIntegration
from sentry_like.integrations.registry import AUTO, DEFAULT, MANUAL, REGISTRY, Row
from sentry_like.options import BadOptions


@pytest.fixture
def init(init):
    """The same, but waits for frameworks unless told otherwise."""

    def make(**options):
        return init(**{"auto_enabling_integrations": True, **options})

    return make


@pytest.fixture
def made():
    """A fresh integration class, counting its set-ups."""

    class Counting(Integration):
        identifier = "counting"
        set_ups = 0

        def setup_once(self):
            type(self).set_ups += 1

    return Counting


def names(client):
    return sorted(client.integrations)


def test_every_default_is_there(init):
    client = init(default_integrations=True)
    sentry_like.capture_message("the first event loads what only adds to events")
    there = {*client.integrations, *client.integrations.waiting}
    assert {name for name, row in REGISTRY.items() if row.mode == DEFAULT} <= there
    assert {"argv", "modules", "excepthook"} <= set(client.integrations)


def test_defaults_may_be_left_out(init):
    assert names(init(default_integrations=False, auto_enabling_integrations=False)) == []


@pytest.mark.parametrize(
    "form", [DedupeIntegration, DedupeIntegration(), "dedupe"], ids=["class", "instance", "name"]
)
def test_one_default_may_be_disabled(init, form):
    client = init(default_integrations=True, disabled_integrations=[form])
    assert client.get_integration("dedupe") is None
    assert client.get_integration("modules") is not None


def test_given_one_wins_over_the_default_of_its_name(init):
    mine = ModulesIntegration()
    client = init(default_integrations=True, integrations=[mine])
    assert client.get_integration("modules") is mine
    assert client.get_integration(ModulesIntegration) is mine


def test_integration_is_set_up_once_for_all_clients(init, made):
    init(integrations=[made()])
    init(integrations=[made()])
    assert made.set_ups == 1


def test_integration_whose_set_up_fails_is_left_out_and_tried_again(init, lenient, capsys):
    class Failing(Integration):
        identifier = "failing"
        attempts = 0

        def setup_once(self):
            type(self).attempts += 1
            if self.attempts == 1:
                raise RuntimeError("not yet")

    assert init(integrations=[Failing()]).get_integration("failing") is None
    assert "not yet" in capsys.readouterr().err
    assert init(integrations=[Failing()]).get_integration("failing") is not None


def test_event_names_the_integrations(init, events, made):
    init(integrations=[made(), DedupeIntegration()], auto_enabling_integrations=False)
    sentry_like.capture_message("x")
    assert events[0]["sdk"]["integrations"] == ["counting", "dedupe"]


def test_what_a_foreign_integration_adds_is_made_plain_and_scrubbed(init, events):
    class Adding(Integration):
        identifier = "adding"

        def process_event(self, event, hint):
            event["extra"] = {"object": object(), "password": "hunter2"}

    init(integrations=[Adding()])
    sentry_like.capture_message("x")
    assert events[0]["extra"]["object"].startswith("<object object")
    assert events[0]["extra"]["password"] == "[Filtered]"


def test_hub_finds_no_integration_without_a_client():
    assert sentry_like.Hub.current.get_integration("dedupe") is None
    assert sentry_like.Hub.current.get_integration(DedupeIntegration) is None


def test_integration_that_fails_on_an_event_does_not_lose_it(init, events, lenient):
    class Failing(Integration):
        identifier = "failing"

        def process_event(self, event, hint):
            raise RuntimeError

        def on_captured(self, event, hint):
            raise RuntimeError

    init(integrations=[Failing()])
    assert sentry_like.capture_message("x") == events[0]["event_id"]


# -- waiting for what is integrated with


@pytest.fixture
def row(monkeypatch, tmp_path):
    """`row(made, mode, **more)`: the class as a row of the table; `framework_x` is there to be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("framework_x", "framework_y"):
        (tmp_path / f"{name}.py").write_text("value = 5")
    importlib.invalidate_caches()

    def add(made, mode=AUTO, modules=("framework_x",), **more):
        module = types.ModuleType(f"sentry_like.integrations.test_{made.identifier}")
        module.Made = made
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(integrations, f"test_{made.identifier}", module, raising=False)
        place = f"test_{made.identifier}:Made"
        monkeypatch.setitem(
            REGISTRY, made.identifier, Row(place, mode, "For tests.", modules=modules, **more)
        )

    yield add
    for name in ("framework_x", "framework_y"):
        sys.modules.pop(name, None)


def test_integration_waits_for_the_import_of_its_framework(init, row, made):
    row(made)
    client = init(default_integrations=False)
    assert (made.set_ups, client.integrations.waiting >= {"counting"}) == (0, True)
    assert client.get_integration("counting") is None
    importlib.import_module("framework_x")
    assert (made.set_ups, "counting" in client.integrations.waiting) == (1, False)
    assert isinstance(client.get_integration("counting"), made)


def test_integration_whose_framework_is_there_is_set_up_at_once(init, row, made):
    row(made)
    importlib.import_module("framework_x")
    assert isinstance(init().get_integration("counting"), made)


def test_first_of_several_modules_is_enough(init, row, made):
    row(made, modules=("framework_x", "framework_y"))
    client = init()
    importlib.import_module("framework_y")
    assert client.get_integration("counting") is not None
    importlib.import_module("framework_x")
    assert made.set_ups == 1


MODES = {
    "default": (DEFAULT, {"default_integrations": True}, True),
    "default, left out": (DEFAULT, {}, False),
    "automatic": (AUTO, {}, True),
    "automatic, left out": (AUTO, {"auto_enabling_integrations": False}, False),
    "automatic, left out with defaults": (
        AUTO,
        {"auto_enabling_integrations": False, "default_integrations": True},
        False,
    ),
    "by hand": (MANUAL, {"default_integrations": True}, False),
    "disabled": (AUTO, {"disabled_integrations": ["counting"]}, False),
}


@pytest.mark.parametrize(("mode", "options", "is_there"), MODES.values(), ids=MODES)
def test_options_say_which_of_the_table_are_set_up(init, row, made, mode, options, is_there):
    row(made, mode)
    importlib.import_module("framework_x")
    assert (init(**options).get_integration("counting") is not None) is is_there


def test_every_living_client_that_waits_gets_it_and_it_is_set_up_once(init, row, made, transport):
    row(made)
    clients = [
        init(),
        sentry_like.Client(transport=transport, default_integrations=False),
        sentry_like.Client(
            transport=transport, default_integrations=False, disabled_integrations=["counting"]
        ),
    ]
    importlib.import_module("framework_x")
    assert [client.get_integration("counting") is not None for client in clients] == [True, True, False]
    assert clients[0].get_integration("counting") is not clients[1].get_integration("counting")
    assert made.set_ups == 1


def test_client_that_comes_after_the_framework_gets_it_too(init, row, made):
    row(made)
    init()
    importlib.import_module("framework_x")
    assert init().get_integration("counting") is not None
    assert made.set_ups == 1


def test_waiting_keeps_no_client_alive(init, row, made, transport):
    row(made)
    client = sentry_like.Client(transport=transport, default_integrations=False)
    watched = weakref.ref(client)
    del client
    gc.collect()
    assert watched() is None
    importlib.import_module("framework_x")
    assert made.set_ups == 0


def test_given_one_does_not_wait(init, row, made):
    row(made)
    mine = made()
    client = init(integrations=[mine])
    assert (client.get_integration("counting"), made.set_ups) == (mine, 1)
    importlib.import_module("framework_x")
    assert (client.get_integration("counting"), made.set_ups) == (mine, 1)


def test_late_arrival_takes_part_in_the_next_event(init, row, events):
    class Adding(Integration):
        identifier = "adding"

        def process_event(self, event, hint):
            event["tags"] = {"framework": "x"}

    row(Adding)
    init()
    sentry_like.capture_message("before")
    importlib.import_module("framework_x")
    sentry_like.capture_message("after")
    assert [event.get("tags") for event in events] == [None, {"framework": "x"}]
    assert "adding" in events[1]["sdk"]["integrations"]


def test_uninstalled_integration_neither_waits_nor_stays(init, row, made):
    row(made)
    init().close(uninstall=True)
    importlib.import_module("framework_x")
    assert made.set_ups == 0
    assert init().get_integration("counting") is not None


def test_integration_is_told_of_each_client_that_has_it(init, row, transport):
    class Starting(Integration):
        identifier = "starting"
        told = []

        def on_started(self, client):
            self.told.append((client, client.is_active()))

    row(Starting)
    waiting = init()
    importlib.import_module("framework_x")
    given = init(integrations=[Starting()])
    assert Starting.told == [(waiting, True), (given, True)]


def test_threads_that_arrive_at_once_set_it_up_once(init, row):
    import threading
    import time

    class Slow(Integration):
        identifier = "slow"
        set_ups = 0

        def setup_once(self):
            time.sleep(0.05)
            type(self).set_ups += 1

    row(Slow, modules=("framework_x", "framework_y"))
    client = init()
    threads = [
        threading.Thread(target=importlib.import_module, args=(name,))
        for name in ("framework_x", "framework_y")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Slow.set_ups, client.integrations.failed) == (1, {})
    assert client.get_integration("slow") is not None


def test_class_that_cannot_be_made_is_named_with_the_reason(init, lenient):
    class Demanding(Integration):
        identifier = "demanding"

        def __init__(self, needed):
            self.needed = needed

    failed = init(integrations=[Demanding]).integrations.failed
    assert "missing 1 required positional argument: 'needed'" in failed["demanding"]


# -- what fails


def failing_with(error):
    class Failing(Integration):
        identifier = "failing"

        def setup_once(self):
            patch.on_uninstall("failing", lambda: undone.append(True))
            raise error

    undone = []
    Failing.undone = undone
    return Failing


FAILURES = {
    "a reason": (DidNotEnable("this platform has no such thing"), "this platform has no such thing"),
    "a fault": (ValueError("odd"), "ValueError: odd"),
    "an import": (ImportError("No module named 'x'"), "ImportError: No module named 'x'"),
    "an exit": (SystemExit(3), "SystemExit: 3"),
}


@pytest.mark.parametrize(("error", "reason"), FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("is_given", [True, False], ids=["given", "from the table"])
def test_failed_integration_breaks_nothing_and_says_why(init, row, lenient, capsys, error, reason, is_given):
    made = failing_with(error)
    row(made)
    importlib.import_module("framework_x")
    options = {"integrations": [made()]} if is_given else {}
    for _ in range(2):
        client = init(**options)
        assert client.integrations.failed == {"failing": reason}
        assert client.get_integration("failing") is None
        assert reason in repr(client.integrations)
    said = capsys.readouterr().err
    assert said.count(f"the integration failing is off: {reason}") == 1
    assert made.undone == [True, True]  # what it had done before it failed


def test_integration_that_fails_late_breaks_neither_the_import_nor_the_client(init, row, events, lenient):
    row(failing_with(ValueError("odd")))
    client = init()
    assert importlib.import_module("framework_x").value == 5
    assert client.integrations.failed == {"failing": "ValueError: odd"}
    assert sentry_like.capture_message("x") == events[0]["event_id"]


def test_integration_whose_module_is_missing_is_named_with_the_reason(init, monkeypatch, lenient):
    monkeypatch.setitem(REGISTRY, "missing", Row("no_such_module:Missing", DEFAULT, "For tests."))
    failed = init(default_integrations=True).integrations.failed
    assert "no_such_module" in failed["missing"]


def test_framework_that_is_too_old_is_named_with_both_versions(init, row, made, tmp_path, lenient, capsys):
    (tmp_path / "Framework_X-1.9.dist-info").mkdir()
    row(made, package="framework-x", minimum="2.0")
    client = init()
    importlib.import_module("framework_x")
    assert client.integrations.failed == {"counting": "needs framework-x 2.0 or newer, found 1.9"}
    assert made.set_ups == 0


def test_framework_that_is_new_enough_is_integrated(init, row, made, tmp_path):
    (tmp_path / "Framework_X-2.0.dist-info").mkdir()
    row(made, package="framework-x", minimum="2.0")
    client = init()
    importlib.import_module("framework_x")
    assert client.get_integration("counting") is not None


def test_ctrl_c_in_a_set_up_passes(init):
    import signal

    class Slow(Integration):
        identifier = "slow"

        def setup_once(self):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        init(integrations=[Slow()])


# -- what is given


def test_class_stands_for_its_instance(init):
    client = init(integrations=[DedupeIntegration])
    assert isinstance(client.get_integration("dedupe"), DedupeIntegration)


@pytest.mark.parametrize("wrong", [5, "dedupe", object(), None, dict], ids=repr)
def test_what_is_no_integration_is_refused(init, wrong):
    with pytest.raises(BadOptions, match="integrations"):
        init(integrations=[wrong])


def test_unknown_name_among_the_disabled_is_told_with_the_nearest(init, capsys):
    init(disabled_integrations=["dedup"])
    assert "'dedup', which is no integration; did you mean 'dedupe'?" in capsys.readouterr().err


# -- the table


PROGRAM = """
import sys
sys.path[:0] = {path!r}
import sentry_like.integrations.registry
print(sorted(name for name in sys.modules if name.startswith("sentry_like.integrations.")))
"""


def test_looking_at_the_table_loads_no_integration():
    run = subprocess.run(
        [sys.executable, "-S", "-c", PROGRAM.format(path=sys.path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    loaded = set(re.findall(r"sentry_like\.integrations\.(\w+)", run.stdout))
    assert loaded
    assert not loaded & set(REGISTRY)


@pytest.mark.parametrize("identifier", sorted(REGISTRY))
def test_row_leads_to_its_integration(identifier):
    found = REGISTRY[identifier]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what frameworks import may be deprecated
        integration = integrations.load(found.place)
    assert integration.identifier == identifier
    assert found.summary.endswith(".")
    assert (found.mode in (DEFAULT, AUTO, MANUAL), bool(found.minimum) <= bool(found.package)) == (True, True)


def test_integration_of_ones_own_derives_from_what_the_room_offers(init, lenient):
    class Own(integrations.Integration):
        identifier = "own"

        def setup_once(self):
            raise integrations.DidNotEnable("not on this planet")

    assert init(integrations=[Own]).integrations.failed == {"own": "not on this planet"}


def test_integration_is_told_when_its_client_is_closed(init):
    closed = []

    class Own(Integration):
        identifier = "own"

        def on_closed(self, client):
            closed.append(client)

    first = init(integrations=[Own()])
    second = init(integrations=[Own()])
    assert closed == [first]
    second.close(0)
    second.close(0)
    assert closed == [first, second]


IMPORTED_AFTER_INIT = """
import sentry_like
from sentry_like.testing import DSN, TestTransport
sentry_like.init(DSN, transport=TestTransport())
{imports}
integrations = sentry_like.get_client().integrations
print(sorted({{"flask", "redis"}} & set(integrations)), integrations.failed)
"""


@pytest.mark.parametrize(
    ("imports", "found"),
    [
        pytest.param("from sentry_like.integrations.flask import FlaskIntegration", ["flask"], id="ours"),
        pytest.param("import flask, sentry_like.integrations.flask", ["flask"], id="theirs, then ours"),
        pytest.param("import sentry_like.integrations.redis, redis", ["redis"], id="ours, then theirs"),
        pytest.param("import sentry_like.integrations.wsgi", [], id="another of ours"),
    ],
)
def test_integration_arrives_whichever_module_is_imported_first(imports, found):
    program = IMPORTED_AFTER_INIT.format(imports=imports)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (run.stdout.strip(), run.stderr) == (f"{found} {{}}", "")
