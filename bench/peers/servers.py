# The driver's own few words with the servers: how many commands they received, and the process that it
# stops for a while. A client of its own, so that no client library is needed.
import contextlib
import os
import pathlib
import signal
import socket
import time
import urllib.parse


class ServerError(Exception):
    """A server does not do what is needed."""


def ask(url, *words):
    """One command on a connection of its own, and its reply as text."""
    where = urllib.parse.urlsplit(url)
    with socket.create_connection((where.hostname, where.port or 6379), timeout=5) as link:
        parts = [f'*{len(words)}\r\n'] + [f'${len(word)}\r\n{word}\r\n' for word in words]
        link.sendall(''.join(parts).encode())
        with link.makefile('rb') as replies:
            first = replies.readline().decode()
            if not first or first[0] == '-':
                raise ServerError(f'{url}: {first[1:].strip() or "closed the connection"}')
            if first[0] != '$':
                return first[1:].strip()
            return replies.read(int(first[1:])).decode()


def counts_in(text):
    """The calls of each command, from the text of INFO commandstats."""
    counts = {}
    for line in text.splitlines():
        name, _, fields = line.partition(':')
        if name.startswith('cmdstat_'):
            counts[name[len('cmdstat_'):]] = int(fields.partition('calls=')[2].partition(',')[0])
    return counts


def commands(urls):
    """The calls of each command on all of these servers. Those that scripts call count too."""
    total = {}
    for url in urls:
        for name, calls in counts_in(ask(url, 'INFO', 'commandstats')).items():
            total[name] = total.get(name, 0) + calls
    return total


def difference(after, before):
    """What was called in between, but for the asking itself."""
    counts = {name: calls - before.get(name, 0) for name, calls in after.items() if name != 'info'}
    return {name: calls for name, calls in sorted(counts.items()) if calls}


def process_of(url):
    """The process of a server of this machine. Refuses anything else, since it is to be stopped."""
    for line in ask(url, 'INFO', 'server').splitlines():
        name, _, value = line.partition(':')
        if name == 'process_id':
            kind = pathlib.Path(f'/proc/{value}/comm').read_text(encoding='utf-8').strip()
            if kind.startswith(('redis-server', 'valkey-server')):
                return int(value)
    raise ServerError(f'{url} is no server that can be stopped here')


@contextlib.contextmanager
def frozen(url):
    """The server is stopped within, and answers again afterwards."""
    process = process_of(url)
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)
        end = time.monotonic() + 10
        while True:
            try:
                ask(url, 'PING')
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
