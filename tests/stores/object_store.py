"""A small object store over HTTP, for tests: GET and PUT with conditions, and ETags as S3 has them, that
is, of the contents alone.
"""
import contextlib
import hashlib
import http.client
import http.server
import threading

METADATA = "x-amz-meta-fence"


class Store(http.server.ThreadingHTTPServer):
    """Objects by their paths, and what is to happen to the next PUT."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects = {}
        self.guard = threading.Lock()
        self.next_put = []

    def connect(self):
        """A connection to it."""
        return http.client.HTTPConnection(*self.server_address, timeout=30)


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Nothing: the tests say what is wrong."""

    def answer(self, status, body=b"", **headers):
        """Sends an answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        """Reads an object."""
        with self.server.guard:
            found = self.server.objects.get(self.path)
        if found is None:
            return self.answer(404)
        body, metadata = found
        return self.answer(200, body, ETag=etag_of(body), **{METADATA: metadata})

    def do_PUT(self):
        """Replaces an object, if the conditions hold."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        event = self.server.next_put.pop(0) if self.server.next_put else None
        if callable(event):
            event()
        if event == "conflict":
            return self.answer(409)
        with self.server.guard:
            found = self.server.objects.get(self.path)
            wanted = self.headers["If-Match"]
            if wanted is not None and (found is None or etag_of(found[0]) != wanted):
                return self.answer(412)
            if self.headers["If-None-Match"] == "*" and found is not None:
                return self.answer(412)
            self.server.objects[self.path] = body, self.headers.get(METADATA, "0")
        if event == "answer lost":
            self.close_connection = True
            return None
        return self.answer(200, ETag=etag_of(body))


def etag_of(body):
    """The ETag of these contents."""
    return f'"{hashlib.md5(body).hexdigest()}"'


@contextlib.contextmanager
def object_store():
    """A store while it is used."""
    with Store() as store:
        thread = threading.Thread(target=store.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield store
        finally:
            store.shutdown()
            thread.join()
