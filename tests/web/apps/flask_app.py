"""The application in Flask, with Flask-Login."""

from __future__ import annotations

import time

from acts import (
    PAUSE,
    USER,
    WAIT,
    BadGateway,
    Teapot,
    begin,
    flush,
    log_five,
    note,
    tags_now,
    versions,
)
from flask import Flask, abort, jsonify, request
from flask_login import LoginManager, UserMixin, login_user

import sentry_like

begin("flask")
app = Flask(__name__)
app.secret_key = "for tests"
app.add_url_rule("/flush", "flush", lambda: (flush(), text("ok"))[1])


class User(UserMixin):
    """Who logs in."""

    def __init__(self, id, username, email):
        self.id, self.username, self.email = id, username, email


LoginManager(app).user_loader(lambda id: User(**USER))


def text(body, status=200):
    return body, status, {"Content-Type": "text/plain"}


@app.errorhandler(Teapot)
def teapot(error):
    return text("teapot", 418)


@app.errorhandler(BadGateway)
def bad_gateway(error):
    return text("bad gateway", 502)


@app.get("/isolated")
def isolated():
    tags = tags_now()
    return jsonify(tags)


@app.get("/versions")
def versions_here():
    return jsonify(versions())


@app.get("/ok")
def ok():
    log_five()
    return text("ok")


@app.get("/tagged/<who>")
def tagged(who):
    note(who)
    time.sleep(PAUSE)
    if request.args.get("fail") == "1":
        raise ValueError(who)
    return text(who)


@app.get("/error")
def error():
    raise ValueError("unhandled")


@app.get("/handled")
def handled():
    raise Teapot("short and stout")


@app.get("/handled-502")
def handled_502():
    raise BadGateway("no upstream")


@app.get("/abort/<int:status>")
def aborted(status):
    abort(status)


@app.get("/returned/<int:status>")
def returned(status):
    return text("returned", status)


@app.get("/stream")
def stream():
    return app.response_class((chunk for chunk in ("one,", "two,", "three")), mimetype="text/plain")


@app.get("/stream-error")
def stream_error():
    def chunks():
        yield "one,"
        raise ValueError("mid-body")

    return app.response_class(chunks(), mimetype="text/plain")


@app.post("/body")
def body():
    if request.is_json:
        request.get_json()
    elif request.mimetype == "multipart/form-data":
        for file in request.files.values():
            file.read()
    elif request.mimetype == "application/x-www-form-urlencoded":
        request.form.to_dict()
    else:
        request.get_data()
    raise ValueError("after the body")


@app.post("/unread")
def unread():
    raise ValueError("unread")


@app.post("/upload")
def upload():
    return text(str(sum(len(chunk) for chunk in iter(lambda: request.stream.read(65536), b""))))


@app.get("/login")
def login():
    login_user(User(**USER))
    raise ValueError("logged in")


@app.get("/message")
def message():
    sentry_like.capture_message("from a handler")
    return text("ok")


@app.get("/chained")
def chained():
    try:
        raise ValueError("cause")
    except ValueError as error:
        raise RuntimeError("outer") from error


@app.get("/wait")
def wait():
    time.sleep(WAIT)
    return text("late")
