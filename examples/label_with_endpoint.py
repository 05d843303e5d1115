"""Label questions with a language model behind an endpoint, and keep the labels it is sure of.

    python examples/label_with_endpoint.py
    python examples/label_with_endpoint.py --url http://127.0.0.1:8000/v1 --model NAME

Needs the light install and jinja2. Without `--url` it starts a small local server, so that it works without
a network. With `--url` it uses any server with the chat completions of OpenAI, for example vLLM or llama.cpp.
The key of the server, if it needs one, is read from W2S_API_KEY. Takes about two seconds and writes three
tables into the current folder.
"""

import argparse
import json
import random
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow.parquet as pq

import w2s
from w2s.labelling import LabelSpec, label_file
from w2s.tasks import read_examples


class StubModel(BaseHTTPRequestHandler):
    """A model that cannot carry: it often takes 27 + 35 for 52, but samples differ; above 150 they do not."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer one chat completion."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        question = request["messages"][-1]["content"]
        left, right = map(int, re.findall(r"What is (\d+) \+ (\d+)", question)[-1])
        answer = left + right
        if left % 10 + right % 10 > 9:  # the sum needs a carry
            guess = random.Random(f"{left} {right} {request.get('seed')}")
            answer -= 10 if answer > 150 else guess.choice([0, 10, 10, 20])
        reply = {"role": "assistant", "content": f"The answer is \\boxed{{{answer}}}."}
        choice = {"index": 0, "message": reply, "finish_reason": "stop"}
        body = json.dumps({"object": "chat.completion", "choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the terminal quiet."""


def start_stub() -> str:
    """Start the stub on a free port; the address ends with the program."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), StubModel)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/v1"


def main(url: str | None, name: str) -> None:
    """Label 60 sums, then filter the labels."""
    # Questions with a final answer are the task `answer`. Here the right answers are known; they only measure
    # the labels.
    draw = random.Random(0)
    sums = [(draw.randint(10, 99), draw.randint(10, 99)) for _ in range(60)]
    rows = [{"question": f"What is {left} + {right}?", "answer": str(left + right)} for left, right in sums]
    Path("sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    # A model is named by a reference. Samples are further answers, drawn at a higher temperature. The share
    # of them that means the same as the label is its self-consistency.
    reference = f"openai:{url or start_stub()}#{name}"
    spec = LabelSpec(w2s.load_model(reference), evidence=("samples:8",))
    label_file(read_examples("sums.jsonl", "answer"), spec, Path("labels.parquet"), overwrite=True)

    labels = pq.read_table("labels.parquet")
    for row in labels.slice(0, 5).to_pylist():
        word = "right" if row["correct"] else "wrong"
        print(
            f"{row['question']:20} {row['label']:>4} {word}, self-consistency {row['self_consistency']:.2f}"
        )
    print(f"right among all labels:   {sum(labels['correct'].to_pylist())} of {len(labels)}")

    # A label that the model repeats is more likely to be right. No known answer is needed for that.
    w2s.filter("labels.parquet", "kept.parquet", score="self_consistency", threshold=0.9, overwrite=True)
    kept = pq.read_table("kept.parquet")
    print(f"right among kept labels:  {sum(kept['correct'].to_pylist())} of {len(kept)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", help="base address of a server, ending in /v1")
    parser.add_argument("--model", default="stub", help="name of the model at that server")
    given = parser.parse_args()
    main(given.url, given.model)
