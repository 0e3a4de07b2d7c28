from __future__ import annotations

import os
import subprocess
from itertools import pairwise

import pytest

from sentry_like.release import VARIABLES, detect, read_commit

SHA = "0123456789abcdef0123456789abcdef01234567"
QUIET = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


def git(place, *arguments):
    command = ["git", "-C", str(place), "-c", "protocol.file.allow=always", *arguments]
    return subprocess.run(command, env=QUIET, check=True, capture_output=True, text=True).stdout.strip()


def head(place):
    return git(place, "rev-parse", "HEAD")


def make_repository(place, *arguments):
    place.mkdir()
    git(place, "init", "-q", "-b", "main", *arguments)
    commit(place, "first")
    return place


def commit(place, message):
    git(place, "commit", "-q", "--allow-empty", "-m", message)


@pytest.fixture
def repository(tmp_path):
    return make_repository(tmp_path / "repository")


def fake_repository(place, **files):
    for name, content in files.items():
        path = place / ".git" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return str(place)


# As git sees it


def test_a_branch(repository):
    assert read_commit(str(repository)) == head(repository)


def test_a_branch_in_a_folder(repository):
    git(repository, "checkout", "-q", "-b", "feature/deep/ä")
    commit(repository, "second")

    assert read_commit(str(repository)) == head(repository)


def test_a_directory_below_the_repository(repository):
    below = repository / "a" / "b"
    below.mkdir(parents=True)

    assert read_commit(str(below)) == head(repository)


def test_a_detached_head(repository):
    commit(repository, "second")
    git(repository, "checkout", "-q", "--detach", "HEAD~1")

    assert read_commit(str(repository)) == head(repository)


def test_packed_refs(repository):
    for name in ("a-main", "main-2", "other/refs/heads/main"):
        git(repository, "branch", name)
    commit(repository, "second")
    git(repository, "tag", "-a", "-m", "annotated", "v1")
    git(repository, "pack-refs", "--all")
    assert not (repository / ".git" / "refs" / "heads" / "main").exists()

    assert read_commit(str(repository)) == head(repository)


def test_an_empty_folder_left_where_a_packed_branch_was_is_passed_over(repository):
    git(repository, "pack-refs", "--all")
    (repository / ".git" / "refs" / "heads" / "main").mkdir()

    assert read_commit(str(repository)) == head(repository)


def test_a_loose_ref_wins_over_a_packed_one(repository):
    git(repository, "pack-refs", "--all")
    commit(repository, "second")

    assert read_commit(str(repository)) == head(repository)


@pytest.mark.parametrize("packed", [False, True], ids=["loose", "packed"])
def test_a_worktree(repository, tmp_path, packed):
    tree = tmp_path / "tree"
    git(repository, "worktree", "add", "-q", "-b", "other", str(tree))
    commit(tree, "second")
    if packed:
        git(repository, "pack-refs", "--all")

    assert read_commit(str(tree)) == head(tree)
    assert head(tree) != head(repository)


def test_a_detached_worktree(repository, tmp_path):
    tree = tmp_path / "tree"
    git(repository, "worktree", "add", "-q", "--detach", str(tree))
    commit(repository, "second")

    assert read_commit(str(tree)) == head(tree)


def test_a_submodule(repository, tmp_path):
    inner = make_repository(tmp_path / "inner")
    git(repository, "submodule", "--quiet", "add", str(inner), "inner")

    assert read_commit(str(repository / "inner")) == head(inner)


def test_a_link_into_a_repository(repository, tmp_path):
    (repository / "app").mkdir()
    link = tmp_path / "link"
    link.symlink_to(repository / "app")

    assert read_commit(str(link)) == head(repository)


def test_a_symbolic_ref_to_another_branch(repository):
    git(repository, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    git(repository, "symbolic-ref", "HEAD", "refs/heads/alias")

    assert read_commit(str(repository)) == head(repository)


def test_a_repository_with_sha256(tmp_path):
    repository = make_repository(tmp_path / "repository", "--object-format=sha256")

    assert read_commit(str(repository)) == head(repository)


def test_a_repository_without_commits_has_none(tmp_path):
    git(tmp_path, "init", "-q")

    assert read_commit(str(tmp_path)) is None


def test_a_git_directory_without_head_is_passed_over(repository):
    below = repository / "below"
    (below / ".git").mkdir(parents=True)

    assert read_commit(str(below)) == head(repository)


# What is odd is no release


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"HEAD": b""}, id="empty"),
        pytest.param({"HEAD": b"\xff\xfe\x00"}, id="binary"),
        pytest.param({"HEAD": b"ref: refs/heads/.invalid\n", "reftable/tables.list": b"x"}, id="reftable"),
        pytest.param({"HEAD": b"ref: refs/heads/main"}, id="no such ref"),
        pytest.param({"HEAD": b"ref: refs/heads/a\x00b"}, id="null character"),
        pytest.param({"HEAD": b"ref: refs/heads/main", "refs/heads/main": b"not a hash"}, id="no hash"),
        pytest.param(
            {"HEAD": b"ref: refs/heads/main", "packed-refs": b"short refs/heads/main\n"}, id="short hash"
        ),
        pytest.param(
            {"HEAD": b"ref: refs/heads/main", "packed-refs": b"%s refs/heads/main2" % SHA.encode()},
            id="longer",
        ),
        pytest.param({"HEAD": b"ref: refs/heads/a", "refs/heads/a": b"ref: refs/heads/a"}, id="a loop"),
        pytest.param({"HEAD": b"ref: refs/../secret", "secret": SHA.encode()}, id="outside by dots"),
        pytest.param({"HEAD": b"ref: secret", "secret": SHA.encode()}, id="outside"),
        pytest.param({"HEAD": SHA.encode() + b" " * 5000}, id="too long"),
        pytest.param({"HEAD": SHA.upper().encode()}, id="capitals"),
    ],
)
def test_an_odd_repository_has_no_release(tmp_path, files):
    assert read_commit(fake_repository(tmp_path, **files)) is None


def test_the_last_line_of_packed_refs_needs_no_line_break(tmp_path):
    root = fake_repository(
        tmp_path,
        **{"HEAD": b"ref: refs/heads/main", "packed-refs": b"# pack-refs\n%s refs/heads/main" % SHA.encode()},
    )

    assert read_commit(root) == SHA


def test_packed_refs_beyond_the_bound_are_not_read(tmp_path):
    line = b"%s refs/heads/main\n" % SHA.encode()
    root = fake_repository(
        tmp_path, **{"HEAD": b"ref: refs/heads/main", "packed-refs": line + b"#" * 9_000_000}
    )

    assert read_commit(root) is None


@pytest.mark.parametrize(
    "pointer", ["", "gitdir: ", "gitdir: /nowhere", "nonsense", "gitdir: a\x00b"], ids=ascii
)
def test_a_git_file_that_points_nowhere_is_no_release(tmp_path, pointer):
    (tmp_path / ".git").write_text(pointer)

    assert read_commit(str(tmp_path)) is None


def test_a_fifo_is_not_waited_for(tmp_path):
    root = fake_repository(tmp_path, HEAD=b"ref: refs/heads/main", **{"refs/heads/other": b""})
    os.mkfifo(tmp_path / ".git" / "refs" / "heads" / "main")

    assert read_commit(root) is None


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files are counted through /proc")
def test_no_file_is_left_open(repository):
    git(repository, "pack-refs", "--all")
    (repository / ".git" / "refs" / "heads" / "main").mkdir()
    before = len(os.listdir("/proc/self/fd"))

    read_commit(str(repository))

    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("root", ["", "/nowhere/at/all", "a\x00b", "\ud800"], ids=ascii)
def test_an_odd_root_has_no_release(root):
    assert detect({}, root) is None


# The variables


def test_git_comes_before_the_variables(repository):
    assert detect({"HEROKU_BUILD_COMMIT": "abc"}, str(repository)) == head(repository)


@pytest.mark.parametrize(("first", "second"), list(pairwise(VARIABLES)))
def test_variables_are_asked_in_order(first, second, tmp_path):
    assert detect({second: "second", first: "first"}, str(tmp_path)) == "first"
    assert detect({second: "second"}, "") == "second"


@pytest.mark.parametrize("useless", ["", "  ", "a/b", "latest", "x" * 201])
def test_a_variable_that_holds_no_release_is_passed_over(useless):
    assert detect({VARIABLES[0]: useless, VARIABLES[-1]: " abc "}, "") == "abc"


def test_nothing_known_is_no_release(tmp_path):
    assert detect({}, str(tmp_path)) is None
