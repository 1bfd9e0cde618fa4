"""Pictures: draws the arrays that it is given."""
