"""Stylized Memory Retrieval: a part's feature is refreshed by the features of real garments held in a memory.

The paper's four numbered operations are four verbs: `initialise` and `update` (memory.py), `query` (query.py) and
`refresh` (refresh.py). `retrieve` (features.py) does the last two for all parts of a description.
"""
