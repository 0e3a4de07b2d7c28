"""`python answering_http2.py FD CERTIFICATE KEY`: answers over HTTP/2 as the path of a request says."""

from __future__ import annotations

import asyncio
import sys

from hypercorn.asyncio import serve
from hypercorn.config import Config


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    how = scope["path"].split("/")[1]
    if how == "slow":
        await asyncio.sleep(30)
    if how == "fall":
        raise ConnectionAbortedError("as asked for")
    while (await receive()).get("more_body"):
        pass
    headers = [(b"x-protocol", scope["http_version"].encode())]
    if how == "redirect":
        how, headers = "302", [*headers, (b"location", b"/200")]
    await send({"type": "http.response.start", "status": int(how), "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


def main(descriptor, certificate, key):
    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.certfile, config.keyfile = certificate, key
    config.alpn_protocols = ["h2"]
    config.errorlog = None
    asyncio.run(serve(application, config))


if __name__ == "__main__":
    main(*sys.argv[1:])
