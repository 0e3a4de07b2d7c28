"""A function on another thread fails, and nobody awaits it."""

import asyncio

import sentry_like

sentry_like.init()


def work():
    raise ValueError("nobody awaits this")


async def main():
    asyncio.get_running_loop().run_in_executor(None, work)
    await asyncio.sleep(0.1)


asyncio.run(main())
