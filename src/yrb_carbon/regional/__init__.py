"""Regional facts of the dual-carbon targets: emissions, sinks, land, transfers, side by side."""
