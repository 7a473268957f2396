"""Fixtures: one throwaway server of each kind for all tests, and sessions in a schema of a test's own."""
import contextlib
import itertools
import os
import signal

import pytest

import servers
from sessions import MariadbSession, PostgresSession

# So that the servers and their folders go, too, when somebody ends the tests.
signal.signal(signal.SIGTERM, signal.default_int_handler)

_numbers = itertools.count(1)


def pytest_configure():
    """Without nodes there are no locks, so nothing here means anything."""
    if not os.environ.get("REDLOCK_NODES"):
        pytest.exit("REDLOCK_NODES is not set: run ./dev stores", returncode=64)


@pytest.fixture(scope="session")
def postgres_server():
    """Connects to PostgreSQL."""
    pytest.importorskip("psycopg2", reason="python3-psycopg2 is not installed")
    if servers.POSTGRES is None:
        pytest.skip("postgres is not installed")
    with servers.postgres() as connect:
        yield connect


@pytest.fixture(scope="session")
def mariadb_server():
    """Connects to MariaDB."""
    pytest.importorskip("pymysql", reason="python3-pymysql is not installed")
    if servers.MARIADBD is None or servers.INSTALL_MARIADB is None:
        pytest.skip("mariadbd or mariadb-install-db is not installed")
    with servers.mariadb() as connect:
        yield connect


@pytest.fixture
def postgres(postgres_server):
    """Makes sessions with PostgreSQL, in a schema that only this test uses."""
    schema = f"test_{next(_numbers)}"
    with contextlib.ExitStack() as stack:
        watch = postgres_server()
        stack.callback(watch.close)
        watch.autocommit = True
        with watch.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {schema}")

        def session():
            connection = postgres_server(options=f"-c search_path={schema}")
            connection.autocommit = True
            made = PostgresSession(connection, watch)
            stack.callback(made.close)
            return made

        yield session


@pytest.fixture
def mariadb(mariadb_server):
    """Makes sessions with MariaDB, in a database that only this test uses. They count the rows that
    were found, unless the test wants those that were changed."""
    from pymysql.constants import CLIENT
    database = f"test_{next(_numbers)}"
    with contextlib.ExitStack() as stack:
        watch = mariadb_server()
        stack.callback(watch.close)
        with watch.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {database}")

        def session(flags=CLIENT.FOUND_ROWS):
            made = MariadbSession(mariadb_server(database=database, client_flag=flags), watch)
            stack.callback(made.close)
            return made

        yield session
