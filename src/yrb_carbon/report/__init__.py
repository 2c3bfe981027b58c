"""What readers see: tables, figures, maps; views of the estimates."""
