"""The recipes for SQLite, with two holders of which one is late, and two connections."""
import sqlite3

import holders
import pages
import pytest

CLAIM = pages.statement("pg-claim")
WRITE = pages.statement("pg-write")
UPSERT = pages.statement("pg-upsert")


class Session:
    """A connection without patience, each statement as it is given."""

    def __init__(self, connection):
        self.connection = connection
        connection.execute("PRAGMA busy_timeout = 0")

    def run(self, sql, **values):
        """The rows of a query, or how many rows a statement changed."""
        cursor = self.connection.execute(sql, values)
        rows = cursor.fetchall()
        return rows if cursor.description else cursor.rowcount


@pytest.fixture
def connections(tmp_path):
    """Makes connections to a file with the table of the page and one order."""
    made = []

    def connect(token=None):
        connection = pages.python("sqlite-python")["connect"](tmp_path / "orders.db", token)
        made.append(connection)
        return Session(connection)

    first = connect()
    first.run(pages.statement("orders"))
    first.run("INSERT INTO orders VALUES (42, 100)")
    first.run(pages.statement("pg-column"))
    yield connect
    for connection in made:
        connection.close()


def row(session, order=42):
    """The order and its fence."""
    return session.run("SELECT total, fence FROM orders WHERE id = :id", id=order)[0]


def test_a_holder_that_was_paused_beyond_its_lease_is_refused(connections):
    pair = holders.paused_beyond_its_lease()
    late, newer = connections(), connections()
    assert late.run(CLAIM, id=42, token=pair.late) == [(100,)]
    assert newer.run(CLAIM, id=42, token=pair.newer) == [(100,)]
    assert late.run(WRITE, id=42, total=101, token=pair.late) == 0
    assert newer.run(WRITE, id=42, total=110, token=pair.newer) == 1
    assert newer.run(WRITE, id=42, total=110, token=pair.newer) == 1
    assert late.run(WRITE, id=42, total=102, token=pair.late) == 0
    assert late.run(CLAIM, id=42, token=pair.late) == []
    assert row(newer) == (110, pair.newer)


def test_insert_or_update(connections):
    pair = holders.one_after_the_other()
    session = connections()
    assert session.run(UPSERT, id=7, total=1, token=pair.newer) == 1
    assert session.run(UPSERT, id=7, total=1, token=pair.newer) == 1
    assert session.run(UPSERT, id=7, total=2, token=pair.late) == 0
    assert row(session, 7) == (1, pair.newer)


def test_a_fence_for_a_name(connections):
    pair = holders.one_after_the_other()
    session = connections()
    session.run(pages.statement("pg-fences"))
    begin, claim, read, write, commit = pages.statements("pg-transaction")
    for _ in range(2):
        session.run(begin)
        assert session.run(claim, resource=pair.resource, token=pair.newer) == 1
        assert session.run(read) == [(100,)]
        session.run("ROLLBACK")
    session.run(begin)
    session.run(claim, resource=pair.resource, token=pair.newer)
    session.run(write, id=42)
    session.run(commit)
    session.run(begin)
    assert session.run(claim, resource=pair.resource, token=pair.late) == 0
    session.run("ROLLBACK")
    assert row(session)[0] == 101


def test_several_statements(connections):
    pair = holders.one_after_the_other()
    session = connections()
    begin, claim, read, write, commit = pages.statements("sqlite-transaction")
    for total in (100, 110):
        session.run(begin)
        assert session.run(claim, id=42, token=pair.newer) == 1
        assert session.run(read, id=42) == [(total,)]
        session.run(write, id=42, total=total + 10)
        session.run(commit)
    session.run(begin)
    assert session.run(claim, id=42, token=pair.late) == 0
    session.run("ROLLBACK")
    assert row(session) == (120, pair.newer)


def test_immediate_lets_one_in(connections):
    late, newer = connections(), connections()
    begin, *_, commit = pages.statements("sqlite-transaction")
    newer.run(begin)
    with pytest.raises(sqlite3.OperationalError, match="database is locked"):
        late.run(begin)
    newer.run(commit)
    late.run(begin)


def test_to_compare_in_the_program_loses_the_newer_write(connections):
    pair = holders.one_after_the_other()
    late, newer = connections(), connections()
    assert row(late)[1] <= pair.late
    assert newer.run(CLAIM, id=42, token=pair.newer) == [(100,)]
    assert newer.run(WRITE, id=42, total=110, token=pair.newer) == 1
    assert late.run("UPDATE orders SET total = 101, fence = :fence WHERE id = 42", fence=pair.late) == 1
    assert row(newer)[0] == 101


def test_a_plain_begin_has_to_begin_again(connections):
    pair = holders.one_after_the_other()
    late, newer = connections(), connections()
    late.run("PRAGMA journal_mode = WAL")
    late.run("PRAGMA busy_timeout = 5000")
    late.run("BEGIN")
    assert row(late) == (100, 0)
    assert newer.run(WRITE, id=42, total=110, token=pair.newer) == 1
    with pytest.raises(sqlite3.OperationalError, match="database is locked"):
        late.run(WRITE, id=42, total=101, token=pair.late)
    late.run("ROLLBACK")
    assert late.run(WRITE, id=42, total=101, token=pair.late) == 0


def test_the_trigger_refuses_who_is_late_and_who_forgets(connections, tmp_path):
    pair = holders.one_after_the_other()
    late, newer, forgetful = connections(pair.late), connections(pair.newer), connections(None)
    late.connection.executescript(pages.text("sqlite-trigger"))
    write = "UPDATE orders SET total = :total WHERE id = 42"
    assert late.run(write, total=1) == 1
    assert row(late) == (1, pair.late)
    for total in (2, 3):
        assert newer.run(write, total=total) == 1
    for session in (late, forgetful):
        with pytest.raises(sqlite3.IntegrityError, match="missing or late"):
            session.run(write, total=4)
    foreign = sqlite3.connect(tmp_path / "orders.db")
    try:
        with pytest.raises(sqlite3.OperationalError, match="no such function: fencing_token"):
            foreign.execute("UPDATE orders SET total = 5")
    finally:
        foreign.close()
    assert row(newer) == (3, pair.newer)
