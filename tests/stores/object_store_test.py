"""The recipe for object stores, with two holders of which one is late."""
import contextlib
import http.client
from types import SimpleNamespace

import holders
import pages
import pytest
from object_store import METADATA, etag_of, object_store

recipe = SimpleNamespace(**pages.python("objects"))
KEY = "/bucket/report"


@pytest.fixture
def server():
    """A store of the test's own."""
    with object_store() as made:
        yield made


@pytest.fixture
def connect(server):
    """Makes connections to it."""
    with contextlib.ExitStack() as stack:
        def made():
            return stack.enter_context(contextlib.closing(server.connect()))
        yield made


def test_a_holder_that_was_paused_beyond_its_lease_is_refused(server, connect):
    pair = holders.paused_beyond_its_lease()
    late, newer = connect(), connect()
    data, late_etag = recipe.claim(late, KEY, pair.late)
    assert data == b""
    data, etag = recipe.claim(newer, KEY, pair.newer)
    assert data == b""
    with pytest.raises(recipe.TooLate):
        recipe.write(late, KEY, pair.late, b"old", late_etag)
    etag = recipe.write(newer, KEY, pair.newer, b"new", etag)
    etag = recipe.write(newer, KEY, pair.newer, b"newest", etag)
    with pytest.raises(recipe.TooLate):
        recipe.write(late, KEY, pair.late, b"old", late_etag)
    with pytest.raises(recipe.TooLate, match=str(pair.newer)):
        recipe.claim(late, KEY, pair.late)
    assert recipe.get(newer, KEY) == (pair.newer, b"newest", etag)
    assert server.objects[KEY][0] == b"%d\nnewest" % pair.newer


def test_a_claim_may_be_repeated(connect):
    pair = holders.one_after_the_other()
    store = connect()
    _, etag = recipe.claim(store, KEY, pair.newer)
    etag = recipe.write(store, KEY, pair.newer, b"data", etag)
    assert recipe.claim(store, KEY, pair.newer) == (b"data", etag)


@pytest.mark.parametrize("there", [False, True])
def test_a_newer_claim_between_reading_and_claiming(server, connect, there):
    pair = holders.one_after_the_other()
    late, newer = connect(), connect()
    if there:
        server.objects[KEY] = b"1\ndata", "0"
    server.next_put.append(lambda: recipe.claim(newer, KEY, pair.newer))
    with pytest.raises(recipe.TooLate):
        recipe.claim(late, KEY, pair.late)
    assert recipe.get(newer, KEY)[:2] == (pair.newer, b"data" if there else b"")


def test_an_older_claim_between_them_is_passed(server, connect):
    pair = holders.one_after_the_other()
    late, newer = connect(), connect()

    def older():
        _, etag = recipe.claim(late, KEY, pair.late)
        recipe.write(late, KEY, pair.late, b"in time", etag)

    server.next_put.append(older)
    data, _ = recipe.claim(newer, KEY, pair.newer)
    assert data == b"in time"


def test_a_conflict_is_tried_again(server, connect):
    pair = holders.one_after_the_other()
    store = connect()
    server.next_put.append("conflict")
    _, etag = recipe.claim(store, KEY, pair.newer)
    server.next_put.append("conflict")
    recipe.write(store, KEY, pair.newer, b"data", etag)
    assert server.objects[KEY][0] == b"%d\ndata" % pair.newer


def test_the_own_write_whose_answer_was_lost(server, connect):
    pair = holders.one_after_the_other()
    _, etag = recipe.claim(connect(), KEY, pair.newer)
    server.next_put.append("answer lost")
    with pytest.raises(http.client.RemoteDisconnected):
        recipe.write(connect(), KEY, pair.newer, b"data", etag)
    now = recipe.write(connect(), KEY, pair.newer, b"data", etag)
    recipe.write(connect(), KEY, pair.newer, b"more", now)
    assert server.objects[KEY][0] == b"%d\nmore" % pair.newer


def request(store, *what):
    """One request; its status and ETag."""
    store.request(*what)
    answer = store.getresponse()
    answer.read()
    return answer.status, answer.headers["ETag"]


def test_a_token_in_the_metadata_loses_an_update(server, connect):
    pair = holders.one_after_the_other()
    late, newer = connect(), connect()
    server.objects[KEY] = b"100", str(pair.late)
    _, late_etag = request(late, "GET", KEY)
    _, etag = request(newer, "GET", KEY)
    status, claimed = request(newer, "PUT", KEY, b"100", {"If-Match": etag, METADATA: str(pair.newer)})
    assert (status, claimed) == (200, etag_of(b"100"))
    status, _ = request(late, "PUT", KEY, b"101", {"If-Match": late_etag, METADATA: str(pair.late)})
    assert status == 200


def test_to_compare_without_a_condition_loses_the_newer_write(server, connect):
    pair = holders.one_after_the_other()
    late, newer = connect(), connect()
    recipe.claim(late, KEY, pair.late)
    fence, _, _ = recipe.get(late, KEY)
    assert fence <= pair.late
    _, etag = recipe.claim(newer, KEY, pair.newer)
    recipe.write(newer, KEY, pair.newer, b"new", etag)
    assert request(late, "PUT", KEY, b"%d\nold" % pair.late)[0] == 200
    assert recipe.get(newer, KEY)[1] == b"old"
