"""Part encoders: a phrase or a part's crop becomes a unit vector, both in one space."""
