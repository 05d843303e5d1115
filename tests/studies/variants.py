"""What the search for better chains tries: each variant changes some settings of a base configuration.

Knows nothing about how a variant is measured. Labels are shared by all of them, so none changes what is made
when labelling; what trust reads of it is ``reads``.
"""

from __future__ import annotations

from typing import Any

Tables = dict[str, Any]

ALL = "hidden,afterstate,student"


def _reads(names: str) -> Tables:
    return {"trust": {"options": {"reads": names}}}


def _trust(**options: Any) -> Tables:
    return {"trust": {"options": {"reads": ALL, **options}}}


def _keep(**rule: Any) -> Tables:
    return {**_reads(ALL), "keep": rule}


def _train(**settings: Any) -> Tables:
    return {**_reads(ALL), "train": settings}


VARIANTS: dict[str, Tables] = {
    "all evidence, top 25 %": _reads(ALL),
    "reads hidden": _reads("hidden"),
    "reads hidden, afterstate": _reads("hidden,afterstate"),
    "reads hidden, student": _reads("hidden,student"),
    "reads all, search of 2 plies": _reads(f"{ALL},search_depth2_regret_cp,search_depth2_best"),
    "reads all, searches of 2 and 4 plies": _reads(f"{ALL},search"),
    "boosting": {"trust": {"function": "boosting", "options": {"reads": ALL}}},
    "stack of neural, boosting and logistic": {
        "trust": {"function": "stack", "options": {"reads": ALL, "of": "neural,boosting,logistic"}}
    },
    "width 256": _trust(width=256),
    "width 64": _trust(width=64),
    "six networks": _trust(fits=6),
    "input dropout 0.2": _trust(input_dropout=0.2),
    "top 10 %": _keep(top="10%"),
    "top 15 %": _keep(top="15%"),
    "top 35 %": _keep(top="35%"),
    "top 50 %": _keep(top="50%"),
    "top 50 %, weights trust^4": _keep(top="50%", power=4.0),
    "all labels, weights trust^8": _keep(top="100%", power=8.0),
    "learning rate 2e-4": _train(learning_rate=2e-4),
    "learning rate 1e-3": _train(learning_rate=1e-3),
    "4 epochs": _train(epochs=4),
    "4 epochs, learning rate 3e-4": _train(epochs=4, learning_rate=3e-4),
    "batch 64": _train(batch=64),
    "anchor 0.1": _train(anchor=0.1),
    "anchor 0.5": _train(anchor=0.5),
    "log-confidence loss": _train(loss="log_confidence"),
}
