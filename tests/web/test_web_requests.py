"""What an event shows of its request, in every framework: enough to repeat it, and nothing private."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from framework import visits
from web_events import HEADERS, only

BODY = {"name": "ann", "password": "hunter2", "order": {"token": "s3cr3t"}}
FORM = "application/x-www-form-urlencoded"
BOUNDARY = "xx-boundary-xx"
PICTURE = b"\x89PNG not to be sent"
MULTIPART = (
    (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="name"\r\n\r\nann\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter2\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="picture"; filename="ann.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode()
    + PICTURE
    + f"\r\n--{BOUNDARY}--\r\n".encode()
)
SIZES = {"medium": 10_000, "small": 1_000}


def reads(kind):
    return lambda framework: kind in framework.bodies


def shown(event):
    """All of an event but its stacks, whose local variables are the frames' business, as text."""
    return json.dumps({key: value for key, value in event.items() if key != "exception"})


def remarks(event):
    return event.get("_meta", {}).get("request", {}).get("data", {}).get("", {}).get("rem")


def named(headers):
    return {
        name.lower(): value for name, value in (headers.items() if isinstance(headers, dict) else headers)
    }


@visits("/error")
def test_the_request_is_shown_without_what_is_private(site):
    site.get("/error?page=2&token=s3cr3t", HEADERS)
    event = only(site.events(1))
    request = event["request"]
    assert (request["method"], request["url"]) == ("GET", f"http://127.0.0.1:{site.port}/error")
    assert "page" in str(request["query_string"])
    headers = named(request["headers"])
    assert headers["host"] == f"127.0.0.1:{site.port}"
    assert (headers["user-agent"], headers["x-plain"]) == ("visitor/1", "yes")
    private = ("authorization", "cookie", "x-forwarded-for", "x-api-key")
    assert {headers.get(name, "[Filtered]") for name in private} == {"[Filtered]"}
    assert "cookies" not in request
    assert "REMOTE_ADDR" not in request.get("env", {})
    assert "user" not in event
    assert "s3cr3t" not in shown(event)
    assert "10.1.2.3" not in shown(event)


@visits("/error", options="personal")
def test_with_personal_data_cookies_and_address_are_shown_and_secrets_are_not(site):
    site.get("/error?page=2&token=s3cr3t", HEADERS)
    event = only(site.events(1))
    assert event["request"]["cookies"]["theme"] == "dark"
    assert event["request"]["cookies"]["sessionid"] == "[Filtered]"
    # some servers trust the header of a proxy on this machine
    assert event["request"]["env"]["REMOTE_ADDR"] in ("127.0.0.1", "10.1.2.3")
    assert "s3cr3t" not in shown(event)


@visits("/login")
def test_without_personal_data_nobody_is_named(site):
    site.get("/login")
    assert "user" not in only(site.events(1))


@visits("/login", options="personal")
def test_with_personal_data_the_user_is_named(site):
    site.get("/login")
    user = only(site.events(1))["user"]
    assert {key: user.get(key) for key in site.framework.user} == site.framework.user


# -- bodies


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
@visits("/body", fits=reads("json"))
def test_json_is_shown_without_its_secrets(site, chunked):
    site.post("/body", json.dumps(BODY).encode(), "application/json", chunked=chunked)
    event = only(site.events(1))
    assert event["exception"]["values"][0]["value"] == "after the body"
    assert event["request"]["data"] == {
        "name": "ann",
        "password": "[Filtered]",
        "order": {"token": "[Filtered]"},
    }


@visits("/body", fits=reads("vendor-json"))
def test_json_by_another_name_is_shown_too(site):
    site.post("/body", b'{"name": "ann"}', "application/vnd.api+json; charset=utf-8")
    assert only(site.events(1))["request"]["data"] == {"name": "ann"}


@visits("/body", fits=reads("form"))
def test_a_form_is_shown_without_its_secrets(site):
    site.post("/body", urlencode({"name": "ann", "password": "hunter2"}).encode(), FORM)
    event = only(site.events(1))
    assert event["request"]["data"] == {"name": "ann", "password": "[Filtered]"}
    assert "hunter2" not in shown(event)


@visits("/body", fits=reads("multipart"))
def test_files_are_described_and_not_sent(site):
    site.post("/body", MULTIPART, f"multipart/form-data; boundary={BOUNDARY}")
    event = only(site.events(1))
    assert event["exception"]["values"][0]["value"] == "after the body"
    data = event["request"]["data"]
    assert (data["name"], data["password"]) == ("ann", "[Filtered]")
    assert "picture" in data
    assert "PNG" not in shown(event)


@visits("/body", fits=reads("raw"))
def test_of_a_body_of_unknown_kind_only_a_remark_remains(site):
    site.post("/body", b"\x00\x01 not for you", "application/octet-stream")
    event = only(site.events(1))
    assert event["request"]["data"] == ""
    assert remarks(event) == [["!raw", "x"]]


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
@visits("/body", fits=reads("json"))
def test_a_body_over_the_size_class_is_left_out(site, chunked):
    text = json.dumps({"name": "x" * SIZES["medium"]}).encode()
    site.post("/body", text, "application/json", chunked=chunked)
    event = only(site.events(1))
    assert event["request"]["data"] == ""
    assert remarks(event) == [["!config", "x"]]


@visits("/body", options="personal", fits=reads("json"))
def test_small_bodies_are_smaller(site):
    site.post("/body", json.dumps({"name": "x" * SIZES["small"]}).encode(), "application/json")
    site.post("/body", b'{"name": "ann"}', "application/json")
    events = site.events(2)
    assert [event["request"]["data"] for event in events] == ["", {"name": "ann"}]
    assert remarks(events[0]) == [["!config", "x"]]


@visits("/body", options="quiet", fits=reads("json"))
def test_always_means_all_sizes(site):
    site.post("/body", json.dumps({"names": ["ann"] * 4000}).encode(), "application/json", chunked=True)
    assert only(site.events(1))["request"]["data"]["names"][:2] == ["ann", "ann"]


@visits("/unread")
def test_a_body_that_the_application_did_not_read_is_not_read(site):
    site.post("/unread", b'{"name": "unseen"}', "application/json")
    event = only(site.events(1))
    assert event["exception"]["values"][0]["value"] == "unread"
    assert "unseen" not in shown(event)


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
@visits("/upload")
def test_a_large_upload_arrives_whole(site, chunked):
    assert site.post("/upload", b"x" * 300_000, "application/octet-stream", chunked=chunked).text == "300000"
    assert site.events(0) == []
