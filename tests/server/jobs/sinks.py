"""A mail server and a receiver of webhooks on this machine, which keep what they are sent."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread


@contextmanager
def mail_sink(refuse: str = "") -> Iterator[tuple[int, list[EmailMessage]]]:
    """Take mail at the yielded port; refuse that for one address."""
    taken: list[EmailMessage] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 sink")
            for line in self.rfile:
                word = line[:4].upper().strip()
                if word == b"RCPT" and refuse and refuse.encode() in line:
                    self.say("550 no")
                elif word == b"DATA":
                    self.say("354 go on")
                    lines = []
                    for text in self.rfile:
                        if text == b".\r\n":
                            break
                        lines.append(text.removeprefix(b".") if text.startswith(b"..") else text)
                    taken.append(message_from_bytes(b"".join(lines), policy=policy.default))
                    self.say("250 taken")
                elif word == b"QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with served(socketserver.TCPServer(("127.0.0.1", 0), Handler)) as port:
        yield port, taken


@contextmanager
def webhook_sink(statuses: list[int]) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """Take messages at the yielded URL; answer with these statuses, then with 204."""
    taken: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(statuses.pop(0) if statuses else 204)
            self.send_header("location", "http://127.0.0.1:9/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with served(HTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}/hook", taken


@contextmanager
def served(server: socketserver.TCPServer) -> Iterator[int]:
    """Serve in a thread until the block ends; yield the port."""
    with server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
