"""A forked child has its own worker, queue, connection and account.

The tests run programs of their own, for a fork copies all of a process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest
import trustme
from relay_server import KEY, BlackHole, eventually

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")

START = """
import os, sys, threading, time
import sentry_like
dsn = sys.argv[1]

def init(**options):
    sentry_like.init(dsn, default_integrations=False, **options)
    return sentry_like.get_client()

def wait_for(pid):
    assert os.waitpid(pid, 0)[1] == 0
"""


def run(program, dsn, timeout=30):
    """Run a program; what it printed. It must end by itself, well, and in time."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", START + textwrap.dedent(program), dsn],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_first_event_in_a_child_goes_out(relay):
    run(
        """
        client = init()
        sentry_like.capture_message("parent")
        assert client.flush(10)
        for number in range(5):
            pid = os.fork()
            if pid == 0:
                sentry_like.capture_message(f"child {number}")
                ok = client.flush(10)
                os._exit(0 if ok else 1)
            wait_for(pid)
        """,
        relay.dsn,
    )
    assert sorted(relay.messages) == ["child 0", "child 1", "child 2", "child 3", "child 4", "parent"]


def test_the_first_event_in_a_child_goes_out_without_a_flush(relay):
    run(
        """
        client = init()
        sentry_like.capture_message("parent")
        assert client.flush(10)
        pid = os.fork()
        if pid == 0:
            sentry_like.capture_message("child")
            time.sleep(3)
            os._exit(0)
        wait_for(pid)
        """,
        relay.dsn,
    )
    assert sorted(relay.messages) == ["child", "parent"]


def test_pending_events_of_the_parent_are_sent_once(relay):
    relay.always(delay=0.05)
    run(
        """
        client = init()
        for number in range(10):
            sentry_like.capture_message(f"{number}")
        pid = os.fork()
        if pid == 0:
            assert client.transport.pending() == 0
            sentry_like.capture_message("child")
            os._exit(0 if client.flush(10) else 1)
        assert client.flush(10)
        wait_for(pid)
        """,
        relay.dsn,
    )
    assert sorted(relay.messages) == sorted([*(f"{number}" for number in range(10)), "child"])


def test_parent_and_children_never_share_a_connection(relay):
    run(
        """
        client = init()
        sentry_like.capture_message(f"{os.getpid()}")
        assert client.flush(10)
        pids = []
        for _ in range(3):
            pid = os.fork()
            if pid == 0:
                for _ in range(3):
                    sentry_like.capture_message(f"{os.getpid()}")
                    assert client.flush(10)
                os._exit(0)
            pids.append(pid)
        for _ in range(3):
            sentry_like.capture_message(f"{os.getpid()}")
            assert client.flush(10)
        for pid in pids:
            wait_for(pid)
        """,
        relay.dsn,
    )
    processes_of = {}
    for request in relay.requests:
        processes_of.setdefault(request.client, set()).add(request.envelope.get_event()["message"])
    assert len(relay.messages) == 13
    assert len(processes_of) == 4
    assert all(len(processes) == 1 for processes in processes_of.values())


def test_a_child_that_ends_does_not_end_the_parents_tls_connection(serve, tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    relay = serve(tls=authority)
    run(
        f"""
        client = init(ca_certs={str(tmp_path / "ca.pem")!r})
        sentry_like.capture_message("1")
        assert client.flush(10)
        pid = os.fork()
        if pid == 0:
            sentry_like.capture_message("2")
            assert client.flush(10)
            client.close(1)
            os._exit(0)
        wait_for(pid)
        sentry_like.capture_message("3")
        assert client.flush(10)
        """,
        relay.dsn,
    )
    assert relay.messages == ["1", "2", "3"]
    assert relay.requests[0].client == relay.requests[2].client


def test_a_childs_account_begins_anew(relay):
    told = run(
        """
        client = init()
        sentry_like.capture_message("parent")
        assert client.flush(10)
        pid = os.fork()
        if pid == 0:
            sentry_like.capture_message("child")
            assert client.flush(10)
            print(client.stats()["error"]["captured"], client.stats()["error"]["sent"], flush=True)
            os._exit(0)
        wait_for(pid)
        print(client.stats()["error"]["captured"])
        """,
        relay.dsn,
    )
    assert told == ["1", "1", "1"]


def test_a_childs_account_begins_anew_with_a_transport_of_the_users(relay):
    told = run(
        """
        client = init(transport=lambda event: None)
        sentry_like.capture_message("parent")
        pid = os.fork()
        if pid == 0:
            sentry_like.capture_message("child")
            print(client.stats()["error"]["captured"], flush=True)
            os._exit(0)
        wait_for(pid)
        """,
        relay.dsn,
    )
    assert told == ["1"]


def test_losses_of_the_parent_are_not_reported_by_the_child_too(relay):
    run(
        """
        client = init(before_send=lambda event, hint: None if event["message"] == "drop" else event)
        sentry_like.capture_message("drop")
        pid = os.fork()
        if pid == 0:
            sentry_like.capture_message("child")
            os._exit(0 if client.flush(10) else 1)
        wait_for(pid)
        assert client.flush(10)
        """,
        relay.dsn,
    )
    assert relay.discarded == {("before_send", "error"): 1}


def test_forks_at_any_moment_under_load_neither_hang_nor_duplicate(relay):
    run(
        """
        client = init(transport_queue_size=100_000)
        done = False
        def capture():
            while not done:
                sentry_like.capture_message("load")
                client.stats()
                time.sleep(0.0005)
        threads = [threading.Thread(target=capture) for _ in range(2)]
        for thread in threads:
            thread.start()
        pids = []
        for number in range(15):
            pid = os.fork()
            if pid == 0:
                sentry_like.capture_message(f"child {number}")
                os._exit(0 if client.flush(10) else 1)
            pids.append(pid)
            time.sleep(0.02)
        done = True
        for thread in threads:
            thread.join()
        for pid in pids:
            wait_for(pid)
        assert client.flush(20)
        """,
        relay.dsn,
        timeout=60,
    )
    ids = [event["event_id"] for event in relay.events]
    assert len(ids) == len(set(ids))
    children = [message for message in relay.messages if message.startswith("child")]
    assert sorted(children) == sorted(f"child {number}" for number in range(15))


@pytest.mark.parametrize("pause", [0.05, 0.2, 0.4])
def test_a_fork_during_the_first_send_does_not_hang_the_child(relay, pause):
    """The worker imports urllib3 just then; a child would wait for ever for the locks of those modules."""
    run(
        f"""
        class Slow:
            def find_spec(self, name, path=None, target=None):
                if name.startswith(("urllib3", "logging", "http")):
                    time.sleep(0.03)

        client = init()
        sys.meta_path.insert(0, Slow())
        sentry_like.capture_message("parent")
        time.sleep({pause})
        pid = os.fork()
        if pid == 0:
            import urllib3, ssl, http.client, certifi, email
            sentry_like.capture_message("child")
            os._exit(0 if client.flush(10) else 1)
        wait_for(pid)
        assert client.flush(10)
        """,
        relay.dsn,
    )
    assert sorted(relay.messages) == ["child", "parent"]


def test_a_fork_while_the_worker_sets_up_tls_leaves_the_child_free(serve, tmp_path):
    """OpenSSL's locks, taken by the worker at that moment, would stay taken in the child."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    relay = serve(tls=authority)
    run(
        f"""
        client = init(ca_certs={str(tmp_path / "ca.pem")!r})
        pids = []
        for number in range(25):
            sentry_like.capture_message("parent")
            pid = os.fork()
            if pid == 0:
                sentry_like.capture_message(f"child {{number}}")
                os._exit(0 if client.flush(10) else 1)
            pids.append(pid)
            time.sleep(0.003)
        for pid in pids:
            wait_for(pid)
        assert client.flush(20)
        """,
        relay.dsn,
        timeout=60,
    )
    children = [message for message in relay.messages if message.startswith("child")]
    assert sorted(children) == sorted(f"child {number}" for number in range(25))
    assert relay.messages.count("parent") == 25


def test_a_fork_while_the_worker_is_in_a_request_leaves_the_child_free(relay):
    with BlackHole() as hole:
        run(
            """
            client = init(transport_timeout=20)
            sentry_like.capture_message("parent")
            time.sleep(0.5)
            pid = os.fork()
            if pid == 0:
                started = time.monotonic()
                sentry_like.capture_message("child")
                assert not client.flush(0.5)
                client.close(0.1)
                os._exit(0 if time.monotonic() - started < 5 else 1)
            wait_for(pid)
            client.close(0)
            """,
            hole.dsn,
        )
        assert eventually(lambda: hole.connections == 2)


def test_a_fork_without_hooks_is_noticed(relay):
    """As uWSGI forks, in C."""
    run(
        """
        import ctypes
        client = init()
        sentry_like.capture_message("parent")
        assert client.flush(10)
        pid = ctypes.PyDLL(None).fork()
        if pid == 0:
            sentry_like.capture_message("child")
            ok = client.flush(10) and client.stats()["error"] == {
                "captured": 1, "sent": 1, "queued": 0, "lost": {}
            }
            os._exit(0 if ok else 1)
        wait_for(pid)
        sentry_like.capture_message("parent again")
        assert client.flush(10)
        """,
        relay.dsn,
    )
    assert relay.messages == ["parent", "child", "parent again"]
    assert len({request.client for request in relay.requests}) == 2


def test_a_grandchild_sends_too(relay):
    run(
        """
        client = init()
        sentry_like.capture_message("0")
        assert client.flush(10)
        for generation in (1, 2):
            pid = os.fork()
            if pid:
                wait_for(pid)
                os._exit(0)
            sentry_like.capture_message(f"{generation}")
            assert client.flush(10)
        """,
        relay.dsn,
    )
    assert relay.messages == ["0", "1", "2"]


def test_a_closed_transport_stays_closed_in_the_child(relay):
    run(
        """
        client = init()
        transport = client.transport
        sentry_like.capture_message("parent")
        client.close(10)
        pid = os.fork()
        if pid == 0:
            from sentry_like.protocol.envelope import Envelope
            transport.send(Envelope.of_event({"message": "child"}))
            transport.flush(1)
            os._exit(0)
        wait_for(pid)
        """,
        relay.dsn,
    )
    assert relay.messages == ["parent"]


def test_children_of_a_multiprocessing_pool_deliver_when_they_flush(relay):
    run(
        """
        import multiprocessing
        client = init()
        sentry_like.capture_message("parent")
        assert client.flush(10)

        def work(number):
            sentry_like.capture_message(f"{number}")
            return client.flush(10)

        with multiprocessing.get_context("fork").Pool(3) as pool:
            assert all(pool.map(work, range(10)))
        """,
        relay.dsn,
    )
    assert sorted(relay.messages) == sorted(["parent", *(f"{number}" for number in range(10))])


def test_a_child_whose_server_is_down_ends_in_time():
    run(
        """
        client = init()
        sentry_like.capture_message("parent")
        pid = os.fork()
        if pid == 0:
            sentry_like.capture_message("child")
            client.flush(5)
            os._exit(0 if client.stats()["error"]["lost"] == {"network_error": 1} else 1)
        wait_for(pid)
        client.close(1)
        """,
        f"http://{KEY}@127.0.0.1:9/1",
        timeout=20,
    )
