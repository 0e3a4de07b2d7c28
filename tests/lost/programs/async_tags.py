"""Tasks fail side by side, each with a tag of its own."""

import asyncio

import sentry_like

sentry_like.init()


async def work(number):
    sentry_like.set_tag("part", f"{number}")
    await asyncio.sleep(0)
    sentry_like.capture_message(f"part {number}")


async def main():
    sentry_like.set_tag("job", "import")
    await asyncio.gather(work(0), work(1))
    sentry_like.capture_message("afterwards")


asyncio.run(main())
