"""Run an arena: two players meet in Connect Four, and an oracle verifies their moves.

    python examples/arena.py

Needs the light install only: both players are searches. Takes two seconds and writes the folder
`arena-run`. A second call finds the run complete and only reads it.
"""

import re

import pyarrow.parquet as pq

import w2s

# Options override the bundled configuration of the game. `search:depth=2` looks two moves ahead. `noise_cp`
# adds noise to its values, so that the games differ. The oracle looks further ahead than both players.
spec = w2s.arena.load_spec(
    game="connect_four",
    options={
        "players": {"teacher": "search:depth=2&noise_cp=40", "student": "search:depth=4&noise_cp=40"},
        "pairs": 10,  # 20 games: each opening is played twice, with colours swapped
        "verify": {"oracles": ["search:depth=7"], "share": 0.5},  # verify half of the positions
    },
)
results = w2s.arena.run(spec, "arena-run")

# The results are also in arena-run/ratings.json. Intervals are 95 %.
match = results["ratings"]["with_forfeits"]
score, elo = match["score"], match["elo"]
print(f"{match['games']} games: the student wins {match['wins']} and loses {match['losses']}")
print(f"score {score['value']:.2f} [{score['low']:.2f}, {score['high']:.2f}], Elo {elo['value']:+.0f}")

# Both players label every position: a label is the move that a player chooses. The verdict says how good the
# oracle judges the label to be. It is "unknown" in positions that were not drawn for verification.
for player, verdicts in results["verdicts"].items():
    print(f"{player}: " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items() if count))

# labels.parquet has one row per label. `search_regret_cp` says how much worse the move is than the best one.
labels = pq.read_table("arena-run/labels.parquet").to_pylist()
blunders = [row for row in labels if row["verdict"] == "blunder" and row["player"] == "student"]
worst = max(blunders, key=lambda row: row["search_regret_cp"])

# A position is its six rows from the top, and the player to move. A digit is a number of empty squares.
rows, to_move = worst["position"].split()
print(re.sub(r"\d", lambda empty: "." * int(empty[0]), rows).replace("/", "\n"))
print("1234567")
print(f"the student plays {to_move} in column {worst['label']}; column {worst['search_best']} is best")
