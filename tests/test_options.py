from __future__ import annotations

import copy
import functools
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from sentry_like.options import BadOptions, Options, read_config_file
from sentry_like.protocol.dsn import BadDsn

DSN = "https://0123456789abcdef0123456789abcdef@errors.example.com/42"
FIELDS = {field.name: field for field in Options.fields()}
TEXTABLE = [name for name, field in FIELDS.items() if field.env]


class FlaskIntegration:
    identifier = "flask"

    def setup_once(self):
        pass


class Carrier:
    def send(self, envelope):
        pass


class AsyncCallable:
    async def __call__(self, event, hint):
        return event


class Hooks:
    def before_send(self, event, hint):
        return event

    def of_one(self, event):
        return event


async def async_hook(event, hint):
    return event


def generator_hook(event, hint):
    yield event


@pytest.fixture
def certificate(tmp_path):
    path = tmp_path / "certificate.pem"
    path.write_text("-")
    return str(path)


def refused(given=None, environ=None, config=None):
    with pytest.raises(BadOptions) as caught:
        Options.resolve(given or {}, environ or {}, config)
    return str(caught.value)


# Precedence


@pytest.mark.parametrize(
    ("given", "environ", "config", "expected"),
    [
        pytest.param({}, {}, {}, 100, id="default"),
        pytest.param({}, {}, {"max_breadcrumbs": 3}, 3, id="config"),
        pytest.param({}, {"SENTRY_MAX_BREADCRUMBS": "2"}, {"max_breadcrumbs": 3}, 2, id="environment"),
        pytest.param(
            {"max_breadcrumbs": 1}, {"SENTRY_MAX_BREADCRUMBS": "2"}, {"max_breadcrumbs": 3}, 1, id="given"
        ),
        pytest.param({"max_breadcrumbs": 0}, {"SENTRY_MAX_BREADCRUMBS": "2"}, {}, 0, id="given-falsy"),
        pytest.param({}, {"SENTRY_MAX_BREADCRUMBS": " "}, {"max_breadcrumbs": 3}, 3, id="empty-variable"),
    ],
)
def test_given_wins_over_environment_over_config_over_default(given, environ, config, expected):
    assert Options.resolve(given, environ, config).max_breadcrumbs == expected


@pytest.mark.parametrize("name", ["dsn", "release", "environment", "debug", "keep_alive", "server_name"])
def test_none_given_falls_through_to_the_environment(name):
    text = {"dsn": DSN, "debug": "1", "keep_alive": "1"}.get(name, "said")
    variable = f"SENTRY_{name.upper()}"

    said = Options.resolve({name: None}, {variable: text})[name]

    assert said == (True if text == "1" else text)


def test_none_is_refused_where_it_has_no_meaning():
    assert refused({"sample_rate": None}) == "Option 'sample_rate' got None. Allowed: a number from 0 to 1."


def test_a_value_that_is_overruled_is_not_judged():
    assert Options.resolve({"sample_rate": 0.5}, {"SENTRY_SAMPLE_RATE": "lots"}).sample_rate == 0.5


def test_an_empty_dsn_variable_says_send_nothing():
    assert Options.resolve({}, {"SENTRY_DSN": ""}, {"dsn": DSN}).dsn == ""


def test_without_any_word_there_is_no_dsn():
    assert Options.resolve({}, {}).dsn is None


def test_the_constructor_asks_neither_environment_nor_machine(monkeypatch):
    monkeypatch.setenv("SENTRY_RELEASE", "from-the-environment")

    options = Options(DSN, debug=True)

    assert (options.dsn, options.debug, options.release, options.server_name) == (DSN, True, None, None)


# What is found out at init


def test_environment_is_production_when_nobody_says_otherwise():
    assert Options.resolve({}, {}).environment == "production"


def test_server_name_is_the_name_of_this_machine():
    assert Options.resolve({}, {}).server_name == os.uname().nodename


def test_server_name_without_uname_is_the_computer_name(monkeypatch):
    monkeypatch.delattr(os, "uname")

    assert Options.resolve({}, {"COMPUTERNAME": "WINBOX"}).server_name == "WINBOX"


def test_project_root_is_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert Options.resolve({}, {}).project_root == os.getcwd()


def test_a_relative_project_root_is_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert Options.resolve({"project_root": "src"}, {}).project_root == os.path.join(os.getcwd(), "src")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a working directory from being deleted")
@pytest.mark.parametrize("root", [None, "src"])
def test_a_deleted_working_directory_is_tolerated(tmp_path, monkeypatch, root):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert Options.resolve({"project_root": root}, {}).project_root == (root or "")


def test_release_is_detected_below_project_root(tmp_path):
    options = Options.resolve({"project_root": str(tmp_path)}, {"HEROKU_SLUG_COMMIT": "abc"})

    assert options.release == "abc"


def test_a_release_variable_wins_over_detection(tmp_path):
    environ = {"SENTRY_RELEASE": "app@1", "HEROKU_SLUG_COMMIT": "abc"}

    assert Options.resolve({"project_root": str(tmp_path)}, environ).release == "app@1"


# The environment

TEXTS = {
    "dsn": (DSN, DSN),
    "release": (" app@1.0 ", "app@1.0"),
    "environment": ("staging", "staging"),
    "server_name": ("web-1", "web-1"),
    "dist": ("17", "17"),
    "sample_rate": ("0.25", 0.25),
    "ignore_errors": ("KeyError, app.Quiet", ("KeyError", "app.Quiet")),
    "in_app_include": ("app,lib", ("app", "lib")),
    "in_app_exclude": ("vendored", ("vendored",)),
    "project_root": ("/srv/app", os.path.abspath("/srv/app")),
    "disabled_integrations": ("celery,redis", ("celery", "redis")),
    "data_collection": ('{"cookies": false}', {"cookies": {"mode": "off", "terms": ()}}),
    "max_request_body_size": ("Always", "always"),
    "frame_context_lines": ("3", 3),
    "transport_timeout": ("1.5", 1.5),
    "shutdown_timeout": ("0", 0.0),
    "compression": ("br", "br"),
    "compression_level": ("9", 9),
    "http_proxy": ("http://proxy:3128", "http://proxy:3128"),
    "https_proxy": ("socks5h://user:pass@[::1]:1080", "socks5h://user:pass@[::1]:1080"),
    "proxy_headers": ('{"Proxy-Authorization": "Basic eA=="}', {"Proxy-Authorization": "Basic eA=="}),
    "org_id": ("17", "17"),
}


def text_for(field):
    """A text for the option's variable that does not say the default, and what it stands for."""
    if field.name in TEXTS:
        return TEXTS[field.name]
    if isinstance(field.default, bool):
        return ("off", False) if field.default else ("yes", True)
    if isinstance(field.default, int):
        return str(field.default + 1), field.default + 1
    return None


@pytest.mark.parametrize(
    "name", [name for name in TEXTABLE if name not in ("ca_certs", "cert_file", "key_file")]
)
def test_every_option_that_text_can_say_is_read_from_its_variable(name):
    text, expected = text_for(FIELDS[name])
    assert expected != FIELDS[name].default

    assert Options.resolve({}, {f"SENTRY_{name.upper()}": text})[name] == expected


@pytest.mark.parametrize(
    ("variable", "name"),
    [(variable, name) for name in ("ca_certs", "cert_file") for variable in FIELDS[name].env],
)
def test_files_are_read_from_every_variable_of_their_option(variable, name, certificate):
    assert Options.resolve({}, {variable: certificate})[name] == certificate


def test_the_key_file_is_read_from_its_variables(certificate):
    for variable in FIELDS["key_file"].env:
        environ = {"SENTRY_CERT_FILE": certificate, variable: certificate}
        assert Options.resolve({}, environ).key_file == certificate


def test_only_what_code_alone_can_say_has_no_variable():
    without = {name for name in FIELDS if name not in TEXTABLE}

    assert without == {
        *(
            "before_breadcrumb",
            "before_send",
            "custom_repr",
            "error_sampler",
            "event_scrubber",
            "integrations",
        ),
        *("on_lost", "socket_options", "transport"),
    }


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("SENTRY_CA_CERTS", "SSL_CERT_FILE"),
        ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
        ("SENTRY_CA_CERTS", "REQUESTS_CA_BUNDLE"),
    ],
)
def test_our_own_variable_wins_over_shared_ones(first, second, certificate, tmp_path):
    assert Options.resolve({}, {second: str(tmp_path), first: certificate}).ca_certs == certificate


def test_a_shared_variable_that_names_nothing_is_passed_over(certificate):
    environ = {"SSL_CERT_FILE": "/nowhere/stale.pem", "REQUESTS_CA_BUNDLE": certificate}

    assert Options.resolve({}, environ).ca_certs == certificate


@pytest.mark.parametrize("text", ["1", "true", "T", "Yes", "y", "ON"])
def test_words_for_yes(text):
    assert Options.resolve({}, {"SENTRY_DEBUG": text}).debug is True


@pytest.mark.parametrize("text", ["0", "false", "F", "No", "n", "OFF"])
def test_words_for_no(text):
    assert Options.resolve({}, {"SENTRY_SEND_CLIENT_REPORTS": text}).send_client_reports is False


@pytest.mark.parametrize(
    ("variable", "text", "told"),
    [
        ("SENTRY_DEBUG", "maybe", "got 'maybe' (a str): it is neither a yes"),
        (
            "SENTRY_SAMPLE_RATE",
            "half",
            "got 'half' (a str): it is not a number. Allowed: a number from 0 to 1.",
        ),
        ("SENTRY_SAMPLE_RATE", "nan", "Allowed: a number from 0 to 1."),
        ("SENTRY_MAX_BREADCRUMBS", "1.5", "Allowed: a whole number, 0 or more."),
        ("SENTRY_MAX_REQUEST_BODY_SIZE", "huge", "Allowed: one of 'never', 'small', 'medium', 'always'."),
        ("SENTRY_PROXY_HEADERS", "{", "it is not JSON"),
        ("SENTRY_PROXY_HEADERS", '["a"]', "Allowed: a dict of str to str."),
        ("SENTRY_RELEASE", "feature/x", "the server refuses '/' and '\\'"),
        ("SENTRY_CA_CERTS", "/nowhere/x.pem", "there is no such file"),
        ("CLIENT_CERT_FILE", "/nowhere/x.pem", "there is no such file"),
    ],
)
def test_bad_text_is_told_with_the_name_of_its_variable(variable, text, told):
    message = refused(environ={variable: text})

    assert message.startswith(f"Environment variable {variable} got ")
    assert told in message


def test_unknown_variables_are_none_of_our_business():
    Options.resolve({}, {"SENTRY_AUTH_TOKEN": "x", "SENTRY_SAMPLE_RAT": "x"})


# Unknown names


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("sample_rat", "sample_rate"),
        ("sampleRate", "sample_rate"),
        ("SAMPLE_RATE", "sample_rate"),
        ("DSN", "dsn"),
        ("enviroment", "environment"),
        ("relase", "release"),
        ("servername", "server_name"),
        ("beforeSend", "before_send"),
        ("before_sent", "before_send"),
        ("before_breadcrumbs", "before_breadcrumb"),
        ("max_breadcrumb", "max_breadcrumbs"),
        ("maxBreadcrumbs", "max_breadcrumbs"),
        ("attach_stack_trace", "attach_stacktrace"),
        ("send_default_pi", "send_default_pii"),
        ("ignore_error", "ignore_errors"),
        ("integration", "integrations"),
        ("default_integration", "default_integrations"),
        ("in_app_includes", "in_app_include"),
        ("ca_cert", "ca_certs"),
        ("http-proxy", "http_proxy"),
        ("shutdown_timout", "shutdown_timeout"),
        ("with_local", "with_locals"),
        ("request_body", "request_bodies"),
        ("data_colection", "data_collection"),
    ],
)
def test_a_misspelt_option_is_answered_with_the_right_name(misspelt, meant):
    assert refused({misspelt: 1}) == f"Unknown option {misspelt!r}. Did you mean {meant!r}?"


@pytest.mark.parametrize("name", ["traces_sample_rate", "zzz", "", "a" * 500])
def test_no_name_is_suggested_that_was_not_meant(name):
    message = refused({name: 1})

    assert message.startswith("Unknown option ")
    assert "Did you mean" not in message
    assert len(message) < 100


def test_an_unknown_option_is_a_type_error():
    with pytest.raises(TypeError, match="Unknown option 'nope'"):
        Options(nope=1)


@pytest.mark.parametrize(
    ("former", "name", "value"),
    [("with_locals", "include_local_variables", False), ("request_bodies", "max_request_body_size", "never")],
)
def test_a_former_name_is_accepted(former, name, value):
    assert Options.resolve({former: value}, {})[name] == value
    assert Options.resolve({}, {}, {former: value})[name] == value


def test_an_option_under_both_its_names_is_refused():
    message = refused({"with_locals": True, "include_local_variables": True})

    assert (
        message == "Option 'with_locals' is the former name of 'include_local_variables': give one of them."
    )


# Wrong values

WRONG = [
    ("dsn", 42, "Allowed: the DSN of a project"),
    ("dsn", "ftp://key@host/1", "Option 'dsn' got a str: "),
    ("release", 42, "got 42. Allowed: a str"),
    ("release", "", "it is empty"),
    ("release", "feature/x", "the server refuses '/'"),
    ("release", "latest", "the server refuses the releases"),
    ("release", "a\nb", "control characters"),
    ("release", "x" * 201, "longer than 200 bytes"),
    ("environment", "none", "the server refuses the environments"),
    ("environment", "e" * 65, "longer than 64 bytes"),
    ("environment", ["staging"], "got a list. Allowed: a str"),
    ("dist", "1 2", "the server takes only letters"),
    ("dist", 17, "got 17. Allowed: a str"),
    ("server_name", b"web", "got a bytes. Allowed: a str."),
    ("server_name", " ", "it is empty"),
    ("debug", "false", "got 'false' (a str). Allowed: True or False."),
    ("debug", 1, "got 1. Allowed: True or False."),
    ("sample_rate", 1.5, "got 1.5. Allowed: a number from 0 to 1."),
    ("sample_rate", -0.1, "got -0.1. Allowed: a number from 0 to 1."),
    ("sample_rate", "0.5", "got '0.5' (a str). Allowed: a number from 0 to 1."),
    ("sample_rate", True, "got True. Allowed: a number from 0 to 1."),
    ("sample_rate", float("nan"), "got nan. Allowed: a number from 0 to 1."),
    ("error_sampler", 0.5, "got 0.5. Allowed: a function called with (event, hint)."),
    ("ignore_errors", KeyError, "got the class KeyError: wrap it in a list"),
    ("ignore_errors", "KeyError", "wrap it in a list"),
    ("ignore_errors", [KeyError()], "name the class KeyError, not an instance"),
    ("ignore_errors", [int], "the class int is neither an exception class nor the name of one"),
    ("before_send", "hook", "got 'hook' (a str). Allowed: a function called with (event, hint)."),
    ("before_send", async_hook, "an async function cannot be awaited here"),
    ("before_send", AsyncCallable(), "an async function cannot be awaited here"),
    ("before_send", functools.partial(async_hook, {}), "an async function cannot be awaited here"),
    ("before_send", generator_hook, "return instead of yield"),
    (
        "before_send",
        lambda event: event,
        "it takes 1 argument. Allowed: a function called with (event, hint).",
    ),
    ("before_send", Hooks().of_one, "it takes 1 argument."),
    ("before_send", Hooks.before_send, "it takes 3 arguments."),
    ("before_breadcrumb", [], "got a list. Allowed: a function called with (crumb, hint)."),
    ("max_breadcrumbs", -1, "got -1. Allowed: a whole number, 0 or more."),
    ("max_breadcrumbs", "100", "got '100' (a str). Allowed: a whole number, 0 or more."),
    ("max_breadcrumbs", 1.0, "got 1.0. Allowed: a whole number"),
    ("max_breadcrumbs", False, "got False. Allowed: a whole number"),
    ("max_value_length", 0, "got 0. Allowed: a whole number, 1 or more."),
    ("max_event_bytes", 10**5000, "got an int. Allowed: a whole number from 10000 to 1000000."),
    ("frame_context_lines", 21, "got 21. Allowed: a whole number from 0 to 20."),
    ("in_app_include", "app", "got 'app' (a str): wrap it in a list. Allowed: a list of str."),
    ("in_app_exclude", [1], "each entry must be a str that is not empty"),
    ("in_app_exclude", [""], "each entry must be a str that is not empty"),
    ("project_root", 3, "got 3. Allowed: a path."),
    ("max_request_body_size", "large", "Allowed: one of 'never', 'small', 'medium', 'always'."),
    ("max_request_body_size", True, "got True. Allowed: one of 'never'"),
    ("integrations", [dict], "is not an integration"),
    ("integrations", FlaskIntegration, "pass [FlaskIntegration()], a list"),
    ("integrations", FlaskIntegration(), "pass [FlaskIntegration()], a list"),
    ("integrations", ["flask"], "'flask' (a str) is not an integration"),
    ("integrations", "flask", "wrap it in a list"),
    ("default_integrations", [], "got a list. Allowed: True or False."),
    ("disabled_integrations", FlaskIntegration, "wrap it in a list"),
    ("disabled_integrations", [3], "3 is no integration"),
    ("transport", 3, "Allowed: a Transport, a class of Transport, or a function called with (event)."),
    ("transport", "http", "Allowed: a Transport"),
    ("transport", int, "got the class int: it has no send(envelope)"),
    ("transport", lambda: None, "it takes 0 arguments"),
    ("transport_queue_size", 0, "got 0. Allowed: a whole number, 1 or more."),
    ("transport_timeout", 0, "got 0. Allowed: a number from 0.001 to 86400."),
    ("shutdown_timeout", -1, "got -1. Allowed: a number from 0 to 86400."),
    ("shutdown_timeout", float("inf"), "got inf. Allowed: a number from 0 to 86400."),
    ("shutdown_timeout", "2", "got '2' (a str). Allowed: a number from 0 to 86400."),
    ("http_proxy", "proxy:3128", "got a str: it needs a scheme: http, https, socks4"),
    ("https_proxy", "ftp://proxy", "it needs a scheme"),
    ("https_proxy", "http://", "it needs a host"),
    ("http_proxy", "http://a b", "holds no white space"),
    ("http_proxy", {"http": "x"}, "got a dict. Allowed: a URL"),
    ("proxy_headers", [("a", "b")], "got a list. Allowed: a dict of str to str."),
    ("proxy_headers", {"a": 1}, "each name and each value must be a str"),
    ("proxy_headers", {"a": "b\r\nc: d"}, "no line breaks"),
    ("ca_certs", "/nowhere/ca.pem", "there is no such file. Allowed: the path of an existing file."),
    ("cert_file", 1, "got 1. Allowed: the path of an existing file."),
    ("socket_options", [(1, 2)], "a tuple is not (level, option, value)"),
    ("socket_options", (6, 1, 1), "6 is not (level, option, value)"),
    ("compression", "deflate", "Allowed: one of 'gzip', 'br', 'zstd', 'none'."),
    ("event_scrubber", FlaskIntegration, "pass FlaskIntegration(), an instance"),
    ("event_scrubber", ["password"], "Allowed: an EventScrubber"),
    ("org_id", "acme", "Allowed: the number of an organisation."),
    ("org_id", -1, "Allowed: the number of an organisation."),
    ("data_collection", True, "got True. Allowed: a dict"),
    ("data_collection", {"cookie": True}, "'cookie' is no key of it. Did you mean 'cookies'?"),
    ("data_collection", {3: True}, "3 is no key of it"),
    (
        "data_collection",
        {"user_info": "yes"},
        "its user_info cannot be 'yes' (a str); allowed is True or False.",
    ),
    ("data_collection", {"cookies": {"mode": "on"}}, "its mode is none of off, denylist, allowlist"),
    ("data_collection", {"cookies": {"mode": "off", "term": []}}, "it has other keys than mode and terms"),
    ("data_collection", {"cookies": {"mode": "denylist", "terms": "sid"}}, "wrap it in a list"),
    ("data_collection", {"http_bodies": ["reply"]}, "its http_bodies cannot be a list"),
    ("data_collection", {"frame_context_lines": 50}, "its frame_context_lines cannot be 50"),
    (
        "on_lost",
        lambda reason: None,
        "it takes 1 argument. Allowed: a function called with (reason, category, quantity).",
    ),
]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    WRONG,
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_wrong_value_is_answered_with_what_is_allowed(name, value, told):
    message = refused({name: value})

    assert message.startswith(f"Option {name!r} got ")
    assert told in message
    assert "Allowed: " in message


def test_a_bad_value_is_a_value_error():
    with pytest.raises(ValueError, match="max_breadcrumbs"):
        Options(max_breadcrumbs=-1)


def test_a_malformed_dsn_is_a_bad_dsn():
    with pytest.raises(BadDsn):
        Options.resolve({"dsn": "https://host/1"}, {})


def test_a_malformed_dsn_in_the_environment_is_a_bad_dsn_that_names_the_variable():
    with pytest.raises(BadDsn, match="Environment variable SENTRY_DSN"):
        Options.resolve({}, {"SENTRY_DSN": "https://host/1"})


def test_all_problems_are_told_at_once():
    with pytest.raises(BadOptions) as caught:
        Options.resolve(
            {"dsn": "nonsense", "sample_rat": 1, "debug": "x"}, {"SENTRY_MAX_DEPTH": "deep"}, {"nope": 1}
        )

    assert isinstance(caught.value, BadDsn)
    assert len(caught.value.problems) == 5
    assert str(caught.value).splitlines()[0] == "5 problems:"
    for mistake in ("'dsn'", "'sample_rat'", "'debug'", "SENTRY_MAX_DEPTH", "'nope' in [tool.sentry_like]"):
        assert mistake in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dsn", "https//5ecret@host/1"),
        ("dsn", "https://5ecret@host/x"),
        ("http_proxy", "user:5ecret@proxy:1"),
        ("proxy_headers", {"Proxy-Authorization": ["5ecret"]}),
        ("release", "https://5ecret@host/1"),
        ("environment", "https://5ecret@host/1"),
        ("sample_rate", "https://5ecret@host/1"),
        ("before_send", "https://5ecret@host/1"),
    ],
)
def test_no_message_tells_a_secret(name, value):
    assert "5ecret" not in refused({name: value})


# Right values


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sample_rate", 0),
        ("sample_rate", 1),
        ("shutdown_timeout", 0),
        ("before_send", Hooks().before_send),
        ("before_send", lambda event, hint=None: event),
        ("before_send", lambda *anything: None),
        ("before_send", functools.partial(lambda tenant, event, hint: event, "a")),
        ("before_send", dict),
        ("transport", Carrier),
        ("transport", Carrier()),
        ("transport", print),
        ("http_proxy", ""),
        ("http_proxy", "HTTP://proxy"),
        ("dsn", ""),
        ("dsn", DSN),
        ("environment", "a b"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_right_value_is_kept_as_it_is(name, value):
    kept = Options.resolve({name: value}, {})[name]

    assert kept is value or kept == value


def test_every_default_is_a_value_that_could_be_given():
    for field in Options.fields():
        if field.default is not None and field.name != "project_root":
            assert field.kind.check(field.default) == field.default


def test_lists_are_copied_so_that_later_changes_do_not_reach_the_options():
    modules = ["app"]
    options = Options(in_app_include=modules)

    modules.append("other")

    assert options.in_app_include == ("app",)


def test_integrations_are_told_apart_by_identifier_when_disabled():
    options = Options(disabled_integrations=[FlaskIntegration, FlaskIntegration(), "celery"])

    assert options.disabled_integrations == ("flask", "flask", "celery")


def test_paths_may_be_path_objects(tmp_path):
    assert Options(project_root=tmp_path, ca_certs=tmp_path).ca_certs == str(tmp_path)


def test_an_organisation_may_be_an_int():
    assert Options(org_id=17).org_id == "17"


# Rules that join two options


@pytest.mark.parametrize(
    ("collection", "name", "decided"),
    [
        ({"user_info": True}, "send_default_pii", True),
        ({"stack_frame_variables": False}, "include_local_variables", False),
        ({"frame_context_lines": 2}, "frame_context_lines", 2),
        ({"http_bodies": False}, "max_request_body_size", "never"),
        ({"http_bodies": ["response"]}, "max_request_body_size", "never"),
        ({"http_bodies": ["request"]}, "max_request_body_size", "medium"),
        ({}, "send_default_pii", False),
    ],
    ids=str,
)
def test_data_collection_decides_options_that_nobody_gave(collection, name, decided):
    assert Options(data_collection=collection)[name] == decided


@pytest.mark.parametrize(
    ("collection", "name", "given"),
    [
        ({"user_info": True}, "send_default_pii", False),
        ({"stack_frame_variables": False}, "include_local_variables", True),
        ({"frame_context_lines": 2}, "frame_context_lines", 7),
    ],
    ids=str,
)
def test_an_option_that_was_given_wins_over_data_collection(collection, name, given):
    assert Options(data_collection=collection, **{name: given})[name] == given
    assert Options.resolve({"data_collection": collection}, {}, {name: given})[name] == given


def test_data_collection_is_kept_in_one_shape():
    options = Options(
        data_collection={
            "cookies": True,
            "http_headers": False,
            "url_query_params": {"mode": "allowlist", "terms": ["page"]},
            "http_bodies": True,
        }
    )

    assert options.data_collection == {
        "cookies": {"mode": "denylist", "terms": ()},
        "http_headers": {"mode": "off", "terms": ()},
        "url_query_params": {"mode": "allowlist", "terms": ("page",)},
        "http_bodies": ("request", "response"),
    }


def test_a_key_without_a_certificate_is_refused(certificate):
    assert refused({"key_file": certificate}) == "Option 'key_file' is of no use without cert_file."


@pytest.mark.parametrize(("compression", "highest"), [("gzip", 9), ("br", 11), ("zstd", 22)])
def test_a_compression_level_fits_its_algorithm(compression, highest):
    assert Options(compression=compression, compression_level=highest).compression_level == highest
    if highest < 22:
        assert f"Allowed: 0 to {highest}." in refused(
            {"compression": compression, "compression_level": highest + 1}
        )


# An object that never changes


def test_options_cannot_be_set():
    options = Options()
    with pytest.raises(AttributeError, match="'debug' cannot be set"):
        options.debug = True
    with pytest.raises(AttributeError, match="'new' cannot be set"):
        options.new = True


def test_options_cannot_be_deleted():
    with pytest.raises(AttributeError, match="'debug' cannot be deleted"):
        del Options().debug


def test_options_read_like_a_mapping():
    options = Options(debug=True)

    assert options["debug"] is True
    assert options.get("debug") is True
    assert options.get("nope", 3) == 3
    assert "debug" in options
    assert "nope" not in options
    assert dict(options) == {name: getattr(options, name) for name in FIELDS}
    assert list(options) == list(options.keys()) == list(FIELDS)
    with pytest.raises(KeyError):
        options["nope"]


def test_options_survive_pickle_and_copy():
    options = Options(DSN, sample_rate=0.5)

    assert dict(pickle.loads(pickle.dumps(options))) == dict(options)
    assert dict(copy.deepcopy(options)) == dict(options)


def test_repr_tells_what_differs_from_the_defaults():
    assert repr(Options(debug=True, in_app_include=["a"])) == "Options(debug=True, in_app_include=('a',))"


def test_repr_hides_secrets():
    class Telltale:
        def __repr__(self):
            return "5ecret"

        def __call__(self, event, hint):
            return event

    shown = repr(
        Options(
            "https://5ecret:5ecret@errors.example.com/42",
            http_proxy="http://user:5ecret@proxy:3128",
            proxy_headers={"Proxy-Authorization": "5ecret"},
            before_send=Telltale(),
        )
    )

    assert "5ecret" not in shown
    assert "dsn='https://***@errors.example.com/42'" in shown
    assert "http_proxy='http://***@proxy:3128'" in shown


# The configuration file


def test_the_section_of_a_pyproject_file_is_read(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text(
        '[tool.sentry_like]\nsample_rate = 0.5\nin_app_include = ["a"]\ndata_collection = {cookies = false}\n'
    )

    options = Options.resolve({}, {}, read_config_file(path))

    assert (options.sample_rate, options.in_app_include) == (0.5, ("a",))
    assert options.data_collection == {"cookies": {"mode": "off", "terms": ()}}


def test_a_file_without_the_section_says_nothing(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text("[tool.other]\nx = 1\n")

    assert read_config_file(path) == {}


@pytest.mark.parametrize("content", ["[tool", "[tool]\nsentry_like = 3", "tool = 3", "\xff"])
def test_a_file_that_cannot_be_understood_is_told(tmp_path, content):
    path = tmp_path / "pyproject.toml"
    path.write_bytes(content.encode("latin-1"))

    with pytest.raises(BadOptions, match=r"pyproject\.toml"):
        read_config_file(path)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"sample_rat": 1}, "Unknown option 'sample_rat' in [tool.sentry_like]. Did you mean 'sample_rate'?"),
        (
            {"sample_rate": "0.5"},
            "Option 'sample_rate' in [tool.sentry_like] got '0.5' (a str). Allowed: a number",
        ),
        (
            {"before_send": "a.b"},
            "Option 'before_send' cannot stand in [tool.sentry_like]: only code can give",
        ),
    ],
)
def test_a_wrong_line_of_the_section_is_told(config, told):
    assert refused(config=config).startswith(told)


def test_without_a_toml_parser_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tomllib", None)
    monkeypatch.setitem(sys.modules, "tomli", None)

    with pytest.raises(ImportError, match="pip install tomli"):
        read_config_file(tmp_path / "pyproject.toml")


# Lightness

HEAVY = {
    *(
        "typing",
        "dataclasses",
        "logging",
        "asyncio",
        "ssl",
        "socket",
        "http",
        "email",
        "json",
        "enum",
        "datetime",
    ),
    *(
        "uuid",
        "inspect",
        "pathlib",
        "tempfile",
        "urllib",
        "difflib",
        "re",
        "tomllib",
        "platform",
        "subprocess",
    ),
}


def test_resolving_options_loads_no_heavy_module():
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import sentry_like; before = set(sys.modules)\n"
        "from sentry_like.options import Options\n"
        "Options.resolve({'dsn': 'https://k@h/1', 'before_send': print}, {'SENTRY_DEBUG': '1'})\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    root = Path(__file__).parent.parent

    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, root], capture_output=True, text=True, check=True
    )

    assert "sentry_like.options" in result.stdout.split()
    assert HEAVY & set(result.stdout.split()) == set()
