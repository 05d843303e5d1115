"""A real server on loopback that speaks chat completions by a script, well or badly."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from w2s.games import game


@dataclass(frozen=True)
class ChatRequest:
    """A request as the server saw it; ``line`` is the connection that it came on."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    line: tuple[str, int]

    @property
    def question(self) -> str:
        return str(self.body["messages"][-1]["content"])


@dataclass(frozen=True)
class ChatReply:
    """A reply, byte for byte; ``length`` is the Content-Length where it is a lie, -1 for none at all."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


Script = Callable[[ChatRequest], "str | ChatReply | Callable[[BaseHTTPRequestHandler], None]"]


def completion(text: Any, logprobs: list[dict[str, Any]] | None = None) -> ChatReply:
    """A well-formed reply."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    if logprobs is not None:
        choice["logprobs"] = {"content": logprobs}
    return ChatReply(json.dumps({"object": "chat.completion", "choices": [choice]}).encode())


def token(text: str, log_prob: float, **others: float) -> dict[str, Any]:
    """One token with its log-probability, and the alternatives."""
    top = [{"token": text, "logprob": log_prob}, *({"token": t, "logprob": p} for t, p in others.items())]
    return {"token": text, "logprob": log_prob, "top_logprobs": top}


class ChatServer:
    """Answers by ``script`` inside a ``with`` block; ``heard`` is every request, in the order of arrival."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.heard: list[ChatRequest] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> ChatServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wrap(self, context: ssl.SSLContext) -> None:
        """Speak https from now on; whoever does not like the certificate hangs up unheard."""
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._server.handle_error = lambda request, address: None  # type: ignore[method-assign]

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def reference(self, **options: object) -> str:
        """The model ``small`` here."""
        pairs = "&".join(f"{name}={value}" for name, value in options.items())
        return f"openai:http://127.0.0.1:{self.port}/v1#small" + (f"?{pairs}" if pairs else "")


def _handler(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard = ChatRequest(self.path, headers, body, self.client_address)
            server.heard.append(heard)
            said = server.script(heard)
            try:
                if callable(said):
                    said(self)
                else:
                    self._say(completion(said) if isinstance(said, str) else said)
            except (BrokenPipeError, ConnectionResetError):  # whoever asked has hung up
                self.close_connection = True

        def _say(self, said: ChatReply) -> None:
            self.send_response(said.status)
            length = len(said.body) if said.length is None else said.length
            if length >= 0:
                self.send_header("Content-Length", str(length))
            if length != len(said.body):
                self.close_connection = True
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def plays(heard: ChatRequest) -> str:
    """A player that knows the rules: a legal move, the same for the same question."""
    asked = heard.question
    name, position = re.findall(r"The position in (.+):\n(.+)\n?", asked)[0]
    moves = game(name.replace(" ", "_")).state(position).legal_moves()
    for mark, is_wanted in (
        ("These moves are not legal: ", False),
        ("Answer with one of these moves: ", True),
    ):
        _, found, rest = asked.partition(mark)
        named = rest.splitlines()[0].split(", ") if found else []
        moves = [move for move in moves if (move in named) == is_wanted] if named else moves
    return moves[sum(position.encode()) % len(moves)]
