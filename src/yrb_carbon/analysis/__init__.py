"""Which numbers a study wants: descriptives, Moran's I, models, effects, peers; as tidy rows."""
