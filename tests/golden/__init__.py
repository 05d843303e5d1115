"""What must not change unseen: playthroughs of every game, ply by ply."""
