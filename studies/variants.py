"""What the search for better chains tries: each variant changes some settings of a base configuration.

All variants share the labels, so none changes the evidence that is stored; ``features`` is the part of it
that trust reads.
"""

from __future__ import annotations

from typing import Any

Tables = dict[str, Any]

ORACLES = ("search:depth=2", "search:depth=3")
STATES = "hidden,afterstate,student"
DEEPER = f"{STATES},search"


def _trust(function: str = "boosting", features: str = DEEPER, **options: Any) -> Tables:
    return {"trust": {"function": function, "options": {"features": features, **options}}}


def _keep(**rule: Any) -> Tables:
    return {**_trust(), "keep": rule}


def _train(**settings: Any) -> Tables:
    return {**_keep(top="50%"), "train": settings}


def _teach(**settings: Any) -> Tables:
    return {**_keep(top="50%"), "teach": settings}


EVIDENCE: dict[str, Tables] = {
    "neural reads hidden": _trust("neural", "hidden"),
    "neural reads hidden, afterstate": _trust("neural", "hidden,afterstate"),
    "neural reads hidden, student": _trust("neural", "hidden,student"),
    "neural reads hidden, afterstate, student": _trust("neural", STATES),
    "neural reads these and a search of 2 plies": _trust(
        "neural", f"{STATES},search_depth2_best,search_depth2_regret_cp"
    ),
    "neural reads these and searches of 2 and 3 plies": _trust("neural"),
}

FUNCTIONS: dict[str, Tables] = {
    "boosting": _trust(),
    "boosting without searches": _trust(features=STATES),
    "logistic": _trust("logistic"),
    "neural, width 256": _trust("neural", width=256),
    "neural, width 64": _trust("neural", width=64),
    "neural, six networks": _trust("neural", fits=6),
    "search agreement": {"trust": {"function": "search_agreement"}},
    "stack of logistic and boosting": _trust("stack", of="logistic,boosting"),
}

KEEP: dict[str, Tables] = {
    "top 10 %": _keep(top="10%"),
    "top 35 %": _keep(top="35%"),
    "top 50 %": _keep(top="50%"),
    "top 70 %": _keep(top="70%"),
    "certified purity 0.9": _keep(purity=0.9),
    "certified purity 0.95": _keep(purity=0.95),
    "top 70 %, weights trust^4": _keep(top="70%", power=4.0),
    "all labels, weights trust^8": _keep(top="100%", power=8.0),
}

TRAIN: dict[str, Tables] = {
    "learning rate 2e-4": _train(learning_rate=2e-4),
    "learning rate 1e-3": _train(learning_rate=1e-3),
    "1 epoch": _train(epochs=1),
    "4 epochs": _train(epochs=4),
    "best of 6 epochs on a tenth held back": _train(epochs=6, holdout=0.1),
    "anchor 0.1": _train(anchor=0.1),
    "log-confidence loss": _train(loss="log_confidence"),
    "soft labels of the teacher": _teach(soft="teacher"),
    "soft labels of trust": _teach(soft="trust"),
    "all labels, soft by trust": {**_keep(top="100%"), "teach": {"soft": "trust"}},
}

_ALL_ARMS = {"arms": ["base", "gold", "trust", "gold+trust", "gold-then-trust", "trust-then-gold", "self"]}

GOLD: dict[str, Tables] = {
    "with gold": {**_keep(top="50%"), **_ALL_ARMS},
    "second at a tenth of the rate": {**_teach(later_rate=0.1), **_ALL_ARMS},
}

_ROUNDS: Tables = {"rounds": 3, "arms": ["base", "trust", "gold+trust"]}

ROUNDS: dict[str, Tables] = {
    "three rounds, top 50 %": {**_keep(top="50%"), **_ROUNDS},
    "three rounds, certified purity 0.95": {**_keep(purity=0.95), **_ROUNDS},
}

PROPOSALS: dict[str, Tables] = {
    "3 proposals, top 50 %": {**_keep(top="50%"), "proposals": 3},
    "3 proposals, top 70 %": {**_keep(top="70%"), "proposals": 3},
    "3 proposals, certified purity 0.95": {**_keep(purity=0.95), "proposals": 3},
}

GROUPS = {
    "evidence": EVIDENCE,
    "functions": FUNCTIONS,
    "keep": KEEP,
    "rounds": ROUNDS,
    "gold": GOLD,
    "train": TRAIN,
    "proposals": PROPOSALS,
}
