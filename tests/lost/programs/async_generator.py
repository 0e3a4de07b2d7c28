"""An asynchronous generator that nobody finished fails at its end."""

import asyncio

import sentry_like

sentry_like.init()


async def numbers():
    try:
        yield 1
        yield 2
    finally:
        raise ValueError("the generator could not tidy up")


async def main():
    async for _ in numbers():
        break
    await asyncio.sleep(0.01)


asyncio.run(main())
