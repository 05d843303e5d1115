"""Stand-ins that really do what they stand for: engines that misbehave on order."""
