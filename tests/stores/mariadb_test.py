"""The recipes for MariaDB, each with two holders of which one is late."""
import holders
import pages
import pytest

pymysql = pytest.importorskip("pymysql", reason="python3-pymysql is not installed")
CLAIM, READ = pages.statements("maria-claim")
WRITE = pages.statement("pg-write")
UPSERT = pages.statements("maria-upsert")


@pytest.fixture
def database(mariadb):
    """A session with the table of the page and one order."""
    session = mariadb()
    session.run(pages.statement("orders"))
    session.run("INSERT INTO orders VALUES (42, 100)")
    session.run(pages.statement("pg-column"))
    return session


def row(session, order=42):
    """The order and its fence."""
    return session.run("SELECT total, fence FROM orders WHERE id = :id", id=order)[0]


def test_a_holder_that_was_paused_beyond_its_lease_is_refused(database):
    pair = holders.paused_beyond_its_lease()
    assert database.run(CLAIM, id=42, token=pair.late) == 1
    assert database.one(READ, id=42) == 100
    assert database.run(CLAIM, id=42, token=pair.newer) == 1
    # It wakes up before the newer one has written anything.
    assert database.run(WRITE, id=42, total=101, token=pair.late) == 0
    assert database.run(WRITE, id=42, total=110, token=pair.newer) == 1
    assert database.run(WRITE, id=42, total=110, token=pair.newer) == 1
    assert database.run(WRITE, id=42, total=102, token=pair.late) == 0
    assert database.run(CLAIM, id=42, token=pair.late) == 0
    assert row(database) == (110, pair.newer)


def test_without_the_flag_an_equal_write_looks_like_a_refusal(database, mariadb):
    _, newer, _ = holders.one_after_the_other()
    changed = mariadb(flags=0)
    assert changed.run(WRITE, id=42, total=1, token=newer) == 1
    assert changed.run(WRITE, id=42, total=1, token=newer) == 0
    assert database.run(WRITE, id=42, total=1, token=newer) == 1


def upsert(session, order, total, token):
    """Inserts or updates as the page does; whether it was written. And the count of the rows."""
    begin, write, ask, commit = UPSERT
    session.run(begin)
    count = session.run(write, id=order, total=total, token=token)
    kept = session.one(ask, id=order) <= token
    session.run(commit if kept else "ROLLBACK")
    return kept, count


@pytest.mark.parametrize("flags", [0, pymysql.constants.CLIENT.FOUND_ROWS])
def test_insert_or_update(database, mariadb, flags):
    late, newer, _ = holders.one_after_the_other()
    database = mariadb(flags=flags)
    assert upsert(database, 7, 1, late)[0]
    assert upsert(database, 7, 2, newer)[0]
    kept, count = upsert(database, 7, 2, newer)
    refused, same_count = upsert(database, 7, 3, late)
    assert kept and not refused
    assert count == same_count, "the page says that the count does not tell"
    assert row(database, 7) == (2, newer)
    assert upsert(database, 42, 3, late)[0]
    assert row(database) == (3, late)


def test_many_rows_under_one_lock(database):
    late, newer, resource = holders.one_after_the_other()
    database.run(pages.statement("maria-fences"))
    database.run("INSERT INTO orders VALUES (43, 5, 0)")
    begin, claim, ask, read, write, commit = pages.statements("maria-transaction")
    for token, total in ((late, 105), (newer, 106), (newer, 107)):
        database.run(begin)
        database.run(claim, resource=resource, token=token)
        assert database.one(ask, resource=resource) == token
        assert database.one(read) == total
        assert database.run(write, id=42) == 1
        database.run(commit)
    database.run(begin)
    database.run(claim, resource=resource, token=late)
    assert database.one(ask, resource=resource) == newer
    database.run("ROLLBACK")
    assert database.one(read) == 108


def test_names_of_resources_differ_by_case(database):
    database.run(pages.statement("maria-fences"))
    for name in ("orders", "Orders"):
        database.run("INSERT INTO fences VALUES (:name, 1)", name=name)
    database.run("CREATE TABLE usual (resource varchar(255) PRIMARY KEY)")
    database.run("INSERT INTO usual VALUES ('orders')")
    with pytest.raises(pymysql.err.IntegrityError):
        database.run("INSERT INTO usual VALUES ('Orders')")


def test_the_trigger_refuses_who_is_late_and_who_forgets(database):
    late, newer, _ = holders.one_after_the_other()
    database.run(pages.text("maria-trigger"))
    state, write, clear = pages.statements("maria-trigger-use")
    for total in (1, 2):
        database.run(state, token=newer)
        assert database.run(write, id=42, total=total) == 1
        database.run(clear)
    with pytest.raises(pymysql.err.OperationalError, match="no fencing token"):
        database.run(write, id=42, total=3)
    database.run(state, token=late)
    with pytest.raises(pymysql.err.OperationalError, match="is late"):
        database.run(write, id=42, total=3)
    assert row(database) == (2, newer)
    # The variable stays with the connection.
    assert database.one("SELECT @fencing_token") == late


def test_the_functions_in_python(database, mariadb_server):
    late, newer, _ = holders.one_after_the_other()
    block = pages.python("maria-python")
    connection = block["connect"](unix_socket=database.connection.unix_socket, user="root",
                                  database=database.one("SELECT database()"))
    try:
        block["set_total"](connection, 42, 7, newer)
        block["set_total"](connection, 42, 7, newer)
        with pytest.raises(block["TooLate"], match="order 42"):
            block["set_total"](connection, 42, 8, late)
    finally:
        connection.close()
    assert row(database) == (7, newer)
