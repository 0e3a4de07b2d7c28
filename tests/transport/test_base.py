"""What may be given as `transport`, and that the account is kept for each."""

from __future__ import annotations

import pytest

from sentry_like.transport.base import Transport

DSN = "http://0123456789abcdef0123456789abcdef@127.0.0.1:9/1"


class Keeping(Transport):
    """A user's transport, as the documentation shows it."""

    def __init__(self, options=None):
        self.options = options
        self.envelopes = []
        self.calls = []

    def send(self, envelope):
        self.envelopes.append(envelope)

    def flush(self, timeout=None):
        self.calls.append(("flush", timeout))
        return True

    def close(self, timeout=None):
        self.calls.append(("close", timeout))
        return True


class Peer:
    """A transport in the style of the official client's."""

    def __init__(self, options=None):
        self.envelopes = []
        self.calls = []

    def capture_envelope(self, envelope):
        self.envelopes.append(envelope)

    def flush(self, timeout, callback=None):
        self.calls.append(("flush", timeout))

    def kill(self):
        self.calls.append("kill")


def test_without_a_dsn_there_is_no_transport(carry):
    from sentry_like.options import Options
    from sentry_like.transport.base import make_transport
    from sentry_like.transport.reports import Reports

    assert make_transport(Options(), None, Reports(), log=print) is None


@pytest.mark.parametrize("dsn", [DSN, None], ids=["dsn", "no dsn"])
def test_an_instance_gets_envelopes(carry, dsn):
    keeping = Keeping()
    carrier = carry(dsn, transport=keeping)
    carrier.send("hi", attachments=[b"abc"])
    assert [envelope.get_event()["message"] for envelope in keeping.envelopes] == ["hi"]
    assert carrier.sent() == 1
    assert carrier.sent("attachment") == 3


def test_a_class_is_called_with_the_options(carry):
    made = []

    class Noting(Keeping):
        def __init__(self, options):
            super().__init__(options)
            made.append(self)

    carrier = carry(DSN, transport=Noting)
    carrier.send()
    assert made[0].options is carrier.options
    assert len(made[0].envelopes) == 1


def test_a_class_that_inherits_everything_but_send_works(carry):
    taken = []

    class Least(Transport):
        def send(self, envelope):
            taken.append(envelope)

    carrier = carry(DSN, transport=Least)
    carrier.send()
    assert len(taken) == 1
    assert carrier.flush(1)
    assert carrier.transport.drain(1)
    assert carrier.transport.pending() == 0
    assert carrier.transport.close(1)


@pytest.mark.parametrize("attachments", [(), (b"abc",)], ids=["bare", "with an attachment"])
def test_a_function_gets_the_event_even_with_attachments(carry, attachments):
    events = []
    carrier = carry(DSN, transport=events.append)
    carrier.send("hi", attachments=attachments)
    assert [event["message"] for event in events] == ["hi"]
    assert carrier.sent() == 1


def test_a_function_is_not_handed_what_is_no_event(carry):
    from sentry_like.protocol.envelope import Envelope, Item

    events = []
    carrier = carry(DSN, transport=events.append)
    carrier.send_envelope(Envelope({}, [Item({"type": "session"}, {})]))
    assert events == []


def test_a_peers_transport_gets_envelopes_and_is_killed_at_the_end(carry):
    peer = Peer()
    carrier = carry(DSN, transport=peer)
    carrier.send("hi")
    assert [envelope.get_event()["message"] for envelope in peer.envelopes] == ["hi"]
    assert carrier.flush(1) is True
    carrier.transport.close(1)
    assert peer.calls[0] == ("flush", 1)
    assert peer.calls[-1] == "kill"


def test_a_peers_class_is_called_with_the_options(carry):
    carrier = carry(DSN, transport=Peer)
    carrier.send()
    assert carrier.sent() == 1


def test_an_object_with_nothing_but_send_works(carry):
    class Duck:
        def __init__(self):
            self.envelopes = []

        def send(self, envelope):
            self.envelopes.append(envelope)

    duck = Duck()
    carrier = carry(DSN, transport=duck)
    carrier.send()
    assert len(duck.envelopes) == 1
    assert carrier.flush(1)
    assert carrier.transport.drain(1)
    assert carrier.transport.close(1)


def test_flush_and_close_are_handed_on(carry):
    keeping = Keeping()
    carrier = carry(DSN, transport=keeping)
    assert carrier.flush(3)
    assert carrier.transport.close(4)
    assert keeping.calls == [("flush", 3), ("close", 4)]


@pytest.mark.parametrize("style", ["instance", "peer", "function"])
def test_what_a_failing_transport_did_not_take_is_lost_and_counted(carry, lenient, style):
    def fail(*arguments):
        raise ZeroDivisionError

    given = {"instance": Keeping(), "peer": Peer(), "function": fail}[style]
    if style != "function":
        given.send = given.capture_envelope = fail
        if style == "peer":
            del given.send
    carrier = carry(DSN, transport=given)
    carrier.send(attachments=[b"abc"])
    assert sum(carrier.lost().values()) == 1
    assert sum(carrier.lost("attachment").values()) == 3
    assert carrier.told[0][1:] == ("error", 1)


def test_a_failing_flush_is_false(carry, lenient):
    keeping = Keeping()
    keeping.flush = lambda timeout=None: 1 / 0
    assert not carry(DSN, transport=keeping).flush(1)
