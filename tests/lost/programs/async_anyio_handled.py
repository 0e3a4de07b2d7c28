"""A task of an anyio group fails, and that is caught."""

import anyio

import sentry_like

sentry_like.init()


async def work():
    raise ValueError("caught")


async def main():
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(work)
    except Exception:
        print("handled")


anyio.run(main)
