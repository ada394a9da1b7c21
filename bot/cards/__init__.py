"""Cards: models in, blocks out. Pure functions; ids, escaping, dates and limits live here and nowhere else."""
