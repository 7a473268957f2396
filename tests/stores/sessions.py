"""A session with a database, statement by statement. What another session holds up runs in the
background, and the server says when it has begun to wait: nobody sleeps and hopes.
"""
import concurrent.futures
import re
import time

PATIENCE = 30


def named(sql):
    """The pages write :name, as psql does; these clients want %(name)s."""
    return re.sub(r"(?<![:\w]):(\w+)", r"%(\1)s", sql)


class Session:
    """One connection. `watch` is another one, which sees whether this one waits for a lock."""

    def __init__(self, connection, watch):
        self.connection = connection
        self.watch = watch
        self.background = concurrent.futures.ThreadPoolExecutor(1)

    def run(self, sql, **values):
        """The rows of a query, or how many rows a statement changed."""
        with self.connection.cursor() as cursor:
            if values:
                cursor.execute(named(sql), values)
            else:
                cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else cursor.rowcount

    def one(self, sql, **values):
        """The only value of the only row."""
        (row,) = self.run(sql, **values)
        (value,) = row
        return value

    def held_up(self, sql, **values):
        """Begins a statement that has to wait; returns once it does. `.result()` has its outcome."""
        outcome = self.background.submit(self.run, sql, **values)
        end = time.monotonic() + PATIENCE
        while not self.waits():
            assert not outcome.done(), f"did not wait, but came to {outcome.result()}: {sql}"
            assert time.monotonic() < end, f"neither waits nor ends: {sql}"
            time.sleep(0.005)
        return outcome

    def close(self):
        """Ends the connection, and with it what still waits."""
        self.end()
        self.background.shutdown()
        self.connection.close()


class PostgresSession(Session):
    """A session with PostgreSQL."""

    def waits(self):
        """Whether a lock of another session holds it up."""
        with self.watch.cursor() as cursor:
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s))", [self.connection.get_backend_pid()])
            return cursor.fetchone()[0] > 0

    def end(self):
        """Ends it on the server."""
        with self.watch.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [self.connection.get_backend_pid()])


class MariadbSession(Session):
    """A session with MariaDB."""

    def waits(self):
        """Whether a lock holds it up. No other session of the tests may wait meanwhile."""
        # information_schema.innodb_trx would be a copy that is not renewed while one keeps asking.
        with self.watch.cursor() as cursor:
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'")
            return int(cursor.fetchone()[1]) > 0

    def end(self):
        """Ends it on the server."""
        with self.watch.cursor() as cursor:
            cursor.execute(f"KILL CONNECTION {self.connection.thread_id()}")
