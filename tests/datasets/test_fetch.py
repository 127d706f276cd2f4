"""Tests of fetching, from servers that are slow, broken or not what they should be."""

import hashlib
import multiprocessing
import os
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from kedro.io import DatasetError

from cifar_kedro.datasets import fetch as module
from cifar_kedro.datasets.fetch import fetch
from tests.helpers.https_server import (
    fail,
    make_certificate,
    redirect,
    send,
    send_page,
    serve,
)

CONTENT = np.random.default_rng(0).bytes(3_000_000)
HALF = 20 * module.CHUNK
HASH = f"md5:{hashlib.md5(CONTENT).hexdigest()}"
OTHER = CONTENT[:-1] + b"!"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(autouse=True)
def quick(monkeypatch, certificate):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(module, "READ_SECONDS", 0.5)


@pytest.fixture
def server(certificate):
    with serve(certificate) as server:
        yield server


@pytest.fixture
def path(tmp_path):
    (tmp_path / "raw").mkdir()
    return tmp_path / "raw/cifar.tar.gz"


def partial(path: Path) -> Path:
    return path.with_name(".cifar.tar.gz.part")


def check_fetched(path: Path) -> None:
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]


def refuse(server, path: Path, message: str) -> None:
    with pytest.raises(ConnectionError, match=message) as caught:
        fetch([server.url], HASH, path)
    assert str(caught.value).startswith(f"{server.url}: ")
    assert not path.exists()


HALVED = [None, f"bytes={HALF}-"]


@pytest.mark.parametrize(
    ("answers", "ranges"),
    [
        pytest.param([send(CONTENT)], [None], id="whole"),
        pytest.param([fail(503), fail(503), send(CONTENT)], [None] * 3, id="busy"),
        pytest.param([send(CONTENT, upto=HALF), send(CONTENT)], HALVED, id="cut"),
        pytest.param(
            [send(CONTENT, upto=HALF), send(CONTENT, ranges=False)],
            HALVED,
            id="a server that ignores ranges",
        ),
        pytest.param(
            [send(OTHER[::-1], upto=HALF), send(CONTENT)],
            [*HALVED, None],
            id="a file that changed between two tries",
        ),
        pytest.param(
            [redirect("/elsewhere"), send(CONTENT)], [None] * 2, id="redirect by https"
        ),
    ],
)
def test_a_file_is_fetched_whole_and_verified(server, path, answers, ranges):
    server.answers = answers
    fetch([server.url], HASH, path)
    check_fetched(path)
    assert server.ranges == ranges


def test_a_file_that_is_there_is_left_alone(server, path):
    path.write_bytes(b"mine")
    fetch([server.url], HASH, path)
    assert path.read_bytes() == b"mine"
    assert server.ranges == []


@pytest.mark.parametrize(("status", "requests"), [(503, 4), (404, 1), (403, 1)])
def test_an_error_is_named_and_repeated_only_where_that_may_help(
    server, path, status, requests
):
    server.answers = [fail(status)]
    refuse(server, path, f"it answered {status} ")
    assert len(server.ranges) == requests
    assert list(path.parent.iterdir()) == []


def test_while_something_comes_there_is_no_end_of_tries(server, path, monkeypatch):
    monkeypatch.setattr(module, "PROGRESS", module.CHUNK)
    steps = range(2 * module.CHUNK, len(CONTENT), 2 * module.CHUNK)
    server.answers = [*(send(CONTENT, upto=stop) for stop in steps), send(CONTENT)]
    fetch([server.url], HASH, path)
    check_fetched(path)
    assert len(server.ranges) == len(steps) + 1 > module.RETRIES + 2


def test_a_server_that_cuts_now_here_now_there_is_left(server, path, monkeypatch):
    monkeypatch.setattr(module, "PROGRESS", module.CHUNK)
    cuts = [send(CONTENT, ranges=False, upto=n * module.CHUNK) for n in (9, 2)]
    server.answers = [*cuts * 6, send(CONTENT)]
    refuse(server, path, "the connection broke off")
    assert len(server.ranges) == module.RETRIES + 2


def test_the_next_process_goes_on_where_one_ended(server, path):
    server.answers = [send(CONTENT, upto=HALF), fail(404)]
    refuse(server, path, "it answered 404")
    assert partial(path).read_bytes() == CONTENT[:HALF]
    server.answers.append(send(CONTENT))
    fetch([server.url], HASH, path)
    check_fetched(path)
    assert server.ranges[-1] == f"bytes={HALF}-"


@pytest.mark.parametrize(
    "left", [CONTENT, OTHER[::-1][:HALF], OTHER, CONTENT + b"more", b""]
)
def test_a_part_counts_only_if_it_is_of_the_file(server, path, left):
    partial(path).write_bytes(left)
    server.answers = [send(CONTENT)]
    fetch([server.url], HASH, path)
    check_fetched(path)


@pytest.mark.parametrize("sent", [0, HALF])
def test_a_server_that_falls_silent_is_left_and_named(server, path, sent):
    release = threading.Event()

    def stall(request):
        if sent:
            send(CONTENT, ranges=False, upto=sent)(request)
            request.wfile.flush()
        release.wait(10)

    server.answers = [stall]
    since = time.monotonic()
    try:
        refuse(server, path, r"it timed out \(10 s to connect, 0.5 s for data\)")
    finally:
        release.set()
    assert time.monotonic() - since < 10
    assert len(server.ranges) == module.RETRIES + 1 + bool(sent)
    assert partial(path).exists() == bool(sent)


def test_a_web_page_is_not_taken_for_the_file(server, path):
    partial(path).write_bytes(CONTENT[:HALF])
    server.answers = [send_page]
    refuse(server, path, "it sent a web page")
    assert partial(path).read_bytes() == CONTENT[:HALF]


def test_another_file_is_not_kept(server, path):
    server.answers = [send(OTHER)]
    refuse(server, path, f"file of 3,000,000 bytes, expected {HASH} but got md5:")
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("target", ["http://127.0.0.1/b", "file:///etc/passwd"])
def test_a_redirect_away_from_https_is_not_followed(server, path, target):
    server.answers = [redirect(target)]
    refuse(server, path, f"it redirects to {target}, not to https://")
    assert len(server.ranges) == 1


def test_addresses_are_tried_in_order_and_each_has_its_reason(certificate, path):
    with serve(certificate) as first, serve(certificate) as second:
        first.answers, second.answers = [fail(404)], [send_page]
        with pytest.raises(ConnectionError) as caught:
            fetch([first.url, second.url + "?key=secret"], HASH, path)
        assert str(caught.value) == (
            f"{first.url}: it answered 404 Not Found; {second.url}: it sent a web page (a "
            "login or an error), expected the file"
        )
        second.answers = [send(CONTENT)]
        fetch([first.url, second.url], HASH, path)
        check_fetched(path)


def test_what_one_address_began_another_ends(certificate, path):
    with serve(certificate) as first, serve(certificate) as second:
        first.answers = [send(CONTENT, upto=HALF), fail(404)]
        second.answers = [send(CONTENT)]
        fetch([first.url, second.url], HASH, path)
        check_fetched(path)
        assert second.ranges == [f"bytes={HALF}-"]


def test_a_machine_that_is_not_there_is_named(path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ConnectionError, match="it can't be reached"):
        fetch([f"https://127.0.0.1:{port}/a"], HASH, path)


def test_a_certificate_that_is_not_trusted_is_named(server, path, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    server.answers = [send(CONTENT)]
    refuse(server, path, "certificate can't be verified")


def test_a_full_disk_is_named_and_freed(server, path, monkeypatch):
    def write(*_, **__):
        raise OSError(28, "No space left on device")

    server.answers = [send(CONTENT)]
    monkeypatch.setattr(module, "_receive", write)
    with pytest.raises(DatasetError, match=r"\.part can't be written: No space left"):
        fetch([server.url], HASH, path)
    assert list(path.parent.iterdir()) == []


def test_two_processes_fetch_once(server, path):
    def slow(request):
        time.sleep(0.3)
        send(CONTENT)(request)

    server.answers = [slow]
    context = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    both = [
        context.Process(target=fetch, args=([server.url], HASH, path)) for _ in range(2)
    ]
    for process in both:
        process.start()
    for process in both:
        process.join(30)
    assert [process.exitcode for process in both] == [0, 0]
    check_fetched(path)
    assert server.ranges == [None]
