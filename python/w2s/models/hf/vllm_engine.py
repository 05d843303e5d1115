"""Replies written by vLLM, where it is installed; states come from the network of transformers.

Knows nothing about examples: prompts are tokens, replies text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from w2s.errors import UsageError
from w2s.models import draws
from w2s.models.hf.adapters import HOLDS_AN_ADAPTER
from w2s.models.hf.network import Network
from w2s.models.hf.passes import Passes, Room
from w2s.models.hf.settings import HfSettings
from w2s.models.hf.vectors import Vector, half
from w2s.models.hf.weights import one_line
from w2s.models.hf.writing import Manner, Request, Written

_SEEDS = 2**31 - 1


class VllmWriter:
    """Writes replies by vLLM; implements :class:`w2s.models.hf.writing.Writes`.

    The engine starts when the first reply is asked for. Its replies can differ from those of transformers
    in their last tokens, and do not tell entropies.

    Args:
        place: the folder of the model, or its name on the hub.
        settings: dtype and revision.
        network: the same model, for states.
        passes: how the network's work is cut.
    """

    def __init__(self, place: str, settings: HfSettings, network: Network, passes: Passes) -> None:
        if (Path(place) / HOLDS_AN_ADAPTER).is_file():
            raise UsageError(
                "hf-vllm-adapter", f"{place} is an adapter, which engine=vllm does not support; remove engine"
            )
        self._place = place
        self._settings = settings
        self._network = network
        self._passes = passes
        self._engine: Any = None

    def write(self, requests: Sequence[Request], manner: Manner, states: bool) -> list[Written]:
        """One reply for each request, in their order."""
        if not requests:
            return []
        prompts = [{"prompt_token_ids": request.prompt} for request in requests]
        wishes = [_wish(request, manner) for request in requests]
        done = self._started().generate(prompts, wishes, use_tqdm=False)
        written = [_written(one.outputs[0], manner) for one in done]
        if not states:
            return written
        found = self._states(requests, written)
        return [replace(one, state=state) for one, state in zip(written, found, strict=True)]

    def _started(self) -> Any:
        if self._engine is None:
            import vllm

            with one_line(self._place):
                self._engine = vllm.LLM(
                    model=self._place,
                    dtype=self._settings.dtype,
                    revision=self._settings.revision,
                    trust_remote_code=False,
                    load_format="safetensors",
                )
        return self._engine

    def _states(self, requests: Sequence[Request], written: Sequence[Written]) -> list[Vector]:
        rows = [
            (request.name, request.prompt + one.tokens)
            for request, one in zip(requests, written, strict=True)
        ]

        def work(some: Sequence[tuple[str, list[int]]], budget: int) -> list[Vector]:
            del budget
            return list(half(self._network.read([row for _, row in some]).states[:, -1]))

        return self._passes.run(rows, lambda row: Room(1, len(row[1])), lambda row: row[0], work)


def _wish(request: Request, manner: Manner) -> Any:
    import vllm

    return vllm.SamplingParams(
        temperature=manner.temperature,
        max_tokens=request.most,
        stop=list(request.stops),
        stop_token_ids=sorted(manner.ends),
        seed=int(draws.uniform(manner.seed, "write", *request.names) * _SEEDS),
        logprobs=0,
    )


def _written(reply: Any, manner: Manner) -> Written:
    tokens = list(reply.token_ids)
    mean = reply.cumulative_logprob / len(tokens) if tokens else None
    kept = tokens[:-1] if tokens and tokens[-1] in manner.ends else tokens
    return Written(kept, reply.text.strip(), mean)
