"""Requests of httpx, without a network."""

from __future__ import annotations

import httpx
from subject import Subject, trouble

URL = "https://server.example/path?key=value"


def answer(request):
    return httpx.Response(404, text="nothing here")


class Httpx(Subject):
    """Work is a request that is answered; a failure one whose transport fails."""

    identifier = "httpx"
    of_work = 1
    of_failure = 1

    def targets(self):
        return [(httpx.Client, "_send_single_request"), (httpx.AsyncClient, "_send_single_request")]

    def work(self):
        with httpx.Client(transport=httpx.MockTransport(answer)) as client:
            return self.described(client.get(URL))

    def fail(self, cargo):
        with httpx.Client(transport=httpx.MockTransport(lambda request: trouble(cargo))) as client:
            client.get(URL)

    async def work_in_task(self):
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            return self.described(await client.get(URL))

    async def fail_in_task(self, cargo):
        async with httpx.AsyncClient(transport=httpx.MockTransport(lambda request: trouble(cargo))) as client:
            await client.get(URL)

    def described(self, response):
        return response.status_code, response.text, str(response.request.url)


SUBJECT = Httpx()
