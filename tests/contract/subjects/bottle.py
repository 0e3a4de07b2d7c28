"""Requests of Bottle."""

from __future__ import annotations

import io

from subject import Subject, trouble


class Bottle(Subject):
    """Work is a request that is answered, by a callback of each kind; a failure one whose callback raises."""

    identifier = "bottle"

    def prepare(self):
        import bottle

        self.app = bottle.Bottle()
        self.app.route("/", callback=lambda: bottle.redirect("/item/1"))
        self.app.route("/item/<number:int>", callback=lambda number: {"number": number})
        self.app.route("/pieces", callback=lambda: iter(("one,", "two")))
        self.app.route("/gone", callback=lambda: bottle.HTTPError(410, "gone"))
        self.app.route("/fail", callback=self.callback)
        self.work()

    def callback(self):
        from bottle import request

        trouble(request.environ["cargo"])

    def targets(self):
        from bottle import Bottle, Route

        return [(Bottle, "wsgi"), (Bottle, "_cast"), (Route, "get_undecorated_callback")]

    def work(self):
        return [self.ask(path) for path in ("/", "/item/1", "/pieces", "/gone", "/nowhere")]

    def fail(self, cargo):
        return self.ask("/fail", cargo)

    def ask(self, path, cargo=None):
        """Status, headers and body that a server would get."""
        answer = []
        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "shop.example",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
            "cargo": cargo,
        }
        body = self.app(environ, lambda status, headers, exc_info=None: answer.extend((status, headers)))
        try:
            return [*answer, b"".join(body)]
        finally:
            getattr(body, "close", lambda: None)()


SUBJECT = Bottle()
