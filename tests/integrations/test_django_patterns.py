"""Patterns of URLs, spelled for people."""

from __future__ import annotations

import pytest

from sentry_like.integrations.django.patterns import readable

PATTERNS = {
    "": "/",
    "plain/": "/plain/",
    "e/<int:pk>/": "/e/{pk}/",
    "e/<pk>/<slug:title>": "/e/{pk}/{title}",
    "files/<path:name>.txt": "/files/{name}.txt",
    "c++/<int:pk>": "/c++/{pk}",
    r"^e/(?P<pk>[0-9]+)/$": "/e/{pk}/",
    r"^e/(?P<pk>[0-9]{4})/?$": "/e/{pk}/",
    r"^a/(\d+)/b/([a-z(]+)/\Z": "/a/{}/b/{}/",
    r"^(?:en|de)/x/$": "/en|de/x/",
    r"^a/(?:page-(?P<page>\d+)/)?$": "/a/page-{page}/",
    r"^(?P<both>(?P<year>\d{4})-(?P<month>\d\d))/$": "/{both}/",
    r"^a(?=b)(?i)b/$": "/ab/",
    r"^robots\.txt$": "/robots.txt",
    r"^w/\w+/$": r"/w/\w/",
    "shop/^old/(?P<pk>\\d+)/$": "/shop/old/{pk}/",
    "<str:a>/^(?P<b>.*)$": "/{a}/{b}",
    r"^open(": "/open{}",
    "^slash\\": "/slash",
}


@pytest.mark.parametrize("route", PATTERNS)
def test_a_route_is_readable(route):
    assert readable(route) == PATTERNS[route]
