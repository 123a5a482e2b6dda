"""The memory file that `retrieval.py` searches, of the rows that `retrieval_data.py` made."""

from pathlib import Path


def write_memory(rows: Path, out: Path) -> None:
    """Write it: every row with an id, a caption, a source (one photo for eight rows) and a licence of its own."""
    import torch

    from humandiffusion.parts import PART_NAMES
    from humandiffusion.safetensors_io import read_tensors
    from humandiffusion.smr.io import save_memory
    from humandiffusion.smr.memory import StyleMemory

    tensors = read_tensors(rows, "--rows")
    vectors, part = tensors["vectors"], tensors["part"]
    count = len(vectors)
    mean = torch.stack([block.float().sum(0) for block in vectors.split(65536)]).sum(0) / count
    ids = torch.randperm(count, generator=torch.Generator().manual_seed(0)).tolist()
    memory = StyleMemory(
        ids=[f"{one:016x}" for one in ids],  # type: ignore[arg-type]
        vectors=vectors,
        part=part,
        captions=[f"{PART_NAMES[label]} number {row}" for row, label in enumerate(part.tolist())],  # type: ignore
        sources=[f"rows/{row // 8}" for row in range(count)],  # type: ignore[arg-type]
        licences=["made"] * count,  # type: ignore[arg-type]
        thumbnails=None,
        mean_image=mean,
        mean_text=torch.zeros_like(mean),
        encoder_id="made of the builtin encoder's",
    )
    save_memory(memory, out)


def read_queries(rows: Path):
    """Queries [M, D] and their parts [M]."""
    from safetensors import safe_open

    with safe_open(rows, "pt") as file:
        return file.get_tensor("queries"), file.get_tensor("query_parts")
