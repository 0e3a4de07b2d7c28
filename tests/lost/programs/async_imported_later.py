"""The client is there before asyncio."""

import sentry_like

sentry_like.init()

import asyncio  # noqa: E402


async def work():
    raise ValueError("nobody awaits this")


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    del task


asyncio.run(main())
