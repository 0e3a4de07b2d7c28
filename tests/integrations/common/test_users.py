"""A user is told from whatever an application keeps of one, and nothing is loaded for it."""

from __future__ import annotations

import types

import pytest

from sentry_like.integrations._common.users import known_of, value_of

NOBODY = {"id": None, "email": None, "username": None}


class Slotted:
    __slots__ = ("id",)

    def __init__(self):
        self.id = 7


class Raising:
    @property
    def id(self):
        raise NotImplementedError

    @property
    def email(self):
        return "ann@example.com"


@pytest.mark.parametrize(
    ("user", "known"),
    [
        pytest.param(types.SimpleNamespace(id=7, name="x"), {**NOBODY, "id": 7}, id="object"),
        pytest.param({"id": 7, "username": "ann"}, {**NOBODY, "id": 7, "username": "ann"}, id="dict"),
        pytest.param(types.MappingProxyType({"email": "a@b"}), {**NOBODY, "email": "a@b"}, id="mapping"),
        pytest.param(Slotted(), {**NOBODY, "id": 7}, id="slots"),
        pytest.param(Raising(), {**NOBODY, "email": "ann@example.com"}, id="property that raises"),
        pytest.param("ann", NOBODY, id="text"),
        pytest.param(None, NOBODY, id="nothing"),
    ],
)
def test_what_is_there_is_told(user, known):
    assert known_of(user) == known


def test_columns_that_are_not_loaded_stay_unloaded():
    sqlalchemy = pytest.importorskip("sqlalchemy")
    from sqlalchemy.orm import Session, declarative_base

    base = declarative_base()

    class User(base):
        __tablename__ = "users"
        id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
        email = sqlalchemy.Column(sqlalchemy.String)

        @property
        def username(self):
            return "ann"

    engine = sqlalchemy.create_engine("sqlite://")
    base.metadata.create_all(engine)
    with Session(engine) as session:
        user = User(id=7, email="ann@example.com")
        session.add(user)
        session.commit()  # all columns are expired: to read one is to query
        statements = []
        sqlalchemy.event.listen(engine, "before_cursor_execute", lambda *about: statements.append(about[2]))
        assert known_of(user) == {**NOBODY, "username": "ann"}
        assert statements == []
        assert user.email == "ann@example.com"
        assert value_of(user, "email") == "ann@example.com"
    engine.dispose()
