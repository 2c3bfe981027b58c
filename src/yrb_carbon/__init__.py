"""Mining agglomeration, urban carbon balance and spatial spillovers."""

__version__ = "0.1.0"
