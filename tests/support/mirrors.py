"""Servers on this machine that send files, and fail, in the ways of the world."""

import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.pictures import FOUR, packed

# A small made data set: the contents of its four files, unpacked, and as they are sent.
UNPACKED = {name: bytes(range(256)) * 40 + name.encode() for name in FOUR}
PACKED = {name: packed(content) for name, content in UNPACKED.items()}
SERVED = {f"{name}.gz": content for name, content in PACKED.items()}


class Handler(BaseHTTPRequestHandler):
    """Sends the files of its server as its server behaves."""

    def do_GET(self):
        name, behaviour = self.path.rpartition("/")[2], self.server.behaviour
        self.server.asked.append(name)
        body = self.server.files.get(name)
        if body is None or behaviour == "missing":
            self.send_error(404)
            return
        length = len(body)
        if behaviour == "other":
            body = bytes(length)
        elif behaviour == "longer":
            body, length = body + b"more", length + 4
        elif behaviour in ("cut", "cut without length"):
            body = body[: length // 2]
        elif behaviour == "page":
            body = b"<html>Please log in</html>"
            length = len(body)
        self.send_response(200)
        if behaviour != "cut without length":
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def mirror(files, behaviour="good"):
    """Serve the files, a dict from names to bytes; give the server, with its .url and the names that it was .asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False  # so that closing waits for the last answer
    server.files, server.behaviour, server.asked = files, behaviour, []
    server.url = f"http://127.0.0.1:{server.server_port}/set/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def dead_url():
    """Return an address at which nobody answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/set/"
