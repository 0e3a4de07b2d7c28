"""From a request to the request interface of an event: what leaves, under which wishes, and what stays."""

from __future__ import annotations

import pytest

from sentry_like.integrations._common.bodies import Body
from sentry_like.integrations._common.request import Request, chosen, describe, is_personal, parse_cookies

HEADERS = [
    ("Host", "shop.example"),
    ("Accept", "text/html"),
    ("Accept", "text/plain"),
    ("Authorization", "Bearer abc"),
    ("X-Api-Key", "k-17"),
    ("Cookie", "theme=dark; sessionid=s-1"),
    ("X-Forwarded-For", "9.8.7.6, 10.0.0.1"),
    ("X-Real-Ip", "9.8.7.6"),
    ("Cf-Connecting-Ip", "9.8.7.6"),
    ("X-Remote-User", "ann"),
    ("Via", "1.1 proxy"),
    ("Content-Type", "application/json"),
    ("Content-Length", "8"),
]


class Shop(Request):
    """A request of which everything is known."""

    __slots__ = ()

    def method(self):
        return "post"

    def url(self):
        return "https://me:secret@shop.example:443/basket/17?x=1#top"

    def query_string(self):
        return "page=2&access_token=t-1"

    def headers(self):
        return HEADERS

    def server(self):
        return {"SERVER_NAME": "shop", "SERVER_PORT": "443"}

    def remote_address(self):
        return "10.0.0.1"

    def user(self):
        return {"id": "7", "email": "ann@shop.example", "username": None}

    def transaction(self, style):
        return (f"basket by {style}", "component")


@pytest.fixture
def told(init):
    """`told(request, event, **options)`: the event once the request has told of itself."""

    def tell(request=None, event=None, body=None, **options):
        client = init(**options)
        event = {} if event is None else event
        describe(request or Shop(), body, "endpoint", event, client.start_cleaning(), client.options)
        return event

    return tell


def test_a_request_tells_what_the_protocol_knows_of(told):
    assert told() == {
        "transaction": "basket by endpoint",
        "transaction_info": {"source": "component"},
        "request": {
            "method": "POST",
            "url": "https://shop.example/basket/17",
            "query_string": "page=2&access_token=[Filtered]",
            "headers": {
                "Host": "shop.example",
                "Accept": "text/html, text/plain",
                "Authorization": "[Filtered]",
                "X-Api-Key": "[Filtered]",
                "X-Forwarded-For": "[Filtered]",
                "X-Real-Ip": "[Filtered]",
                "Cf-Connecting-Ip": "[Filtered]",
                "X-Remote-User": "[Filtered]",
                "Via": "[Filtered]",
                "Content-Type": "application/json",
                "Content-Length": "8",
            },
            "env": {"SERVER_NAME": "shop", "SERVER_PORT": "443"},
        },
    }


def test_personal_data_goes_only_where_it_is_wanted(told):
    event = told(send_default_pii=True)
    request = event["request"]
    assert event["user"] == {"id": "7", "email": "ann@shop.example", "ip_address": "9.8.7.6"}
    assert request["env"]["REMOTE_ADDR"] == "10.0.0.1"
    assert request["cookies"] == {"theme": "dark", "sessionid": "[Filtered]"}
    assert request["headers"]["Via"] == "1.1 proxy"
    assert request["headers"]["Authorization"] == "[Filtered]"


def test_what_the_event_says_itself_stays(told):
    event = {
        "transaction": "mine",
        "request": {"url": "mine", "headers": {"A": "b"}},
        "user": {"id": "mine", "plan": "gold"},
    }
    event = told(event=event, send_default_pii=True)
    assert event["transaction"] == "mine"
    assert "transaction_info" not in event
    assert event["request"]["url"] == "mine"
    assert event["request"]["headers"] == {"A": "b"}
    assert event["request"]["method"] == "POST"
    assert event["user"] == {
        "id": "mine",
        "plan": "gold",
        "email": "ann@shop.example",
        "ip_address": "9.8.7.6",
    }


@pytest.mark.parametrize(
    ("wishes", "part", "expected"),
    [
        pytest.param(
            {"cookies": True}, "cookies", {"theme": "dark", "sessionid": "[Filtered]"}, id="cookies"
        ),
        pytest.param(
            {"cookies": {"mode": "allowlist", "terms": ["lang"]}},
            "cookies",
            {"theme": "[Filtered]", "sessionid": "[Filtered]"},
            id="cookies of a list",
        ),
        pytest.param({"http_headers": False}, "headers", None, id="no headers"),
        pytest.param({"url_query_params": False}, "query_string", None, id="no query"),
        pytest.param(
            {"url_query_params": {"mode": "denylist", "terms": ["page"]}},
            "query_string",
            "page=[Filtered]&access_token=[Filtered]",
            id="query with a denylist",
        ),
    ],
)
def test_data_collection_decides_for_each_kind(told, wishes, part, expected):
    assert told(data_collection=wishes)["request"].get(part) == expected


def test_headers_of_an_allowlist_keep_their_values_and_others_their_names(told):
    event = told(data_collection={"http_headers": {"mode": "allowlist", "terms": ["accept"]}})
    assert event["request"]["headers"]["Accept"] == "text/html, text/plain"
    assert event["request"]["headers"]["Host"] == "[Filtered]"


def test_an_adapter_that_fails_costs_only_what_it_was_asked(told, lenient):
    class Broken(Shop):
        __slots__ = ()

        def headers(self):
            raise RuntimeError("no headers")

        def transaction(self, style):
            raise RuntimeError("no name")

    event = told(Broken(), send_default_pii=True)
    assert event["request"]["url"] == "https://shop.example/basket/17"
    assert "headers" not in event["request"]
    assert "transaction" not in event


def test_a_request_without_a_route_goes_by_its_path(told):
    class Unrouted(Shop):
        __slots__ = ()

        def transaction(self, style):
            return None

    event = told(Unrouted())
    assert (event["transaction"], event["transaction_info"]) == ("/basket/17", {"source": "url"})


def test_the_body_that_was_watched_is_shown(told):
    body = Body(1000)
    body.saw(b'{"a": 1}')
    assert told(body=body)["request"]["data"] == {"a": 1}


def test_every_answer_is_judged_by_its_shape_too(init):
    class Telling(Shop):
        __slots__ = ()

        def headers(self):
            return [("X-Note", "4111 1111 1111 1111")]

    client = init()
    cleaning = client.start_cleaning()
    event = {}
    describe(Telling(), None, "endpoint", event, cleaning, client.options)
    assert "4111" in str(event)
    assert "4111" not in str(cleaning.scrub(event))


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ('a="x y"; b', {"a": "x y"}),
        ("", {}),
        ("=1; ;a==", {"a": "="}),
    ],
)
def test_cookies_are_read_as_they_are_written(header, cookies):
    assert parse_cookies(header) == cookies


@pytest.mark.parametrize(
    ("name", "personal"),
    [
        ("X-Forwarded-Host", True),
        ("Forwarded", True),
        ("True-Client-IP", True),
        ("Via", True),
        ("User-Agent", False),
        ("Host", False),
        ("X-Request-Id", False),
    ],
)
def test_headers_that_say_who_asks_are_known_by_name(name, personal):
    assert is_personal(name) is personal


def test_what_is_chosen_keeps_empty_values():
    assert chosen({"A": "", "B": "1"}, {"mode": "allowlist", "terms": ()}) == {"A": "", "B": "[Filtered]"}
