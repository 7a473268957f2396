"""Throwaway database servers: in a folder of their own, behind a unix socket, and as a user without
rights, since PostgreSQL refuses root. They die with the tests, however those end.
"""
import contextlib
import glob
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time

PATIENCE = 60


def find(tool, *patterns):
    """A program of a package, which need not be in the PATH. None: it is not installed."""
    for pattern in patterns:
        for found in sorted(glob.glob(pattern), reverse=True):
            if os.access(found, os.X_OK):
                return found
    return shutil.which(tool)


POSTGRES = find("postgres", "/usr/lib/postgresql/*/bin/postgres")
MARIADBD = find("mariadbd", "/usr/sbin/mariadbd")
INSTALL_MARIADB = find("mariadb-install-db")


def user_for(wanted):
    """Who runs the server: we, or in root's place somebody who may do little."""
    if os.getuid() != 0:
        return None
    for name in (wanted, "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise AssertionError("there is neither a user nobody nor " + wanted)


def as_user(user):
    """The beginning of a command that runs as this user and that the end of the tests kills."""
    other = [] if user is None else [
        f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return ["setpriv", *other, "--pdeathsig=KILL"]


@contextlib.contextmanager
def folder_of(user):
    """A folder that goes with the server."""
    # The path of a unix socket has little room, so it is not below a long TMPDIR.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="redlock-stores-", dir="/tmp"))
    try:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(command, folder):
    """Runs a preparation; fails with all that it said."""
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, f"{command[-1]}: {done.returncode}\n{done.stdout}"


@contextlib.contextmanager
def serving(command, folder, answers):
    """A server, from its first answer to its end."""
    with open(folder / "log", "w+", encoding="utf-8", errors="replace") as log:
        server = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                                  stderr=subprocess.STDOUT)
        try:
            end = time.monotonic() + PATIENCE
            while not answers():
                log.seek(0)
                assert server.poll() is None, f"the server ended: {server.returncode}\n{log.read()}"
                assert time.monotonic() < end, f"the server does not answer\n{log.read()}"
                time.sleep(0.02)
            yield
        finally:
            server.kill()
            server.wait()


def connects(connect, error):
    """Whether a connection can be made."""
    try:
        connect().close()
    except error:
        return False
    return True


@contextlib.contextmanager
def postgres():
    """A PostgreSQL server; yields a function that connects to it."""
    import psycopg2
    user = user_for("postgres")
    with folder_of(user) as folder:
        data = folder / "data"
        initdb = pathlib.Path(POSTGRES).with_name("initdb")
        run([*as_user(user), initdb, "--no-sync", "--auth=trust", "--username=test", "--encoding=UTF8",
             "--no-locale", "-D", data], folder)

        def connect(**more):
            return psycopg2.connect(host=str(folder), user="test", dbname="postgres", **more)

        command = [*as_user(user), POSTGRES, "-D", data, "-k", folder, "-c", "listen_addresses=",
                   "-c", "fsync=off", "-c", "shared_buffers=16MB"]
        with serving(command, folder, lambda: connects(connect, psycopg2.OperationalError)):
            yield connect


@contextlib.contextmanager
def mariadb():
    """A MariaDB server; yields a function that connects to it."""
    import pymysql
    user = user_for("mysql")
    with folder_of(user) as folder:
        data, socket = folder / "data", folder / "socket"
        run([*as_user(user), INSTALL_MARIADB, "--no-defaults", f"--datadir={data}",
             "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"],
            folder)

        def connect(**more):
            return pymysql.connect(unix_socket=str(socket), user="root", autocommit=True, **more)

        command = [*as_user(user), MARIADBD, "--no-defaults", f"--datadir={data}",
                   f"--socket={socket}", "--skip-networking", "--innodb-flush-log-at-trx-commit=0",
                   f"--pid-file={folder / 'pid'}"]
        with serving(command, folder, lambda: connects(connect, pymysql.err.OperationalError)):
            yield connect
