"""Requests of Flask."""

from __future__ import annotations

import io
import sys

from subject import Subject, trouble


class Flask(Subject):
    """Work is a request that is answered, by a view of each kind; a failure one whose view raises."""

    identifier = "flask"

    def prepare(self):
        import flask

        async def unhurried():
            return "unhurried"

        self.app = flask.Flask("shop")
        self.app.logger.disabled = True

        def add(path, name, view):
            self.app.add_url_rule(path, name, view, methods=["POST"])

        add("/echo", "echo", lambda: flask.request.get_json())
        add("/", "home", lambda: flask.redirect("/item/1"))
        add("/item/<int:number>", "item", lambda number: (str(number), 201))
        add("/unhurried", "unhurried", unhurried)
        add("/gone", "gone", lambda: flask.abort(410))
        add("/fail", "fail", lambda: trouble(flask.request.environ["cargo"]))
        self.work()

    def targets(self):
        from flask import Flask

        names = ("__call__", "wsgi_app", "async_to_sync", "handle_user_exception")
        return [(Flask, name) for name in names]

    def state(self):
        from flask import got_request_exception

        return len(list(got_request_exception.receivers_for(self.app)))

    def work(self):
        paths = ("/", "/item/1", "/unhurried", "/gone", "/nowhere", "/echo")
        return [self.ask(path) for path in paths]

    def fail(self, cargo):
        return self.ask("/fail", cargo)

    def ask(self, path, cargo=None):
        """Status, headers and body that a server would get."""
        answer = []
        environ = {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": "9",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "shop.example",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(b'{"a": 12}'),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "cargo": cargo,
        }
        body = self.app(environ, lambda status, headers, exc_info=None: answer.extend((status, headers)))
        try:
            return [*answer, b"".join(body)]
        finally:
            getattr(body, "close", lambda: None)()


SUBJECT = Flask()
