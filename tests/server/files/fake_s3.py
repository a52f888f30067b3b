"""A small S3 server in memory: PUT, GET, HEAD, delete and list (version 2), each request with a checked signature."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape, unescape

BUCKET, REGION, ACCESS, SECRET = "evidence", "eu-test-1", "AKIDTEST", "a-secret-of-a-test"
PAGE = 3  # keys of one page of a list


class FakeS3(ThreadingHTTPServer):
    """The objects of one bucket by their keys; `fails` is the status that every request gets, 0: none."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.fails = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: FakeS3
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        key = unquote(parts.path).removeprefix(f"/{BUCKET}").removeprefix("/")
        if self.server.fails:
            return self._reply(self.server.fails, b"<Error><Code>Failing</Code></Error>")
        if not self._is_signed(parts.path, query, body):
            return self._reply(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        objects = self.server.objects
        if query.get("list-type") == "2":
            return self._reply(200, self._listed(query))
        if "delete" in query:
            keys = re.findall("<Key>(.*?)</Key>", body.decode())
            for each in keys:
                objects.pop(unescape(each), None)
            deleted = "".join(f"<Deleted><Key>{each}</Key></Deleted>" for each in keys)
            return self._reply(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())
        if self.command == "PUT":
            objects[key] = body
            return self._reply(200)
        if self.command == "DELETE":
            objects.pop(key, None)
            return self._reply(204)
        found = objects.get(key)
        if found is None:
            return self._reply(404, b"<Error><Code>NoSuchKey</Code></Error>")
        return self._reply(200, found)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _any  # noqa: N815 - names of the library

    def _listed(self, query: dict[str, str]) -> bytes:
        keys = sorted(k for k in self.server.objects if k.startswith(query.get("prefix", "")))
        keys = [k for k in keys if k > query.get("continuation-token", query.get("start-after", ""))]
        shown, more = keys[:PAGE], len(keys) > PAGE
        time = "2026-11-28T00:00:00.000Z"
        items = "".join(
            f"<Contents><Key>{escape(k)}</Key><Size>{len(self.server.objects[k])}</Size>"
            f"<LastModified>{time}</LastModified><ETag>x</ETag></Contents>"
            for k in shown
        )
        following = f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>" if more else ""
        truncated = str(more).lower()
        return f"<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{items}{following}</ListBucketResult>".encode()

    def _is_signed(self, path: str, query: dict[str, str], body: bytes) -> bool:
        """Check the signature of a request (AWS Signature Version 4), and that it covers the body."""
        said = dict(part.strip().split("=", 1) for part in self.headers["authorization"].split(" ", 1)[1].split(","))
        access, day, region, service, end = said["Credential"].split("/")
        stated = self.headers["x-amz-content-sha256"]
        if (access, region, service) != (ACCESS, REGION, "s3") or stated != sha256(body).hexdigest():
            return False
        names = said["SignedHeaders"].split(";")
        headers = "".join(f"{name}:{' '.join(self.headers[name].split())}\n" for name in names)
        asked = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(query.items()))
        canonical = "\n".join((self.command, path, asked, headers, ";".join(names), stated))
        scope = f"{day}/{region}/{service}/{end}"
        asked_for = sha256(canonical.encode()).hexdigest()
        text = "\n".join(("AWS4-HMAC-SHA256", self.headers["x-amz-date"], scope, asked_for))
        key = f"AWS4{SECRET}".encode()
        for part in (day, region, service, end):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), said["Signature"])

    def _reply(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.send_header("etag", '"x"')
        self.send_header("last-modified", "Sat, 28 Nov 2026 00:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def fake_s3() -> Iterator[FakeS3]:
    """Serve an empty bucket until the block ends."""
    with FakeS3() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
