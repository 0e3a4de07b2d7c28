"""Two of three fail, and nobody catches it."""

import asyncio

import sentry_like

sentry_like.init()


async def work(number):
    if number:
        raise ValueError(f"task {number} failed")


async def main():
    await asyncio.gather(*(work(number) for number in range(3)))


asyncio.run(main())
