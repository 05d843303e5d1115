"""The reference of tables of labels, from the Arrow schemas and the registry of evidence."""

from __future__ import annotations

from docs.build.docstrings import to_cell
from w2s.evidence_kinds import EVIDENCE, EvidenceKind
from w2s.schemas import LABELS, arena_labels_schema

_ALL = {
    "id": "Unique id of the label. In an arena it consists of game, configuration, match, ply and player.",
    "task": "`move`, `choice` or `answer`.",
    "label": "The answer in canonical form: UCI for chess, a column for Connect Four, a square for Othello, "
    "a letter for a choice, the final answer for an answer. If the answer is not legal: the text of the model.",
    "log_prob": "Log-probability of the label, in nats. Null if the model gives no probabilities.",
    "margin": "Probability of the label minus probability of the runner-up.",
    "entropy": "Entropy over all possible labels, in nats.",
    "n_options": "Number of possible labels: legal moves or options.",
    "samples": "Labels that were drawn, if the model was sampled.",
    "raw": "The text that the model wrote, if there is one.",
    "model": "Reference of the model.",
    "correct": "Whether the label is right; null if unknown. In an arena: whether the verdict is `best`.",
}
_ARENA = {
    "game": "Name of the game.",
    "match": "Number of the match.",
    "ply": "Number of the ply, counted from the opening's first position.",
    "position": "The position: FEN for chess, a diagram for the other games.",
    "key": "Identity of the position. Equal keys are equal positions up to transposition and move clocks.",
    "move_san": "The move in the notation that people read.",
    "player": "Name of the player that gave the label.",
    "played": "Whether this move was played in the match.",
    "legal": "Whether the label is a legal move.",
    "failure": "Why the label is not a legal move: `illegal`, `unparsable`, `ambiguous`, or a failure of the model: `time`, `crash`, `stall`, `reply` or `void`. Null for a legal move.",
    "rejected": "Answers that were refused before this one.",
    "value_cp": "The player's own value of its move, from its own view, in hundredths of a pawn or disc.",
    "rules_ok": "Whether the rules confirm the move.",
    "outcome": "Result of the match for the player to move: `win`, `draw` or `loss`.",
    "peer_agrees": "Whether the other player's label is the same move.",
    "ORACLE_best": "Best move of the oracle, for example in `search_depth2_best`.",
    "ORACLE_regret_cp": "Value of the best move minus value of the label, in hundredths, capped.",
    "ORACLE_wdl": "Result with best play for the player to move: 1, 0 or −1.",
    "verdict": "`best`, `good`, `inaccurate`, `blunder`, `illegal`, `unparsable` or `unknown`.",
    "verdict_by": "The oracle that decided the verdict.",
}
_EXTRA = {
    "example_id": ("string", "With `--proposals`: id of the example. All its labels share it."),
    "proposal": ("int32", "With `--proposals`: place of the label among those of the example, from 1."),
    "group": ("string", "Rows of one group stay in one split and one fold, for example those of one match."),
    "moves": ("list<string>", "Legal moves, if what a teacher finds by looking ahead becomes soft labels."),
    "improved": (
        "list<double>",
        "With `moves`: their probabilities in the policy that looking ahead improves.",
    ),
    "move_values": ("list<double>", "With `moves`: their values after looking ahead, from -1 to 1."),
    "afterstate_logit": (
        "float",
        "Value of the afterstate for the player who moved, if the network has one.",
    ),
    "check_logit": ("float", "Language models: log-odds of yes to the question whether the label is right."),
    "majority": (
        "string",
        "With the evidence `samples:N`: the label that most samples mean, of equally many the first drawn.",
    ),
    "student_log_prob": ("float", "Log-probability of the label by the untrained student (`--student`)."),
    "student_rank": ("int32", "Rank of the label in the student's distribution, from 0."),
    "student_margin": ("float", "Probability of the label minus that of the student's best other label."),
    "student_entropy": ("float", "Entropy of the student's distribution, in nats."),
}
_SOURCES = {
    "answer": "comes with the label",
    "state": "vectors of a network",
    "request": "requested from a language model",
    "oracle": "a search",
    "table": "added by the user",
}


def labels_page() -> str:
    """The page as Markdown."""
    arena = arena_labels_schema(["ORACLE"])
    own = [one for one in arena if one.name not in LABELS.names]
    return f"""# Table of labels

A table of labels has one row per label. `w2s label` writes it, an arena writes it to `labels.parquet` in the
folder of its run, and `w2s trust`, `w2s filter` and `w2s train` read it. The format is Parquet; `w2s trust` also
reads JSON Lines, CSV and Arrow. This page is generated from `w2s.schemas` and `w2s.evidence_kinds`.

## Which columns are needed

| command | columns that must be there |
|---|---|
| `w2s filter` | The score columns that you name. Nothing else. |
| `w2s trust compare`, `fit` | The gold column that you name (true or false, or 1 or 0; null if unknown), and the evidence that the function reads: columns that you name with `--features`, or those that it reads by itself. |
| `w2s trust score` | The same evidence. |
| `w2s train` | `id`, `label`, and the example: `position` for moves, `question` and `options` for choices, `question` for answers. |

For `w2s trust`, `id` is optional: text or whole numbers, unique; without it the number of the row. `group`, `label` and
`log_prob` are optional too: `group` keeps rows in one fold, and the others are read if they are there.

## Columns of every table

| column | type | meaning |
|---|---|---|
{_rows(LABELS, _ALL)}

`w2s label` also copies the columns of the example: `position`, `start`, `played` and `solutions` of moves,
`question` and `options` of choices, `question` of answers, with `difficulty` and `group`.

## Columns that options add

| column | type | meaning |
|---|---|---|
{_extra_rows()}

## Columns of an arena

| column | type | meaning |
|---|---|---|
{_rows(own, _ARENA)}

## Evidence

Names of evidence, as `--evidence`, chains and trust functions use them. Vectors are stored in a Parquet file of
that name next to the table, with the columns `id` and `vector`. They are joined by `id`.

| evidence | source | columns | meaning | if it is missing |
|---|---|---|---|---|
{_evidence_rows()}
"""


def _rows(schema: object, meanings: dict[str, str]) -> str:
    return "\n".join(f"| `{one.name}` | {one.type} | {to_cell(meanings[one.name])} |" for one in schema)  # type: ignore[attr-defined]


def _extra_rows() -> str:
    return "\n".join(f"| `{name}` | {kind} | {to_cell(about)} |" for name, (kind, about) in _EXTRA.items())


def _evidence_rows() -> str:
    return "\n".join(_evidence_row(kind) for kind in EVIDENCE.values())


def _evidence_row(kind: EvidenceKind) -> str:
    columns = ", ".join(f"`{name}`" for name in kind.columns) or f"`{kind.name}.parquet`"
    return (
        f"| `{kind.example}` | {_SOURCES[kind.source]} | {columns} | {to_cell(kind.about)} | "
        f"{to_cell(kind.remedy)} |"
    )
