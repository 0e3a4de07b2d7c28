"""Requests of Quart."""

from __future__ import annotations

import asyncio

from subject import Subject, trouble


class Quart(Subject):
    """Work is a request that is answered, by a view of each kind; a failure one whose view raises."""

    identifier = "quart"

    def prepare(self):
        import quart

        async def home():
            return quart.redirect("/item/1")

        async def fail():
            trouble(quart.request.scope["cargo"])

        self.app = quart.Quart("shop")
        self.app.logger.disabled = True
        self.app.add_url_rule("/", "home", home)
        self.app.add_url_rule("/item/<int:number>", "item", lambda number: (str(number), 201))
        self.app.add_url_rule("/gone", "gone", lambda: quart.abort(410))
        self.app.add_url_rule("/fail", "fail", fail)
        self.work()

    def targets(self):
        from quart import Quart
        from quart.asgi import ASGIHTTPConnection, ASGIWebsocketConnection

        names = ("__call__", "asgi_app", "sync_to_async", "handle_user_exception", "log_exception")
        names += ("handle_exception", "handle_websocket_exception")
        connections = ((ASGIHTTPConnection, "handle_request"), (ASGIWebsocketConnection, "handle_websocket"))
        return [*((Quart, name) for name in names), *connections]

    def work(self):
        return asyncio.run(self.work_in_task())

    def fail(self, cargo):
        return asyncio.run(self.fail_in_task(cargo))

    async def work_in_task(self):
        return [await self.ask(path) for path in ("/", "/item/1", "/gone", "/nowhere")]

    async def fail_in_task(self, cargo):
        return await self.ask("/fail", cargo)

    async def ask(self, path, cargo=None):
        """The messages that a server would get."""
        answer = []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"shop.example")],
            "client": ("127.0.0.1", 1),
            "server": ("shop.example", 80),
            "cargo": cargo,
        }
        messages = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive():
            if messages:
                return messages.pop()
            while not answer or answer[-1].get("more_body", True):
                await asyncio.sleep(0)
            return {
                "type": "http.disconnect"
            }  # as servers say when all is sent; from 0.23 on Quart waits for it

        async def send(message):
            answer.append(message)

        await self.app(scope, receive, send)
        return answer


SUBJECT = Quart()
