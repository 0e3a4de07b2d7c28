"""Each command leaves one breadcrumb, however it ends: its shape, no value."""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
import weakref
from datetime import datetime

import pymongo
import pytest
from bson import ObjectId
from pymongo import monitoring
from served import served

import sentry_like
from sentry_like.integrations._common.commands import without_values
from sentry_like.integrations.pymongo import PyMongoIntegration
from sentry_like.integrations.pymongo.shapes import text_of

pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)  # of the driver's own: it forgets some sockets that got no connection
NOBODY = 1
CLIENTS = {"sync": pymongo.MongoClient}
if hasattr(pymongo, "AsyncMongoClient"):  # since 4.9
    CLIENTS["async"] = pymongo.AsyncMongoClient
every_kind = pytest.mark.parametrize("kind", CLIENTS)


@pytest.fixture(scope="module")
def server():
    with served("mongo") as port:
        yield port


@pytest.fixture
def noting(init):
    init(integrations=[PyMongoIntegration()])


@pytest.fixture
def use(server, crumbs):
    """`use(kind, work)`: what `await work(client)` leaves, on an empty database."""

    def run(kind, work, **options):
        async def main():
            client = CLIENTS[kind](options.pop("host", "127.0.0.1"), options.pop("port", server), **options)
            try:
                if not options:
                    await done(client.drop_database("shop"))
                sentry_like.Hub.current.scope.clear_breadcrumbs()
                await work(client)
                return crumbs()
            finally:
                await done(client.close())

        return asyncio.run(main())

    return run


async def done(result):
    """The result of a sync or an async call."""
    return await result if inspect.isawaitable(result) else result


async def failing(call):
    """The error of a sync or an async call."""
    with pytest.raises(pymongo.errors.PyMongoError) as caught:
        await done(call())
    return caught.value


async def listed(cursor):
    return [one async for one in cursor] if hasattr(cursor, "__aiter__") else list(cursor)


# -- commands


@every_kind
def test_a_command_leaves_one_crumb_without_values(noting, use, server, kind):
    async def work(client):
        await done(client.shop.users.find_one({"email": "ada@shop.example", "age": {"$gt": 30}}))

    (crumb,) = use(kind, work)
    assert isinstance(crumb.pop("timestamp"), str)
    assert 0 <= crumb["data"].pop("duration") < 5
    assert crumb == {
        "type": "query",
        "category": "query",
        "level": "info",
        "message": '{"find": "users", "filter": {"email": "?", "age": {"$gt": "?"}}, "limit": "?", '
        '"singleBatch": "?"}',
        "data": {
            "db.system": "mongodb",
            "db.name": "shop",
            "db.operation": "find",
            "db.collection.name": "users",
            "db.mongodb.collection": "users",
            "network.peer.address": "127.0.0.1",
            "network.peer.port": server,
        },
    }


@every_kind
def test_a_refused_command_leaves_exactly_one_crumb_with_code_and_reason(noting, use, kind):
    async def work(client):
        await failing(lambda: client.shop.command("nosuch", x="hunter2"))

    (crumb,) = use(kind, work)
    assert (crumb["level"], crumb["message"]) == ("error", '{"nosuch": "?", "x": "?"}')
    assert crumb["data"]["db.response.status_code"] == 59
    assert crumb["data"]["error"] == "CommandNotFound: no such command: '?'"


@every_kind
@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_a_duplicate_leaves_one_crumb_without_its_values(noting, use, kind, many):
    async def work(client):
        users = client.shop.users
        await done(users.create_index("email", unique=True))
        await done(users.insert_one({"email": "ada@shop.example"}))
        insert = (
            (lambda: users.insert_many([twice()], ordered=False))
            if many
            else lambda: users.insert_one(twice())
        )
        assert "ada@shop.example" in str(await failing(insert))

    def twice():
        return {"email": "ada@shop.example", "password": "hunter2"}

    crumb = use(kind, work)[-1]
    assert (crumb["level"], crumb["message"]) == ("error", '{"insert": "users", "documents": 1}')
    assert crumb["data"]["db.response.status_code"] == 11000
    assert crumb["data"]["error"].endswith("index: email_1 dup key: {...}")
    assert "ada" not in str(crumb)
    assert "hunter2" not in str(crumb)


@every_kind
def test_each_command_of_a_cursor_is_told(noting, use, kind):
    async def work(client):
        await done(client.shop.users.insert_many([{"n": 1}, {"n": 2}, {"n": 3}]))
        await listed(client.shop.users.find({}, batch_size=2))

    crumbs = use(kind, work)
    assert [one["data"]["db.operation"] for one in crumbs] == ["insert", "find", "getMore"]
    assert {one["data"]["db.collection.name"] for one in crumbs} == {"users"}


def test_updates_deletes_and_pipelines_show_their_shape(noting, use):
    async def work(client):
        users = client.shop.users
        users.update_one({"_id": 1}, {"$set": {"email": "ada@shop.example"}})
        users.delete_many({"email": "ada@shop.example"})
        list(users.aggregate([{"$match": {"email": "ada@shop.example"}}, {"$group": {"_id": "$team"}}]))
        users.bulk_write([pymongo.InsertOne({"a": 1}), pymongo.UpdateOne({"a": 1}, {"$inc": {"b": 2}})])

    crumbs = use("sync", work)
    assert [one["data"]["db.operation"] for one in crumbs] == [
        "update",
        "delete",
        "aggregate",
        "insert",
        "update",
    ]
    assert crumbs[0]["message"] == (
        '{"update": "users", "updates": [{"q": {"_id": "?"}, "u": {"$set": {"email": "?"}}, "multi": "?", '
        '"upsert": "?"}]}'
    )
    assert crumbs[2]["message"] == (
        '{"aggregate": "users", "pipeline": [{"$match": {"email": "?"}}, {"$group": {"_id": "?"}}]}'
    )
    assert "ada" not in str(crumbs)


def test_what_the_driver_sends_for_itself_leaves_nothing(noting, crumbs, server):
    client = pymongo.MongoClient("127.0.0.1", server)
    client.admin.command("hello")
    cursor = client.shop.users.find({}, batch_size=1)
    cursor.close()
    client.close()
    assert crumbs() == []


def test_commands_with_passwords_are_only_named(noting, use):
    async def work(client):
        client.shop.command("createUser", "bob", pwd="hunter2", roles=[])

    (crumb,) = use("sync", work)
    assert crumb["message"] == "createUser"
    assert "bob" not in str(crumb)


# -- connections


@every_kind
def test_where_no_server_is_found_one_crumb_is_left(noting, use, kind):
    async def work(client):
        await failing(lambda: client.shop.users.find_one({}))

    (crumb,) = use(kind, work, port=NOBODY, serverSelectionTimeoutMS=100)
    assert (crumb["level"], crumb["message"]) == ("error", "select server")
    assert crumb["data"]["error"].startswith("ServerSelectionTimeoutError: 127.0.0.1:1: [Errno 111]")
    assert crumb["data"]["duration"] >= 0.1


@every_kind
def test_a_refused_login_leaves_one_crumb_without_the_name(noting, crumbs, use, kind):
    async def work(client):
        await failing(lambda: client.shop.users.find_one({}))

    with served("mongo", "--auth") as port:
        (crumb,) = use(
            kind, work, port=port, username="bob", password="hunter2", serverSelectionTimeoutMS=2000
        )
    assert (crumb["level"], crumb["message"]) == ("error", "connect")
    assert crumb["data"]["db.response.status_code"] == 18
    assert crumb["data"]["network.peer.port"] == port
    assert "bob" not in str(crumb)
    assert "hunter2" not in str(crumb)


@every_kind
def test_a_server_that_goes_away_is_told(noting, crumbs, kind):
    async def main():
        with served("mongo") as port:
            client = CLIENTS[kind]("127.0.0.1", port, serverSelectionTimeoutMS=100, retryReads=False)
            await done(client.shop.users.find_one({}))
            sentry_like.Hub.current.scope.clear_breadcrumbs()
        await failing(lambda: client.shop.users.find_one({}))
        found = crumbs()
        await done(client.close())
        return found, crumbs()

    found, after_close = asyncio.run(main())
    assert {crumb["level"] for crumb in found} == {"error"}
    assert all(crumb["data"]["error"] for crumb in found)
    if pymongo.version_tuple >= (4, 9):  # older ones do not say that they look for a server to take leave of
        assert after_close == found


# -- values


def test_values_are_shown_only_with_personal_data_and_without_secrets(init, use):
    async def work(client):
        client.shop.users.insert_one({"_id": 1, "name": "ada", "password": "hunter2"})
        client.shop.users.find_one({"name": "ada", "token": "hunter3", "tags": {"$in": ["a", 1.5, None]}})
        with pytest.raises(pymongo.errors.DuplicateKeyError):
            client.shop.users.insert_one({"_id": 1})

    init(integrations=[PyMongoIntegration()], send_default_pii=True)
    insert, find, failed = use("sync", work)
    assert insert["message"] == (
        '{"insert": "users", "documents": [{"_id": 1, "name": "ada", "password": "[Filtered]"}]}'
    )
    assert find["message"] == (
        '{"find": "users", "filter": {"name": "ada", "token": "[Filtered]", '
        '"tags": {"$in": ["a", 1.5, null]}}, "limit": 1, "singleBatch": true}'
    )
    assert "dup key: { _id: 1 }" in failed["data"]["error"]


class Own(dict):
    """A document of the application's own class, which must not be asked."""

    def __getitem__(self, name):
        raise AssertionError(name)

    items = keys = __iter__ = __getitem__


TEXTS = {
    "of the driver": (
        {"ping": 1, "lsid": {"id": 1}, "$db": "shop"},
        '{"ping": "?"}',
        '{"ping": 1}',
    ),
    "cursor": (
        {"getMore": 1, "collection": "users"},
        '{"getMore": "?", "collection": "users"}',
        '{"getMore": 1, "collection": "users"}',
    ),
    "equal neighbours": (
        {"find": "u", "filter": {"$or": [{"a": 1}, {"a": 2}]}},
        '{"find": "u", "filter": {"$or": [{"a": "?"}]}}',
        '{"find": "u", "filter": {"$or": [{"a": 1}, {"a": 2}]}}',
    ),
    "a class of the application": (
        {"find": "u", "filter": Own(a="b")},
        '{"find": "u", "filter": {"a": "?"}}',
        '{"find": "u", "filter": {"a": "b"}}',
    ),
    "no JSON": (
        {"find": "u", "filter": {1: object(), "a": 2**70}},
        '{"find": "u", "filter": {"<int>": "?", "a": "?"}}',
        '{"find": "u", "filter": {"<int>": "<object>", "a": "<int>"}}',
    ),
    "of BSON": (
        {"find": "u", "filter": {"a": ObjectId("6b01e597e5f099e43b81cb79"), "b": datetime(2026, 1, 2)}},
        '{"find": "u", "filter": {"a": "?", "b": "?"}}',
        '{"find": "u", "filter": {"a": "6b01e597e5f099e43b81cb79", "b": "2026-01-02 00:00:00"}}',
    ),
}


@pytest.mark.parametrize(("command", "shape", "with_values"), TEXTS.values(), ids=TEXTS)
def test_what_is_shown_of_a_command(command, shape, with_values):
    assert text_of(command, values=False) == shape
    assert text_of(command, values=True) == with_values


@pytest.mark.parametrize("values", [False, True], ids=["shape", "values"])
def test_the_text_of_a_huge_command_is_bounded(values):
    deep = wide = {"k" * 1000: "v" * 1000}
    for _ in range(500):
        deep = {"a": deep}
    for _ in range(5):
        wide = {f"key{number}": wide for number in range(100)}
    text = text_of({"find": "u", "deep": deep, "wide": wide, "list": [wide] * 1000}, values=values)
    assert len(text) <= 4096
    assert '"..."' in text


SAID = {
    "braces": ('dup key: { email: "ada" }', "dup key: {...}"),
    "cut in braces": ('dup key: { email: "ad', "dup key: {...}"),
    "quotes": ("number 'ad\"a' and \"b'c\" and `d`", "number '?' and '?' and '?'"),
    "apostrophes": ("can't and don't", "can't and don't"),
}


@pytest.mark.parametrize(("said", "shown"), SAID.values(), ids=SAID)
def test_what_a_server_quotes_is_not_shown(said, shown):
    assert without_values(said) == shown


# -- whose they are


def test_a_client_made_before_init_is_seen_and_its_listeners_still_hear(init, server, crumbs):
    heard = []

    class Listener(monitoring.CommandListener):
        def started(self, event):
            heard.append((event.command_name, event.command.get("filter")))

        def succeeded(self, event):
            heard.append(event.command_name)

        def failed(self, event):
            heard.append("failed")

    clients = [
        pymongo.MongoClient("127.0.0.1", server, event_listeners=given) for given in ([], [Listener()])
    ]
    init(integrations=[PyMongoIntegration()])
    for client in clients:
        client.shop.users.find_one({"a": 1})
        client.close()
    assert [one["data"]["db.operation"] for one in crumbs()] == ["find", "find"]
    assert heard[:2] == [("find", {"a": 1}), "find"]


def test_a_crumb_belongs_to_the_thread_that_sent_the_command(noting, server, crumbs):
    client = pymongo.MongoClient("127.0.0.1", server)
    found = {}

    def run(name):
        client.shop[name].find_one({})
        found[name] = [one["data"]["db.collection.name"] for one in crumbs()]

    for name in ("a", "b"):
        thread = threading.Thread(target=run, args=(name,))
        thread.start()
        thread.join()
    client.close()
    assert found == {"a": ["a"], "b": ["b"]}
    assert crumbs() == []


@every_kind
def test_commands_at_once_keep_their_own_crumbs(noting, server, crumbs, kind):
    async def main():
        client = CLIENTS[kind]("127.0.0.1", server)

        async def one(number):
            await done(client.shop[f"c{number}"].find_one({"n": number}))
            return [crumb["data"]["db.collection.name"] for crumb in crumbs()]

        found = await asyncio.gather(*map(one, range(20)))
        await done(client.close())
        return found

    assert asyncio.run(main()) == [[f"c{number}"] for number in range(20)]


@every_kind
def test_nothing_of_a_command_is_kept_alive(noting, use, kind):
    class Document(dict):
        """One that can be watched."""

    kept = []

    async def work(client):
        for _ in range(2):  # the second is refused
            document = Document(_id=1, tags=Document())
            kept.extend([weakref.ref(document), weakref.ref(document["tags"])])
            try:
                await done(client.shop.users.insert_one(document))
            except pymongo.errors.DuplicateKeyError:
                pass
            del document
        gc.collect()
        assert [one() for one in kept] == [None] * 4

    assert [one["level"] for one in use(kind, work)] == ["info", "error"]
