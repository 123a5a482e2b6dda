"""Search engines: the exact one (`smr/exact.py`) is always there; an index beside a memory stands in for it."""
