"""Templates of Django: an error shows the line of the template, with `DEBUG` or without."""

from __future__ import annotations

import django_site
import pytest
from django.template import Context, Engine, Template, TemplateSyntaxError, engines
from django.test import override_settings
from django_site import Shop, visit

import sentry_like
from sentry_like.integrations.django import DjangoIntegration


@pytest.fixture
def django(init):
    return init(integrations=[DjangoIntegration()])


@pytest.fixture(params=[False, True], ids=["plain", "debug"])
def debug(request):
    """The same with and without the debug mode of templates."""
    (settings,) = django_site.settings.TEMPLATES
    options = {**settings["OPTIONS"], "debug": request.param}
    with override_settings(TEMPLATES=[{**settings, "OPTIONS": options}]):
        yield request.param


def frames_of(events):
    (event,) = events
    return event["exception"]["values"][-1]["stacktrace"]["frames"]


def of_templates(frames):
    return [frame for frame in frames if frame.get("function") == "<template>"]


def test_a_syntax_error_ends_in_the_template(django, events, debug):
    visit("/template/syntax.html/")
    frame = frames_of(events)[-1]
    assert (frame["filename"], frame["lineno"], frame["in_app"]) == ("syntax.html", 3, True)
    assert frame["pre_context"] == ["fine", "fine"]
    assert frame["post_context"] == ["fine"]


def test_secrets_in_a_template_are_filtered(django, events, debug):
    visit("/template/syntax.html/")
    assert frames_of(events)[-1]["context_line"] == "{% nonsense password='[Filtered]' %}"


def test_a_template_that_calls_the_application_comes_before_it(django, events, debug):
    visit("/template/page.html/")
    frames = frames_of(events)
    assert frames[-1]["function"] in ("Shop.broken", "broken")  # older Pythons know no qualified names
    (made,) = of_templates(frames)
    assert (made["filename"], made["lineno"]) == ("page.html", 4)
    assert made["context_line"] == "{{ shop.broken }}"


def test_of_templates_within_each_other_the_innermost_is_shown(django, events, debug):
    visit("/template/including.html/")
    (made,) = of_templates(frames_of(events))
    assert (made["filename"], made["lineno"]) == ("part.html", 2)


def test_a_template_without_a_file_is_shown_too(django, events):
    engine = Engine(debug=False)
    try:
        Template("one\n{{ shop.broken }}", engine=engine).render(Context({"shop": Shop()}))
    except ValueError as error:
        sentry_like.capture_exception(error)
    (made,) = of_templates(frames_of(events))
    assert (made["lineno"], made["context_line"]) == (2, "{{ shop.broken }}")


def test_a_template_as_the_cause_of_another_error_is_shown(django, events):
    try:
        try:
            engines["django"].get_template("syntax.html")
        except TemplateSyntaxError as error:
            raise RuntimeError("no page") from error
    except RuntimeError as error:
        sentry_like.capture_exception(error)
    (event,) = events
    *_, cause, outer = event["exception"]["values"]
    assert cause["stacktrace"]["frames"][-1]["filename"] == "syntax.html"
    assert of_templates(outer["stacktrace"]["frames"]) == []


def test_a_template_of_jinja_that_cannot_be_parsed_is_shown(django, events, tmp_path):
    from django.template.backends.jinja2 import Jinja2

    (tmp_path / "page.html").write_text("fine\n{% nonsense %}\nfine")
    backend = Jinja2({"NAME": "jinja", "DIRS": [str(tmp_path)], "APP_DIRS": False, "OPTIONS": {}})
    try:
        backend.get_template("page.html")
    except TemplateSyntaxError as error:
        sentry_like.capture_exception(error)
    frame = frames_of(events)[-1]
    assert frame["abs_path"] == str(tmp_path / "page.html")
    assert (frame["lineno"], frame["context_line"]) == (2, "{% nonsense %}")
    assert (frame["pre_context"], frame["post_context"]) == (["fine"], ["fine"])


def test_source_is_left_out_where_it_is_not_wanted(init, events):
    init(integrations=[DjangoIntegration()], include_source_context=False)
    visit("/template/syntax.html/")
    frame = frames_of(events)[-1]
    assert frame["lineno"] == 3
    assert "context_line" not in frame


def test_errors_elsewhere_have_no_frame_of_a_template(django, events):
    visit("/fail/")
    assert of_templates(frames_of(events)) == []
