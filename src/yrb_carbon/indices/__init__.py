"""Pure `calc_*` functions of the panel: emissions, sinks, balance, agglomeration, mediators."""
