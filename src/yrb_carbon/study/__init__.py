"""What is studied: the typed configuration, the units and their names, reaches and periods."""
