"""Two holders in PostgreSQL at the same time, statement by statement: what the recipes keep, and what
simpler ones lose.
"""
import holders
import pages
import pytest

psycopg2 = pytest.importorskip("psycopg2", reason="python3-psycopg2 is not installed")
CLAIM = pages.statement("pg-claim")
WRITE = pages.statement("pg-write")
BEGIN, CLAIM_NAME, _, ADD, COMMIT = pages.statements("pg-transaction")
READ = "SELECT total FROM orders WHERE id = 42"
CHANGED = psycopg2.errors.SerializationFailure


@pytest.fixture
def sessions(postgres):
    """One session for the late holder, one for the newer."""
    late, newer = postgres(), postgres()
    late.run(pages.statement("orders"))
    late.run("INSERT INTO orders VALUES (42, 100)")
    late.run(pages.statement("pg-column"))
    late.run(pages.statement("pg-fences"))
    return late, newer


def test_to_compare_in_the_program_loses_the_newer_write(sessions):
    late, newer = sessions
    pair = holders.one_after_the_other()
    assert late.one("SELECT fence FROM orders WHERE id = 42") <= pair.late
    assert newer.run(CLAIM, id=42, token=pair.newer) == [(100,)]
    assert newer.run(WRITE, id=42, total=110, token=pair.newer) == 1
    assert late.run("UPDATE orders SET total = 101, fence = :fence WHERE id = 42", fence=pair.late) == 1
    assert newer.one(READ) == 101


def test_the_condition_keeps_the_newer_write(sessions):
    late, newer = sessions
    pair = holders.one_after_the_other()
    assert late.run(CLAIM, id=42, token=pair.late) == [(100,)]
    assert newer.run(CLAIM, id=42, token=pair.newer) == [(100,)]
    assert newer.run(WRITE, id=42, total=110, token=pair.newer) == 1
    assert late.run(WRITE, id=42, total=101, token=pair.late) == 0
    assert newer.one(READ) == 110


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_a_late_write_that_waited_is_refused(sessions, level):
    late, newer = sessions
    pair = holders.one_after_the_other()
    newer.run("BEGIN")
    newer.run(WRITE, id=42, total=110, token=pair.newer)
    late.run(f"BEGIN ISOLATION LEVEL {level}")
    waiting = late.held_up(WRITE, id=42, total=101, token=pair.late)
    newer.run("COMMIT")
    if level == "READ COMMITTED":
        assert waiting.result() == 0
    else:
        with pytest.raises(CHANGED):
            waiting.result()
    late.run("COMMIT")
    assert newer.one(READ) == 110


def test_a_claim_sees_the_older_write_that_it_waited_for(sessions):
    late, newer = sessions
    pair = holders.one_after_the_other()
    late.run("BEGIN")
    late.run(WRITE, id=42, total=101, token=pair.late)
    waiting = newer.held_up(CLAIM, id=42, token=pair.newer)
    late.run("COMMIT")
    assert waiting.result() == [(101,)]


def test_two_first_inserts(sessions):
    late, newer = sessions
    pair = holders.one_after_the_other()
    upsert = pages.statement("pg-upsert")
    newer.run("BEGIN")
    assert newer.run(upsert, id=7, total=110, token=pair.newer) == 1
    waiting = late.held_up(upsert, id=7, total=101, token=pair.late)
    newer.run("COMMIT")
    assert waiting.result() == 0
    assert newer.run("SELECT total, fence FROM orders WHERE id = 7") == [(110, pair.newer)]


def test_a_claim_of_a_name_waits_for_the_writes_of_the_older_holder(sessions):
    late, newer = sessions
    pair = holders.one_after_the_other()
    late.run(BEGIN)
    assert late.run(CLAIM_NAME, resource=pair.resource, token=pair.late) == 1
    late.run(ADD, id=42)
    newer.run(BEGIN)
    waiting = newer.held_up(CLAIM_NAME, resource=pair.resource, token=pair.newer)
    late.run(COMMIT)
    assert waiting.result() == 1
    assert newer.one(READ) == 101
    newer.run(COMMIT)
    late.run(BEGIN)
    assert late.run(CLAIM_NAME, resource=pair.resource, token=pair.late) == 0


def test_a_claim_that_was_committed_before_the_writes_loses_one(sessions):
    late, newer = sessions
    pair = holders.one_after_the_other()
    assert late.run(CLAIM_NAME, resource=pair.resource, token=pair.late) == 1
    newer.run(BEGIN)
    assert newer.run(CLAIM_NAME, resource=pair.resource, token=pair.newer) == 1
    newer.run("UPDATE orders SET total = 110 WHERE id = 42")
    newer.run(COMMIT)
    assert late.run("UPDATE orders SET total = 101 WHERE id = 42") == 1
    assert newer.one(READ) == 101


def test_a_condition_that_locks_nothing_loses_a_write(sessions):
    late, newer = sessions
    pair = holders.one_after_the_other()
    late.run(CLAIM_NAME, resource=pair.resource, token=pair.late)
    late.run(BEGIN)
    assert late.run("UPDATE orders SET total = total + 1 WHERE id = 42 AND EXISTS"
                    " (SELECT 1 FROM fences WHERE resource = :resource AND fence = :token)",
                    resource=pair.resource, token=pair.late) == 1
    newer.run(BEGIN)
    assert newer.run(CLAIM_NAME, resource=pair.resource, token=pair.newer) == 1
    read = newer.one(READ)
    late.run(COMMIT)
    newer.run("UPDATE orders SET total = :total WHERE id = 42", total=read + 10)
    newer.run(COMMIT)
    assert newer.one(READ) == 110  # And not 111.


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_claim_of_a_name_begins_again_after_another_one(sessions, level):
    late, newer = sessions
    pair = holders.one_after_the_other()
    late.run(BEGIN)
    late.run(CLAIM_NAME, resource=pair.resource, token=pair.late)
    late.run(ADD, id=42)
    newer.run(f"BEGIN ISOLATION LEVEL {level}")
    waiting = newer.held_up(CLAIM_NAME, resource=pair.resource, token=pair.newer)
    late.run(COMMIT)
    with pytest.raises(CHANGED):
        waiting.result()
    newer.run("ROLLBACK")
    newer.run(f"BEGIN ISOLATION LEVEL {level}")
    assert newer.run(CLAIM_NAME, resource=pair.resource, token=pair.newer) == 1
    assert newer.one(READ) == 101


@pytest.mark.parametrize("level, seen", [("READ COMMITTED", 101), ("REPEATABLE READ", 100)])
def test_a_lock_on_the_fence_alone_is_for_read_committed(sessions, level, seen):
    late, newer = sessions
    pair = holders.one_after_the_other()
    late.run(CLAIM_NAME, resource=pair.resource, token=pair.late)
    late.run(BEGIN)
    again = pages.statement("pg-for-update")
    assert late.run(again, resource=pair.resource, token=pair.late) == [(1,)]
    late.run(ADD, id=42)
    newer.run(f"BEGIN ISOLATION LEVEL {level}")
    waiting = newer.held_up(CLAIM_NAME, resource=pair.resource, token=pair.newer)
    late.run(COMMIT)
    assert waiting.result() == 1
    assert newer.one(READ) == seen
    newer.run(COMMIT)
    assert late.run(again, resource=pair.resource, token=pair.late) == []


def test_the_trigger_looks_at_the_row_that_it_waited_for(sessions):
    late, newer = sessions
    pair = holders.one_after_the_other()
    late.run(pages.text("pg-trigger"))
    begin, state, write, commit = pages.statements("pg-trigger-use")
    for session, token in ((late, pair.late), (newer, pair.newer)):
        session.run(begin)
        session.run(state, token=token)
    newer.run(write, id=42, total=110)
    waiting = late.held_up(write, id=42, total=101)
    newer.run(commit)
    with pytest.raises(psycopg2.errors.RaiseException, match="is late"):
        waiting.result()
    assert newer.one(READ) == 110
