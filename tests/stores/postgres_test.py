"""The recipes for PostgreSQL, each with two holders of which one is late."""
import os
import pathlib
import subprocess

import holders
import pages
import pytest
import servers

psycopg2 = pytest.importorskip("psycopg2", reason="python3-psycopg2 is not installed")
CLAIM = pages.statement("pg-claim")
WRITE = pages.statement("pg-write")
UPSERT = pages.statement("pg-upsert")


@pytest.fixture
def database(postgres):
    """A session with the table of the page and one order."""
    session = postgres()
    session.run(pages.statement("orders"))
    session.run("INSERT INTO orders VALUES (42, 100)")
    session.run(pages.statement("pg-column"))
    return session


def row(session):
    """The order and its fence."""
    return session.run("SELECT total, fence FROM orders WHERE id = 42")[0]


def test_a_holder_that_was_paused_beyond_its_lease_is_refused(database):
    pair = holders.paused_beyond_its_lease()
    assert database.one(CLAIM, id=42, token=pair.late) == 100
    assert database.one(CLAIM, id=42, token=pair.newer) == 100
    # It wakes up before the newer one has written anything.
    assert database.run(WRITE, id=42, total=101, token=pair.late) == 0
    assert database.run(WRITE, id=42, total=110, token=pair.newer) == 1
    assert database.run(WRITE, id=42, total=102, token=pair.late) == 0
    assert database.run(CLAIM, id=42, token=pair.late) == []
    assert row(database) == (110, pair.newer)


def test_one_holder_writes_as_often_as_it_likes(database):
    late, newer, _ = holders.one_after_the_other()
    for _ in range(2):
        assert database.run(CLAIM, id=42, token=newer) == [(100,)]
    for total in (1, 2, 2):
        assert database.run(WRITE, id=42, total=total, token=newer) == 1
    assert database.run(WRITE, id=42, total=3, token=late) == 0
    assert row(database) == (2, newer)


def test_a_write_raises_the_fence_without_a_claim(database):
    late, newer, _ = holders.one_after_the_other()
    assert database.run(WRITE, id=42, total=1, token=newer) == 1
    assert database.run(WRITE, id=42, total=2, token=late) == 0
    assert row(database) == (1, newer)


def test_insert_or_update(database):
    late, newer, _ = holders.one_after_the_other()
    assert database.run(UPSERT, id=7, total=1, token=newer) == 1
    assert database.run(UPSERT, id=7, total=1, token=newer) == 1
    assert database.run(UPSERT, id=7, total=2, token=late) == 0
    assert database.run("SELECT total, fence FROM orders WHERE id = 7") == [(1, newer)]
    # A row that was there before there were fences.
    assert database.run(UPSERT, id=42, total=3, token=late) == 1
    assert row(database) == (3, late)


def test_a_deleted_row_takes_its_fence_with_it(database):
    late, newer, _ = holders.one_after_the_other()
    database.run(WRITE, id=42, total=1, token=newer)
    database.run("DELETE FROM orders WHERE id = 42")
    assert database.run(UPSERT, id=42, total=2, token=late) == 1


def test_many_rows_under_one_lock(database):
    late, newer, resource = holders.one_after_the_other()
    database.run(pages.statement("pg-fences"))
    database.run("INSERT INTO orders VALUES (43, 5)")
    begin, claim, read, write, commit = pages.statements("pg-transaction")
    for token, total in ((late, 105), (newer, 106), (newer, 107)):
        database.run(begin)
        assert database.run(claim, resource=resource, token=token) == 1
        assert database.one(read) == total
        assert database.run(write, id=42) == 1
        database.run(commit)
    database.run(begin)
    assert database.run(claim, resource=resource, token=late) == 0
    database.run("ROLLBACK")
    again = pages.statement("pg-for-update")
    assert database.run(again, resource=resource, token=newer) == [(1,)]
    assert database.run(again, resource=resource, token=late) == []
    assert database.one(read) == 108


def test_each_permit_has_a_fence_of_its_own(database):
    name = holders.new_name("pool")
    claim = pages.statements("pg-transaction")[1]
    database.run(pages.statement("pg-fences"))
    first = holders.acquire(name, "--permits", "2")
    second = holders.acquire(name, "--permits", "2")
    assert {first.slot, second.slot} == {0, 1}
    holders.redlock("release", "--permits", "2", name, first.token)
    third = holders.acquire(name, "--permits", "2")
    assert third.slot == first.slot
    for held, rows in ((second, 1), (first, 1), (third, 1), (first, 0), (second, 1)):
        assert database.run(claim, resource=f"{name}/{held.slot}", token=held.fence) == rows


def use(session, token, total=1):
    """A transaction of a writer that knows of no fence but the setting."""
    begin, state, write, commit = pages.statements("pg-trigger-use")
    session.run(begin)
    try:
        session.run(state, token=token)
        session.run(write, id=42, total=total)
        session.run(commit)
    except psycopg2.Error:
        session.run("ROLLBACK")
        raise


def test_the_trigger_refuses_who_is_late_and_who_forgets(database):
    late, newer, _ = holders.one_after_the_other()
    database.run(pages.text("pg-trigger"))
    forgotten = pytest.raises(psycopg2.errors.RaiseException, match="no fencing token: set")
    with forgotten:
        database.run("UPDATE orders SET total = 0")
    use(database, newer)
    use(database, newer, 2)
    assert row(database) == (2, newer)
    with pytest.raises(psycopg2.errors.RaiseException, match=f"{late} is late: {newer} was here"):
        use(database, late, 3)
    # The setting has ended with its transaction.
    for statement in ("UPDATE orders SET total = 0", "DELETE FROM orders",
                      "INSERT INTO orders VALUES (1, 1)"):
        with pytest.raises(psycopg2.errors.RaiseException, match="no fencing token: set"):
            database.run(statement)
    assert row(database) == (2, newer)
    database.run("SELECT set_config('app.fencing_token', :token, false)", token=str(late))
    with pytest.raises(psycopg2.errors.RaiseException, match="is late"):
        database.run("DELETE FROM orders")
    database.run("SELECT set_config('app.fencing_token', :token, false)", token=str(newer))
    assert database.run("INSERT INTO orders VALUES (1, 1)") == 1
    assert database.one("SELECT fence FROM orders WHERE id = 1") == newer
    assert database.run("DELETE FROM orders") == 2


def test_the_trigger_raises_the_fence_for_who_reads_first(database):
    late, newer, _ = holders.one_after_the_other()
    database.run(pages.text("pg-trigger"))
    database.run("SELECT set_config('app.fencing_token', :token, false)", token=str(newer))
    assert database.one("UPDATE orders SET fence = fence WHERE id = :id RETURNING total", id=42) == 100
    assert row(database) == (100, newer)
    with pytest.raises(psycopg2.errors.RaiseException, match="is late"):
        use(database, late)


def test_psql_below_redlock_run(database, postgres_server, tmp_path):
    late = holders.acquire("orders:42")
    holders.redlock("release", "orders:42", late.token)
    database.run(pages.text("pg-trigger"))
    (tmp_path / "total.sql").write_text(pages.text("pg-psql-file"), encoding="utf-8")
    connection = database.connection
    path = [str(pathlib.Path(holders.REDLOCK).parent), str(pathlib.Path(servers.POSTGRES).parent)]
    environment = {
        **os.environ, "PATH": os.pathsep.join([*path, os.environ["PATH"]]),
        "PGHOST": connection.info.host, "PGUSER": "test", "PGDATABASE": "postgres",
        "PGOPTIONS": f"-c search_path={database.one('SHOW search_path')}"}

    def shell(command, **more):
        return subprocess.run(["sh", "-c", command], cwd=tmp_path, env={**environment, **more},
                              capture_output=True, text=True, timeout=60, check=False)

    done = shell(pages.text("pg-psql"))
    assert (done.returncode, done.stderr) == (0, "")
    total, fence = row(database)
    assert total == 100 and fence > late.fence
    database.run("SELECT set_config('app.fencing_token', :token, false)", token=str(fence))
    database.run("UPDATE orders SET total = 110")
    command = pages.text("pg-psql").partition(" -- ")[2]
    done = shell(command, REDLOCK_FENCING_TOKEN=str(late.fence))
    assert done.returncode == 3, done.stderr
    assert "is late" in done.stderr
    assert row(database) == (110, fence)


def test_readers_and_writers_have_two_numbers(database):
    name = holders.new_name("orders")
    first = holders.acquire(name)
    holders.redlock("release", name, first.token)
    readers = [holders.acquire(name, "--shared") for _ in range(2)]
    for reader in readers:
        holders.redlock("release", name, reader.token)
    last = holders.acquire(name)
    database.run(pages.statement("pg-shared-columns"))
    read = pages.statement("pg-shared-read")
    write = pages.statement("pg-shared-write")
    assert database.run(write, id=42, token=first.fence) == [(100,)]
    for reader in (readers[1], readers[0], readers[1]):
        assert database.run(read, id=42, token=reader.fence) == [(100,)]
    assert database.run(write, id=42, token=first.fence) == []
    assert database.run(write, id=42, token=last.fence) == [(100,)]
    for reader in readers:
        assert database.run(read, id=42, token=reader.fence) == []
    # An exclusive lock that was made a shared one keeps its token.
    assert database.run(read, id=42, token=last.fence) == [(100,)]


def test_a_late_reader_does_not_lower_the_readers_number(database):
    name = holders.new_name("orders")
    tokens = []
    for options in (["--shared"], [], ["--shared"]):
        held = holders.acquire(name, *options)
        holders.redlock("release", name, held.token)
        tokens.append(held.fence)
    late_reader, late_writer, reader = tokens
    database.run(pages.statement("pg-shared-columns"))
    for token in (reader, late_reader):
        assert database.run(pages.statement("pg-shared-read"), id=42, token=token) == [(100,)]
    # Its write would change what the newest reader has read.
    assert database.run(pages.statement("pg-shared-write"), id=42, token=late_writer) == []


def test_the_function_in_python(database):
    late, newer, _ = holders.one_after_the_other()
    block = pages.python("pg-python")
    block["set_total"](database.connection, 42, 7, newer)
    block["set_total"](database.connection, 42, 7, newer)
    with pytest.raises(block["TooLate"], match="order 42"):
        block["set_total"](database.connection, 42, 8, late)
    assert row(database) == (7, newer)
