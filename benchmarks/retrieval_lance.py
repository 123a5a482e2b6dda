"""LanceDB as a search engine, for comparison in `retrieval.py`: a table for each part, as the engine that we ship has a
graph for each.
"""

from pathlib import Path

BLOCK = 65536
# The best of what was tried on one part of 83,333 rows.
INDEX = {"index_type": "IVF_HNSW_SQ", "num_partitions": 1, "m": 16, "ef_construction": 100}
FETCH, EF = 2, 64


def build(memory, folder: Path) -> None:
    """Write m' of every row, in halves, and index it."""
    import lancedb
    import numpy as np
    import pyarrow as pa
    import torch.nn.functional as F

    def batches(rows: slice):
        for start in range(rows.start, rows.stop, BLOCK):
            block = memory.vectors[start : min(start + BLOCK, rows.stop)].float()
            near = F.normalize(block - memory.mean_image, dim=1).half().numpy()
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(near.reshape(-1)), memory.dim)
            numbers = pa.array(np.arange(start, start + len(near)), pa.int64())
            yield pa.record_batch([numbers, vectors], names=["row", "vector"])

    schema = pa.schema([("row", pa.int64()), ("vector", pa.list_(pa.float16(), memory.dim))])
    store = lancedb.connect(str(folder))
    for part in _parts(memory):
        table = store.create_table(f"part{part}", batches(memory.rows_of(part)), schema=schema, mode="overwrite")
        table.create_index(metric="cosine", vector_column_name="vector", **INDEX)


class LanceEngine:
    """A `SearchEngine` for parts that have a table."""

    name = "lancedb"

    def __init__(self, memory, folder: Path) -> None:
        import lancedb

        from humandiffusion.smr.exact import ExactSearch

        store = lancedb.connect(str(folder))
        self.exact = ExactSearch(memory)
        self.tables = {part: store.open_table(f"part{part}") for part in _parts(memory)}

    def search(self, q, parts, k: int, scope: str = "part"):
        """As `SearchEngine` has it; what it finds is scored again as USearch's is."""
        import torch

        who, rows = [], []
        for number, (one, part) in enumerate(zip(q.numpy(), parts.tolist(), strict=True)):
            for table in [self.tables[part]] if scope == "part" else self.tables.values():
                asked = table.search(one).limit(FETCH * k).ef(max(EF, FETCH * k)).select(["row", "_distance"])
                found = torch.from_numpy(asked.to_arrow()["row"].to_numpy().copy())
                rows.append(found)
                who.append(torch.full_like(found, number))
        return self.exact.best(q, k, torch.cat(who), torch.cat(rows))


def _parts(memory) -> list[int]:
    return [part for part in range(24) if memory.holds(part)]
