"""Requests of Pyramid."""

from __future__ import annotations

import io
import warnings

from subject import Subject, trouble


class Pyramid(Subject):
    """Work is a request that is answered, by a view of each kind; a failure one whose view raises."""

    identifier = "pyramid"

    def prepare(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pyramid itself imports pkg_resources
            from pyramid.config import Configurator
        from pyramid.httpexceptions import HTTPGone
        from pyramid.response import Response

        class Policy:
            def identity(self, request):
                return {"userid": "ann"}

            def authenticated_userid(self, request):
                return "ann"

        def gone(request):
            raise HTTPGone

        def who(request):
            return Response(f"{request.authenticated_userid} {request.identity}", 201)

        def within(request):
            return request.invoke_subrequest(request.blank("/who"), use_tweens=True)

        with Configurator() as config:
            config.set_security_policy(Policy())
            for view in (gone, who, within):
                config.add_route(view.__name__, f"/{view.__name__}")
                config.add_view(view, route_name=view.__name__)
            config.add_view(lambda request: trouble(request.environ["cargo"]), name="fail")
            self.app = config.make_wsgi_app()
        self.work()

    def targets(self):
        from pyramid import router
        from pyramid.request import Request

        names = ("invoke_exception_view", "authenticated_userid", "identity")
        return [(router.Router, "__call__"), (router, "_call_view"), *((Request, name) for name in names)]

    def work(self):
        return [self.ask(path) for path in ("/who", "/within", "/gone", "/nowhere")]

    def fail(self, cargo):
        try:
            return self.ask("/fail", cargo)
        except Exception as error:
            return type(error).__name__, str(error)

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
        return [*answer, b"".join(body)]


SUBJECT = Pyramid()
