"""What ``w2s train`` says at its end."""

from __future__ import annotations

from pathlib import Path

from w2s.cli.train import _report_text
from w2s.files import write_json


def test_summary_names_loss_by_epoch_and_the_kept_epoch(tmp_path: Path) -> None:
    report = {"loss": 1.2345, "held_back_losses": [2.0, 1.5, 1.75], "best_epoch": 1}
    write_json(tmp_path / "train.json", report)
    assert _report_text(tmp_path).splitlines()[1] == (
        "loss 1.234; held-out loss by epoch: 2.000, 1.500, 1.750; epoch 2 was kept; more in "
        f"{tmp_path / 'train.json'}"
    )
    write_json(tmp_path / "train.json", {"loss": 0.5, "held_back_losses": [], "best_epoch": None})
    assert _report_text(tmp_path) == f"\nloss 0.500; more in {tmp_path / 'train.json'}"
    assert _report_text(tmp_path / "nothing") == ""
