"""Two holders in MariaDB at the same time, statement by statement: what the recipes keep, and what
simpler ones lose.
"""
import holders
import pages
import pytest

pymysql = pytest.importorskip("pymysql", reason="python3-pymysql is not installed")
CLAIM, READ = pages.statements("maria-claim")
WRITE = pages.statement("pg-write")
BEGIN, CLAIM_NAME, ASK, _, ADD, COMMIT = pages.statements("maria-transaction")
RECORD_HAS_CHANGED = 1020


@pytest.fixture
def sessions(mariadb):
    """One session for the late holder, one for the newer."""
    late, newer = mariadb(), mariadb()
    late.run(pages.statement("orders"))
    late.run("INSERT INTO orders VALUES (42, 100)")
    late.run(pages.statement("pg-column"))
    late.run(pages.statement("maria-fences"))
    return late, newer


def isolate(session, on):
    """Turns the refusal of MariaDB 11.6.2 on or off, where the server knows it."""
    if not session.run("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'"):
        if on:
            pytest.skip("this MariaDB has no innodb_snapshot_isolation")
        return
    session.run("SET SESSION innodb_snapshot_isolation = " + ("ON" if on else "OFF"))


def test_to_compare_in_the_program_loses_the_newer_write(sessions):
    late, newer = sessions
    pair = holders.one_after_the_other()
    assert late.one("SELECT fence FROM orders WHERE id = 42") <= pair.late
    newer.run(CLAIM, id=42, token=pair.newer)
    assert newer.run(WRITE, id=42, total=110, token=pair.newer) == 1
    assert late.run("UPDATE orders SET total = 101, fence = :fence WHERE id = 42", fence=pair.late) == 1
    assert newer.one(READ, id=42) == 101


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_a_late_write_that_waited_is_refused(sessions, level):
    late, newer = sessions
    pair = holders.one_after_the_other()
    late.run(f"SET SESSION TRANSACTION ISOLATION LEVEL {level}")
    newer.run("BEGIN")
    newer.run(WRITE, id=42, total=110, token=pair.newer)
    late.run("BEGIN")
    waiting = late.held_up(WRITE, id=42, total=101, token=pair.late)
    newer.run("COMMIT")
    assert waiting.result() == 0
    late.run("COMMIT")
    assert newer.one(READ, id=42) == 110


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_a_claim_of_a_name_waits_for_the_writes_of_the_older_holder(sessions, level):
    late, newer = sessions
    pair = holders.one_after_the_other()
    newer.run(f"SET SESSION TRANSACTION ISOLATION LEVEL {level}")
    late.run(BEGIN)
    late.run(CLAIM_NAME, resource=pair.resource, token=pair.late)
    assert late.one(ASK, resource=pair.resource) == pair.late
    late.run(ADD, id=42)
    newer.run(BEGIN)
    waiting = newer.held_up(CLAIM_NAME, resource=pair.resource, token=pair.newer)
    late.run(COMMIT)
    waiting.result()
    assert newer.one(ASK, resource=pair.resource) == pair.newer
    assert newer.one(READ, id=42) == 101
    assert newer.run("UPDATE orders SET total = 111 WHERE id = 42") == 1
    newer.run(COMMIT)
    late.run(BEGIN)
    late.run(CLAIM_NAME, resource=pair.resource, token=pair.late)
    assert late.one(ASK, resource=pair.resource) == pair.newer
    late.run("ROLLBACK")
    assert newer.one(READ, id=42) == 111


def select_first(sessions):
    """A plain SELECT before the claim: what the newer holder reads after it. The older one has added 1
    meanwhile."""
    late, newer = sessions
    pair = holders.one_after_the_other()
    newer.run(BEGIN)
    newer.run("SELECT * FROM fences")
    late.run(BEGIN)
    late.run(CLAIM_NAME, resource=pair.resource, token=pair.late)
    late.run(ADD, id=42)
    late.run(COMMIT)
    newer.run(CLAIM_NAME, resource=pair.resource, token=pair.newer)
    assert newer.one(ASK, resource=pair.resource) == pair.newer
    return newer.one(READ, id=42)


def test_a_select_before_the_claim_loses_a_write(sessions):
    _, newer = sessions
    isolate(newer, False)
    read = select_first(sessions)
    assert read == 100
    assert newer.run("UPDATE orders SET total = :total WHERE id = 42", total=read + 10) == 1
    newer.run(COMMIT)
    assert newer.one(READ, id=42) == 110  # And not 111.


def test_only_a_locking_read_sees_the_present_after_a_select(sessions):
    late, newer = sessions
    pair = holders.one_after_the_other()
    isolate(late, False)
    for block, values in (("maria-transaction", {"resource": pair.resource}),
                          ("maria-upsert", {"id": 42, "total": 101})):
        begin, claim, ask = pages.statements(block)[:3]
        keys = {key: value for key, value in values.items() if f":{key}" in ask}
        newer.run(claim, token=pair.late, **values)
        late.run(begin)
        late.run("SELECT * FROM fences, orders")
        newer.run(claim, token=pair.newer, **values)
        late.run(claim, token=pair.late, **values)
        assert late.one(ask, **keys) == pair.newer
        assert late.one(ask.replace(" FOR UPDATE", ""), **keys) == pair.late, "a plain one would do"
        late.run("ROLLBACK")


def test_newer_servers_refuse_that(sessions):
    _, newer = sessions
    isolate(newer, True)
    with pytest.raises(pymysql.err.OperationalError) as refusal:
        select_first(sessions)
    assert refusal.value.args[0] == RECORD_HAS_CHANGED


def test_two_first_inserts(sessions):
    late, newer = sessions
    pair = holders.one_after_the_other()
    begin, write, ask, commit = pages.statements("maria-upsert")
    newer.run(begin)
    newer.run(write, id=7, total=110, token=pair.newer)
    late.run(begin)
    waiting = late.held_up(write, id=7, total=101, token=pair.late)
    newer.run(commit)
    waiting.result()
    assert late.one(ask, id=7) == pair.newer
    late.run("ROLLBACK")
    assert newer.run("SELECT total, fence FROM orders WHERE id = 7") == [(110, pair.newer)]


def test_the_trigger_looks_at_the_row_that_it_waited_for(sessions):
    late, newer = sessions
    pair = holders.one_after_the_other()
    late.run(pages.text("maria-trigger"))
    state, write, _ = pages.statements("maria-trigger-use")
    late.run(state, token=pair.late)
    newer.run(state, token=pair.newer)
    newer.run("BEGIN")
    newer.run(write, id=42, total=110)
    waiting = late.held_up(write, id=42, total=101)
    newer.run("COMMIT")
    with pytest.raises(pymysql.err.OperationalError, match="is late"):
        waiting.result()
    assert newer.one(READ, id=42) == 110


def test_triggers_miss_what_a_foreign_key_does(sessions):
    late, _ = sessions
    late.run("CREATE TABLE customers (id bigint PRIMARY KEY)")
    late.run("CREATE TABLE bills (id bigint PRIMARY KEY, customer bigint,"
             " FOREIGN KEY (customer) REFERENCES customers (id) ON UPDATE CASCADE)")
    late.run("INSERT INTO customers VALUES (1)")
    late.run("INSERT INTO bills VALUES (5, 1)")
    late.run(pages.text("maria-trigger").replace("orders", "bills").replace("check_fence", "check_bills")
             .replace("OLD.fence", "OLD.id").replace("NEW.fence", "NEW.id"))
    with pytest.raises(pymysql.err.OperationalError, match="no fencing token"):
        late.run("UPDATE bills SET customer = 2")
    assert late.run("UPDATE customers SET id = 2") == 1
    assert late.one("SELECT customer FROM bills") == 2
