"""Gathers the failures as results."""

import asyncio

import sentry_like

sentry_like.init()


async def work():
    raise ValueError("a result")


async def main():
    print(await asyncio.gather(work(), return_exceptions=True))


asyncio.run(main())
