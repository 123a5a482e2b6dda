"""Maps as frames of a film: noise that stays with the person, and how much the same part differs between frames."""
