"""Industrial carbon footprint of provinces in three dimensions, and the potential to reduce it."""
