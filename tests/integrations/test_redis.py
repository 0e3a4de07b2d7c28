"""Each command and each pipeline leaves one breadcrumb, however it ends, and shows no value."""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
import weakref

import pytest
import redis
import redis.asyncio
from served import served

import sentry_like
from sentry_like.capture.scrub import EventScrubber
from sentry_like.integrations.redis import RedisIntegration
from sentry_like.integrations.redis.words import clean, spoken

NOBODY = 1
WRONG_TYPE = "ResponseError: WRONGTYPE Operation against a key holding the wrong kind of value"

SINGLE = {"sync": redis.Redis, "async": redis.asyncio.Redis}
CLUSTERS = {"cluster": redis.RedisCluster}
if hasattr(redis.asyncio, "RedisCluster"):  # since 4.3
    CLUSTERS["async cluster"] = redis.asyncio.RedisCluster


@pytest.fixture(scope="module")
def server():
    with served("redis") as port:
        yield port


@pytest.fixture(scope="module")
def node():
    """A cluster of one node."""
    with served("redis", "--cluster") as port:
        yield port


@pytest.fixture
def noting(init):
    init(integrations=[RedisIntegration()])


@pytest.fixture
def use(server, node, crumbs):
    """`use(kind, work)`: what `await work(client)` leaves with a client of that kind, on an empty server."""

    def run(kind, work, **options):
        async def main():
            port = node if kind in CLUSTERS else server
            client = {**SINGLE, **CLUSTERS}[kind](host="127.0.0.1", port=options.pop("port", port), **options)
            try:
                await done(client.flushall())
                sentry_like.Hub.current.scope.clear_breadcrumbs()
                await work(client)
                return crumbs()
            finally:
                await closed(client)

        return asyncio.run(main())

    return run


async def done(result):
    """The result of a sync or an async call."""
    return await result if inspect.isawaitable(result) else result


async def closed(client):
    await done(getattr(client, "aclose", client.close)())


async def failing(call):
    """The error of a sync or an async call."""
    with pytest.raises(Exception) as caught:
        await done(call())
    return caught.value


def told(crumbs):
    """What a reader sees of breadcrumbs: level, text, reason."""
    return [(one["level"], one["message"], one["data"].get("error")) for one in crumbs]


# -- commands


@pytest.mark.parametrize("kind", SINGLE)
def test_a_command_leaves_one_crumb_without_its_value(noting, use, server, kind):
    async def work(client):
        await done(client.set("user:1", "hunter2"))

    (crumb,) = use(kind, work)
    assert isinstance(crumb.pop("timestamp"), str)
    assert 0 <= crumb["data"].pop("duration") < 5
    assert crumb == {
        "type": "redis",
        "category": "redis",
        "level": "info",
        "message": "SET user:1 ***",
        "data": {
            "db.system": "redis",
            "db.operation": "SET",
            "db.name": "0",
            "network.peer.address": "127.0.0.1",
            "network.peer.port": server,
        },
    }


@pytest.mark.parametrize("kind", [*SINGLE, *CLUSTERS])
def test_a_failing_command_leaves_exactly_one_crumb_with_its_reason(noting, use, kind):
    async def work(client):
        await done(client.set("text", "hunter2"))
        await failing(lambda: client.lpush("text", "hunter2"))

    assert told(use(kind, work)) == [("info", "SET text ***", None), ("error", "LPUSH text ***", WRONG_TYPE)]


@pytest.mark.parametrize("kind", SINGLE)
def test_a_refused_connection_leaves_one_crumb_with_its_reason(noting, crumbs, kind):
    async def main():
        client = SINGLE[kind](host="127.0.0.1", port=NOBODY)
        error = await failing(lambda: client.get("key"))
        await closed(client)
        return error, crumbs()

    error, (crumb,) = asyncio.run(main())
    assert isinstance(error, redis.ConnectionError)
    assert (crumb["level"], crumb["message"]) == ("error", "GET key")
    assert crumb["data"]["error"].startswith("ConnectionError: ")
    assert crumb["data"]["network.peer.port"] == NOBODY


@pytest.mark.parametrize("kind", CLUSTERS)
def test_what_a_cluster_client_sends_for_a_command_leaves_nothing_more(noting, crumbs, kind):
    async def main():
        with served("redis", "--cluster") as port:
            client = CLUSTERS[kind](host="127.0.0.1", port=port, socket_timeout=1)
            await done(client.set("key", "value"))
        sentry_like.Hub.current.scope.clear_breadcrumbs()
        await failing(lambda: client.get("key"))
        await closed(client)
        return crumbs()

    (crumb,) = asyncio.run(main())
    assert (crumb["level"], crumb["message"]) == ("error", "GET key")
    assert crumb["data"]["error"]


def test_what_a_connection_says_when_it_opens_leaves_nothing(noting, use):
    async def work(client):
        await done(client.get("key"))

    (crumb,) = use("sync", work, db=3, client_name="shop")
    assert (crumb["message"], crumb["data"]["db.name"]) == ("GET key", "3")


def test_a_server_that_quotes_arguments_does_not_show_them(noting, use):
    async def work(client):
        await failing(lambda: client.execute_command("NOSUCH", "key", "hunter2"))

    (crumb,) = use("sync", work)
    assert crumb["level"] == "error"
    assert "hunter2" not in str(crumb)


@pytest.mark.parametrize("kind", SINGLE)
def test_a_blocking_command_tells_how_long_it_took(noting, use, kind):
    async def work(client):
        await done(client.blpop(["list"], 0.1 if redis.VERSION >= (5,) else 1))

    (crumb,) = use(kind, work)
    assert crumb["message"] == "BLPOP list ***"
    assert crumb["data"]["duration"] >= 0.1


def test_a_cancelled_command_leaves_one_crumb(init, use):
    async def work(client):
        task = asyncio.ensure_future(client.blpop(["list"], 5))
        await asyncio.wait([task], timeout=0.2)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    seen = []
    init(integrations=[RedisIntegration()], before_breadcrumb=lambda crumb, hint: seen.append((crumb, hint)))
    use("async", work)
    (crumb, hint) = seen[-1]
    assert [one["message"] for one, _ in seen] == ["FLUSHALL", "BLPOP list ***"]
    assert crumb["level"] == "info"
    assert crumb["data"]["error"] == "cancelled by the application (CancelledError)"
    assert type(hint["redis_client"]) is redis.asyncio.Redis


@pytest.mark.parametrize("kind", SINGLE)
def test_pubsub_commands_leave_crumbs_and_messages_none(noting, use, kind):
    async def work(client):
        pubsub = client.pubsub()
        await done(pubsub.subscribe("news", "offers"))
        await done(client.publish("news", "hunter2"))
        await done(pubsub.get_message(timeout=1))
        await closed(pubsub)

    assert told(use(kind, work)) == [
        ("info", "SUBSCRIBE news offers", None),
        ("info", "PUBLISH news ***", None),
    ]


@pytest.mark.parametrize("kind", SINGLE)
def test_scripts_are_not_shown(noting, use, kind):
    async def work(client):
        await done(client.eval("return 'hunter2'", 1, "key", "hunter3"))
        await done(client.script_load("return 'hunter4'"))

    crumbs = use(kind, work)
    assert [one["message"] for one in crumbs] == ["EVAL key ***", "SCRIPT LOAD ***"]
    assert "hunter" not in str(crumbs)


# -- pipelines


@pytest.mark.parametrize("kind", [*SINGLE, *CLUSTERS])
def test_a_pipeline_leaves_one_crumb(noting, use, kind):
    async def work(client):
        pipeline = client.pipeline(**({"transaction": False} if kind in SINGLE else {}))
        pipeline.set("key", "hunter2")
        pipeline.get("key")
        assert await done(pipeline.execute()) == [True, b"hunter2"]

    (crumb,) = use(kind, work)
    assert crumb["message"] == "PIPELINE SET, GET"
    assert crumb["data"]["db.operation"] == "PIPELINE"
    assert crumb["data"]["redis.commands"] == 2
    assert crumb["data"]["redis.transaction"] is False


@pytest.mark.parametrize("kind", SINGLE)
def test_a_transaction_leaves_one_crumb_and_what_is_watched_another(noting, use, kind):
    async def work(client):
        pipeline = client.pipeline()
        await done(pipeline.watch("key"))
        await done(pipeline.get("key"))
        pipeline.multi()
        pipeline.set("key", "hunter2")
        await done(pipeline.execute())

    crumbs = use(kind, work)
    assert [one["message"] for one in crumbs] == ["WATCH key", "GET key", "MULTI SET"]
    assert crumbs[-1]["data"]["redis.transaction"] is True


@pytest.mark.skipif(redis.VERSION < (6,), reason="clusters have no transactions yet")
@pytest.mark.parametrize("kind", CLUSTERS)
def test_a_transaction_of_a_cluster_is_told_as_one(noting, use, kind):
    async def work(client):
        pipeline = client.pipeline(transaction=True)
        pipeline.set("key", "hunter2")
        await done(pipeline.execute())

    (crumb,) = use(kind, work)
    assert (crumb["message"], crumb["data"]["redis.transaction"]) == ("MULTI SET", True)


@pytest.mark.parametrize("kind", [*SINGLE, *CLUSTERS])
def test_a_failing_pipeline_leaves_one_crumb_without_values(noting, use, kind):
    async def work(client):
        await done(client.set("text", "x"))
        pipeline = client.pipeline()
        pipeline.lpush("text", "hunter2")
        pipeline.get("text")
        said.append(str(await failing(pipeline.execute)))

    said = []
    _, crumb = use(kind, work)
    assert "hunter2" in said[0]
    reason = WRONG_TYPE.removeprefix("ResponseError: ")
    if reason not in said[0]:  # some versions write `{exception.args}`
        reason = "{...}"
    assert crumb["level"] == "error"
    assert crumb["data"]["error"] == f"ResponseError: command 1 (LPUSH): {reason}"
    assert "hunter2" not in str(crumb)


@pytest.mark.parametrize("kind", SINGLE)
def test_failures_that_a_pipeline_returns_are_told_as_well(noting, use, kind):
    async def work(client):
        await done(client.set("text", "x"))
        pipeline = client.pipeline(transaction=False)
        pipeline.get("text")
        pipeline.lpush("text", "hunter2")
        await done(pipeline.execute(raise_on_error=False))

    assert told(use(kind, work))[1:] == [("error", "PIPELINE GET, LPUSH", WRONG_TYPE)]


@pytest.mark.parametrize("kind", [*SINGLE, *CLUSTERS])
def test_an_empty_pipeline_leaves_nothing(noting, use, kind):
    async def work(client):
        await done(client.pipeline().execute())

    assert use(kind, work) == []


def test_of_a_long_pipeline_the_first_commands_are_named(noting, use):
    async def work(client):
        pipeline = client.pipeline()
        for number in range(25):
            pipeline.get(f"key:{number}")
        await done(pipeline.execute())

    (crumb,) = use("sync", work)
    assert crumb["message"] == f"MULTI {', '.join(['GET'] * 10)}, and 15 more"
    assert crumb["data"]["redis.commands"] == 25


def test_scripts_that_a_pipeline_loads_leave_nothing_more(noting, use):
    async def work(client):
        script = client.register_script("return 'hunter2'")
        pipeline = client.pipeline()
        script(client=pipeline)
        pipeline.execute()

    assert [one["message"] for one in use("sync", work)] == ["MULTI EVALSHA"]


# -- values


def test_values_are_shown_only_with_personal_data_and_without_secrets(init, use):
    async def work(client):
        await done(client.set("user:1", "ada"))
        await done(client.hset("user:1:more", mapping={"password": "hunter2", "age": 36}))
        await done(client.set("session:1", "hunter3"))
        await failing(lambda: client.execute_command("AUTH", "hunter4"))

    init(integrations=[RedisIntegration()], send_default_pii=True)
    assert [one["message"] for one in use("sync", work)] == [
        "SET user:1 ada",
        "HSET user:1:more password [Filtered] age 36",
        "SET session:1 [Filtered]",
        "AUTH ***",
    ]


def test_max_data_size_bounds_the_text(init, use):
    async def work(client):
        await done(client.set("key", "x" * 10_000))

    init(integrations=[RedisIntegration(max_data_size=20)], send_default_pii=True)
    (crumb,) = use("sync", work)
    assert crumb["message"] == "SET key xxxxxxxxxxxx"


WORDS = {
    "key and value": (("SET", "user:1", "v"), "SET user:1 ***", "SET user:1 v"),
    "key alone": (("GET", b"user:1"), "GET user:1", "GET user:1"),
    "no argument": (("INFO",), "INFO", "INFO"),
    "in one text": (("set user:1 v",), "SET user:1 ***", "SET user:1 v"),
    "all are keys": (("MGET", "a", "b"), "MGET a b", "MGET a b"),
    "keys and values": (("MSET", "a", 1, "b", 2), "MSET a b ***", "MSET a 1 b 2"),
    "many keys": (("DEL", *"k" * 40), f"DEL {'k ' * 32}***", f"DEL {'k ' * 32}***"),
    "script": (("EVAL", "body", 1, "k", "v"), "EVAL k ***", "EVAL *** 1 k v"),
    "script without keys": (("EVALSHA", "sha", 0, "v"), "EVALSHA ***", "EVALSHA sha 0 v"),
    "script, cut short": (("EVAL", "body"), "EVAL ***", "EVAL ***"),
    "streams": (("XREAD", b"COUNT", 1, b"STREAMS", "s", "t", "0", "0"), "XREAD s t ***", None),
    "no streams": (("XREAD", "what"), "XREAD ***", None),
    "numbered keys": (("LMPOP", 2, "a", "b", "LEFT"), "LMPOP a b ***", None),
    "subcommand": (("OBJECT", "encoding", "k"), "OBJECT ENCODING k", "OBJECT ENCODING k"),
    "subcommand in one text": (("MEMORY USAGE", "k"), "MEMORY USAGE k", "MEMORY USAGE k"),
    "AUTH": (("AUTH", "name", "v"), "AUTH ***", "AUTH ***"),
    "HELLO": (("HELLO", 3, "AUTH", "name", "v"), "HELLO ***", "HELLO ***"),
    "CONFIG SET": (("CONFIG SET", "requirepass", "v"), *["CONFIG SET requirepass ***"] * 2),
    "CONFIG SET in words": (("config", "set", "requirepass", "v"), *["CONFIG SET requirepass ***"] * 2),
    "ACL SETUSER": (("ACL SETUSER", "ada", ">v"), "ACL SETUSER ***", "ACL SETUSER ***"),
    "MIGRATE": (("MIGRATE", "host", 1, "k", 0, 5, "AUTH", "v"), "MIGRATE ***", "MIGRATE ***"),
    "of a module": (("FT.SEARCH", "index", "v"), "FT.SEARCH index ***", "FT.SEARCH index v"),
    "auth of a module": (("X.AUTH", "v"), "X.AUTH ***", "X.AUTH ***"),
    "ECHO": (("ECHO", "v"), "ECHO ***", "ECHO v"),
    "no text": (("SET", object(), 10**100), "SET <object> ***", "SET <object> <int>"),
    "not UTF-8": (("GET", b"\xff"), "GET \\xff", "GET \\xff"),
    "long key": (("GET", "k" * 1000), f"GET {'k' * 128}", f"GET {'k' * 128}"),
    "telling key": (("RPUSH", "my:tokens:token", "a", "b"), "RPUSH my:tokens:token ***", None),
}


@pytest.mark.parametrize(("args", "shown", "with_values"), WORDS.values(), ids=WORDS)
def test_what_is_shown_of_a_command(args, shown, with_values):
    for values, expected in ((False, shown), (True, with_values)):
        if expected is not None:
            name, words = spoken(args, values=values)
            assert " ".join((name, *clean(words, EventScrubber()))) == expected


# -- whose they are


def test_a_crumb_belongs_to_the_thread_that_sent_the_command(noting, server, crumbs):
    client = redis.Redis(port=server)
    found = {}

    def run(name):
        client.get(name)
        found[name] = [one["message"] for one in crumbs()]

    for name in ("a", "b"):
        thread = threading.Thread(target=run, args=(name,))
        thread.start()
        thread.join()
    client.close()
    assert found == {"a": ["GET a"], "b": ["GET b"]}
    assert crumbs() == []


def test_tasks_at_once_keep_their_own_crumbs(noting, server, crumbs):
    async def main():
        client = redis.asyncio.Redis(port=server)

        async def one(name):
            await client.get(name)
            return [crumb["message"] for crumb in crumbs()]

        found = await asyncio.gather(*(one(f"key:{number}") for number in range(20)))
        await closed(client)
        return found

    assert asyncio.run(main()) == [[f"GET key:{number}"] for number in range(20)]


def test_nothing_of_a_command_is_kept_alive(noting, use):
    class Key(str):
        """Text that can be watched."""

    kept = []

    async def work(client):
        for call in (client.get, lambda key: client.lpush("text", key)):
            key = Key("x" * 10)
            kept.append(weakref.ref(key))
            try:
                call(key)
            except redis.ResponseError:
                pass
            del key

    use("sync", work)
    gc.collect()
    assert [one() for one in kept] == [None, None]
