"""What ``w2s train`` says at its end."""

from __future__ import annotations

from pathlib import Path

from w2s.cli.train import _report_text
from w2s.files import write_json


def test_summary_names_loss_by_epoch_and_the_kept_epoch(tmp_path: Path) -> None:
    report = {"first_loss": 2.5, "loss": 1.2345, "held_back_losses": [2.0, 1.5, 1.75], "best_epoch": 1}
    write_json(tmp_path / "train.json", {**report, "settings": {"epochs": 8}})
    assert _report_text(tmp_path).splitlines()[1] == (
        "loss 2.500 at the first step, 1.234 at the end, after 3 epochs; held-out loss by epoch: 2.000, "
        f"1.500, 1.750; epoch 2 was kept; more in {tmp_path / 'train.json'}"
    )
    plain = {"loss": 0.5, "held_back_losses": [], "best_epoch": None, "settings": {"epochs": 1}}
    write_json(tmp_path / "train.json", plain)
    assert _report_text(tmp_path) == f"\nloss 0.500, after 1 epoch; more in {tmp_path / 'train.json'}"
    assert _report_text(tmp_path / "nothing") == ""
