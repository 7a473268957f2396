"""The recipes for Redis as the store, on a node that also keeps the locks."""
import json
import os
import subprocess

import holders
import pages
import pytest

redis = pytest.importorskip("redis", reason="python3-redis is not installed")
CLAIM = pages.text("redis-claim")
WRITE = pages.text("redis-write")


@pytest.fixture
def nodes():
    """Connections to all nodes; what a test leaves there ends with it."""
    made = [redis.Redis.from_url(url, decode_responses=True)
            for url in os.environ["REDLOCK_NODES"].split(",")]
    yield made
    for node in made:
        node.close()


@pytest.fixture
def store(nodes):
    """One node as the store, with some data."""
    nodes[0].delete("stock")
    nodes[0].hset("stock", mapping={"left": 100})
    yield nodes[0]
    nodes[0].delete("stock")


def write(store, token, left):
    """Whether the script has written."""
    return store.eval(WRITE, 1, "stock", token, "left", left) == 1


def test_a_holder_that_was_paused_beyond_its_lease_is_refused(store):
    pair = holders.paused_beyond_its_lease()
    for token in (pair.late, pair.newer):
        assert store.eval(CLAIM, 1, "stock", token) == ["left", "100", "fence", str(token)]
    assert not write(store, pair.late, 101)
    assert write(store, pair.newer, 110)
    assert write(store, pair.newer, 110)
    assert not write(store, pair.late, 102)
    assert store.eval(CLAIM, 1, "stock", pair.late) is None
    assert store.hgetall("stock") == {"left": "110", "fence": str(pair.newer)}


def test_the_first_write_needs_no_claim(store):
    pair = holders.one_after_the_other()
    store.delete("stock")
    assert write(store, pair.newer, 1)
    assert not write(store, pair.late, 2)
    assert store.eval(WRITE, 1, "stock", pair.newer, "left", 3, "sold", 4) == 1
    assert store.hgetall("stock") == {"left": "3", "sold": "4", "fence": str(pair.newer)}


def test_a_token_as_a_number_of_lua(store):
    _, newer, _ = holders.one_after_the_other()
    assert store.eval("return tostring(tonumber(ARGV[1]))", 0, newer) != str(newer)
    assert store.eval("return tonumber(ARGV[1]) .. ''", 0, newer) != str(newer)
    assert store.eval("return tonumber(ARGV[1]) < tonumber(ARGV[2]) and 1 or 0", 0, newer, newer + 1) == 1


def test_what_is_no_token_writes_nothing(store):
    with pytest.raises(redis.ResponseError):
        write(store, "", 1)
    assert store.hgetall("stock") == {"left": "100"}


class Interrupted:
    """A store, where something happens once between reading and writing."""

    def __init__(self, store, happens):
        self.store = store
        self.happens = happens

    def pipeline(self):
        """A pipeline whose `multi` is the moment."""
        pipe = self.store.pipeline()
        real = pipe.multi

        def multi():
            if self.happens is not None:
                self.happens()
                self.happens = None
            real()

        pipe.multi = multi
        return pipe


def test_watch_notices_a_newer_holder(store):
    pair = holders.one_after_the_other()
    block = pages.python("redis-watch")
    set_field, too_late = block["set_field"], block["TooLate"]
    set_field(store, "stock", pair.late, "left", 101)
    with pytest.raises(too_late, match="stock"):
        set_field(Interrupted(store, lambda: write(store, pair.newer, 110)), "stock", pair.late, "left", 102)
    assert store.hgetall("stock") == {"left": "110", "fence": str(pair.newer)}
    set_field(Interrupted(store, lambda: write(store, pair.newer, 111)), "stock", pair.newer, "left", 112)
    assert store.hget("stock", "left") == "112"


def test_without_watch_the_newer_write_is_lost(store):
    pair = holders.one_after_the_other()
    assert int(store.hget("stock", "fence") or 0) <= pair.late
    assert write(store, pair.newer, 110)
    store.hset("stock", mapping={"left": 101, "fence": pair.late})
    assert store.hget("stock", "left") == "101"


def test_data_under_the_name_of_the_lock_keeps_all_from_it(nodes):
    name = holders.new_name("orders")
    held = holders.acquire(name)
    holders.redlock("release", name, held.token)
    for node in nodes[:2]:
        node.hset(name, mapping={"total": 100})
    try:
        done = subprocess.run([holders.REDLOCK, "acquire", "--json", "-n", name], capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode != 0, done.stdout
        assert json.loads(done.stdout)["error"]
    finally:
        for node in nodes[:2]:
            node.delete(name)
    assert holders.acquire(name, "-n").fence > held.fence


def test_a_store_that_came_back_empty_takes_a_late_write(store):
    pair = holders.one_after_the_other()
    assert write(store, pair.newer, 110)
    assert not write(store, pair.late, 101)
    store.delete("stock")
    assert write(store, pair.late, 101)
