"""Carbon embodied in the products of a sector: accounts, flows, supply paths, change over time."""
