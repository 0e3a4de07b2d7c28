"""The main coroutine fails."""

import asyncio

import sentry_like

sentry_like.init()


async def main():
    await asyncio.sleep(0)
    raise ValueError("main failed")


asyncio.run(main())
