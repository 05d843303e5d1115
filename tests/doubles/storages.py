"""Remote storages on loopback: a server of S3, and a web server that also answers as a hub does."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BUCKET = "bucket"
_LISTENING = re.compile(r"http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class S3Server:
    """A running server with one bucket."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach it."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "secret-of-the-test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @functools.cached_property
    def client(self) -> Any:
        """A client of boto3."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="secret-of-the-test",
            region_name="us-east-1",
        )

    def put(self, key: str, data: bytes) -> None:
        """Write an object."""
        self.client.put_object(Bucket=BUCKET, Key=key, Body=data)

    def get(self, key: str) -> bytes:
        """The bytes of an object."""
        return bytes(self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def keys(self, prefix: str = "") -> list[str]:
        """The names of all objects."""
        found = self.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [one["Key"] for one in found.get("Contents", [])]

    def clear(self) -> None:
        """Remove all objects."""
        for key in self.keys():
            self.client.delete_object(Bucket=BUCKET, Key=key)


@contextmanager
def s3_server(log: Path) -> Iterator[S3Server]:
    """A server in a process of its own, with an empty bucket."""
    with log.open("wb") as target:
        command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
        process = subprocess.Popen(command, stdout=target, stderr=target, env=environment)
    try:
        server = S3Server(_address(log, process))
        server.client.create_bucket(Bucket=BUCKET)
        yield server
    finally:
        process.kill()
        process.wait()


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        found = _LISTENING.search(log.read_text(errors="replace"))
        if found is not None:
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"the server of S3 did not start: {log.read_text(errors='replace')[-2000:]}")


@dataclass
class FileServer:
    """A web server of files in memory, which also answers what a hub answers about a dataset.

    Attributes:
        files: bytes by path.
        ranges: the ranges that were asked for, in order.
        token: if not empty, requests without this query are refused.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: list[tuple[str, int, int]] = field(default_factory=list)
    token: str = ""
    url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler, *, with_body: bool) -> None:
        """Answer one GET or HEAD."""
        parts = urlsplit(handler.path)
        if self.token and parts.query != self.token:
            handler.send_error(403, "signature does not match")
            return
        if (listed := self._hub_answer(parts.path, parts.query)) is not None:
            _send(handler, 200, json.dumps(listed).encode(), {"Content-Type": "application/json"}, with_body)
            return
        name = re.sub(r"^/datasets/([^/]+/[^/]+)/resolve/[^/]+", r"/\1", parts.path)
        data = self.files.get(name)
        if data is None:
            handler.send_error(404)
            return
        headers = {"Accept-Ranges": "bytes", "ETag": '"1"', "X-Repo-Commit": "0" * 40}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", handler.headers.get("Range", ""))
        if wanted is None:
            _send(handler, 200, data, headers, with_body)
            return
        begin = int(wanted[1])
        end = min(len(data), int(wanted[2]) + 1 if wanted[2] else len(data))
        self.ranges.append((name, begin, end))
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{len(data)}"
        _send(handler, 206, data[begin:end], headers, with_body)

    def _hub_answer(self, path: str, query: str) -> Any:
        found = re.fullmatch(r"/api/datasets/([^/]+/[^/]+)(?:/(revision|tree|paths-info)/[^/]+(/.*)?)?", path)
        if found is None:
            return None
        repository, kind, below = found[1], found[2], (found[3] or "").strip("/")
        start = f"/{repository}/{below}/" if below else f"/{repository}/"
        entries: dict[str, Any] = {}
        for name, data in sorted(self.files.items()):
            if not name.startswith(start):
                continue
            first, *rest = name.removeprefix(start).split("/")
            path = name.removeprefix(f"/{repository}/")
            if rest and kind == "tree" and "recursive=true" not in query.lower():
                path = f"{below}/{first}" if below else first
                entries[path] = {"type": "directory", "path": path, "oid": "0" * 40}
            else:
                entries[path] = {"type": "file", "path": path, "size": len(data), "oid": "0" * 40}
        if kind in ("tree", "paths-info"):
            return list(entries.values())
        siblings = [{"rfilename": path} for path in entries]
        return {"id": repository, "sha": "0" * 40, "private": False, "siblings": siblings}


def _send(
    handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: Mapping[str, str], with_body: bool
) -> None:
    handler.send_response(status)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    if with_body:
        handler.wfile.write(body)


@contextmanager
def file_server() -> Iterator[FileServer]:
    """A web server on loopback, without files at first."""
    server = FileServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.answer(self, with_body=True)

        def do_HEAD(self) -> None:
            server.answer(self, with_body=False)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            server.answer(self, with_body=True)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        server.url = f"http://127.0.0.1:{web.server_address[1]}"
        threading.Thread(target=web.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            web.shutdown()
