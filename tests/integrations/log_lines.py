"""What tests of logging integrations look at."""

from __future__ import annotations

from sentry_like import Hub


class Boom(Exception):
    pass


def crumbs():
    """The breadcrumbs that an event would get now."""
    finish = Hub.current.client.start_cleaning().breadcrumb
    return [crumb.finish(finish) for crumb in Hub.current.scope.breadcrumbs]


def messages(events_or_crumbs):
    return [one["logentry"]["formatted"] if "logentry" in one else one["message"] for one in events_or_crumbs]


def exception(event):
    return event["exception"]["values"][-1]


def raise_and_log(log_it):
    try:
        raise Boom("boom")
    except Boom as error:
        return log_it(error)
