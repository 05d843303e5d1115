"""How likely a model holds each label of an example: what soft targets are made of.

Knows nothing about labels, trust or training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from w2s.chain.steps import Facts, step
from w2s.errors import UsageError
from w2s.evidence import read_table, write_table
from w2s.models import SupportsDistribution, load_model
from w2s.models.few_shot import give_shots, labelled_shots
from w2s.tasks import Example

FILE = "beliefs.parquet"
_SCHEMA = pa.schema(
    [("id", pa.string()), ("moves", pa.list_(pa.string())), ("probs", pa.list_(pa.float64()))]
)
Beliefs = Mapping[str, Mapping[str, float]]
"""By id of the example, then by label."""


def beliefs_of(
    folder: Path,
    reference: str,
    examples: Sequence[Example],
    gold: Sequence[Example],
    seed: int,
    inputs: object,
) -> Beliefs:
    """What a model believes of each example; asked once and then read.

    ``gold``: what it is shown in front of each, where its reference asks for that.

    Raises:
        UsageError: the model has no distribution over labels.
    """

    def work() -> Facts:
        model = load_model(reference, seed=seed)
        try:
            if not isinstance(model, SupportsDistribution):
                raise UsageError(
                    "chain-model-without-distribution",
                    f"{reference} gives no probabilities of labels, which teach.soft needs; leave teach.soft "
                    "out, or name a policy: or lc0: net or an hf: model",
                )
            give_shots(model, labelled_shots(gold))
            found = model.distributions(examples)
        finally:
            model.close()
        rows = [
            {"id": example.id, "moves": list(belief), "probs": list(belief.values())}
            for example, belief in zip(examples, found, strict=True)
        ]
        write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), folder / FILE)
        return {"model": reference}

    step(folder, [inputs, reference], work)
    columns = read_table(folder / FILE).to_pydict()
    return {
        id_: dict(zip(moves, probs, strict=True))
        for id_, moves, probs in zip(columns["id"], columns["moves"], columns["probs"], strict=True)
    }
