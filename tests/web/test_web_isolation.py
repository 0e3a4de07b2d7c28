"""Requests of every framework know nothing of each other, of us, or of clients that leave."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

from framework import visits
from web_events import HEADERS

REQUESTS, AT_A_TIME = 1000, 50
LEAVING = 0.7
"""Seconds after which `/wait` has ended on the server, whoever hung up."""


@visits("/tagged")
def test_a_thousand_requests_leak_nothing_into_each_other(site):
    assert leaks_of(site, "/tagged", REQUESTS) == []


@visits("/sync-tagged")
def test_requests_in_threads_leak_nothing_into_each_other(site):
    assert leaks_of(site, "/sync-tagged", REQUESTS // 4) == []


def leaks_of(site, route, count):
    """What is wrong with the events of so many requests, half of which fail."""
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        answers = list(pool.map(lambda n: site.get(f"{route}/who{n}?fail={n % 2}"), range(count)))
    assert [answer.status for answer in answers] == [200, 500] * (count // 2)
    assert [answer.text for answer in answers[::2]] == [f"who{n}" for n in range(0, count, 2)]
    events = site.events(count // 2)
    whose = sorted(event["exception"]["values"][0]["value"] for event in events)
    wrong = [event for event in events if not is_of_one(event)]
    isolated = [json.loads(site.get("/isolated").body) for _ in range(20)]
    missing = whose != sorted(f"who{n}" for n in range(1, count, 2))
    return [*wrong, *(tags for tags in isolated if tags), *([len(whose)] if missing else [])]


def is_of_one(event):
    """Whether tag, user and breadcrumb are those of the request that failed, and only those."""
    who = event["exception"]["values"][0]["value"]
    crumbs = [crumb.get("message", "") for crumb in event["breadcrumbs"]["values"]]
    mine = [text for text in crumbs if text and text.startswith("who")]
    return event["tags"]["who"] == who and event["user"] == {"id": who} and mine == [who]


@visits("/wait")
def test_a_client_that_hangs_up_is_no_error(site):
    site.leave("GET", "/wait")
    time.sleep(LEAVING)
    assert site.events(0) == []


@visits("/upload")
def test_a_client_that_hangs_up_amid_its_body_is_no_error(site):
    headers = [("Content-Type", "application/octet-stream"), ("Transfer-Encoding", "chunked")]
    site.leave("POST", "/upload", headers, [b"4\r\nabcd\r\n", b"4\r\nef"])
    headers[1] = ("Content-Length", "100000")
    site.leave("POST", "/upload", headers, [b"abcd" * 100])
    time.sleep(0.2)
    assert site.events(0) == []


@visits("/ok")
def test_answers_are_those_of_an_application_without_a_client(site):
    paths = ["/ok", "/tagged/ann?fail=0", "/tagged/ann?fail=1", "/error", "/handled", "/nowhere", "/stream"]
    paths += ["/handled-502", "/abort/404", "/abort/503", "/returned/503", "/returned/404", "/chained"]
    paths += ["/stream-error"]
    has = [path for path in paths if site.framework.has(route_of(path), site.choice.server)]
    with site.without_client() as bare:
        for path in has:
            assert site.get(path, HEADERS).comparable == without_port(bare, site, path), path
        for chunked in (False, True) if site.framework.has("/upload", site.choice.server) else ():
            uploads = [one.post("/upload", b"x" * 70_000, chunked=chunked).comparable for one in (site, bare)]
            assert uploads[0] == uploads[1]


def route_of(path):
    """`/abort` for `/abort/404`."""
    return "/" + path.partition("?")[0].split("/")[1]


def without_port(bare, site, path):
    """The answer of the other process, as if it had the same port."""
    answer = bare.get(path, HEADERS)
    answer.body = answer.body.replace(str(bare.port).encode(), str(site.port).encode())
    return answer.comparable
