"""HumanDiffusion: a sentence and an editable semantic pose map become a person (after arXiv 2211.06235)."""

__version__ = "0.1.0"
