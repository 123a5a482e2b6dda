"""Do garments stay the same from frame to frame? The native model, its features shared and its noise in three ways.

    python benchmarks/animation.py --json animation.json [--save DIR]

Three films of a dressed preset: it raises its arms, walks across, and leans over. Each is painted with noise that moves
along with the parts, with the same noise for all frames, and with independent noise (other seeds). Of every described
part, over all pairs of frames: the distance of its features (by the builtin part encoder, 1 - cosine), of its median
colour (Lab), and of its cloth (mean absolute difference of the crops). Intervals are over parts and films.
"""

import argparse
import sys
from pathlib import Path

from common import Figures, report, start

SENTENCES = (
    "A man with short black hair in a red t-shirt, blue jeans and white shoes",
    "A woman with short brown hair in a green striped t-shirt, grey jeans and black shoes",
)
WANTED = {
    "feature_moved_over_independent": "< 1: consistent",
    "cloth_moved_over_independent": "< 1: the same folds and prints",
    "colour_moved_over_independent": "< 1",
}


def main() -> None:
    """Paint the films, compare their frames, print and write the figures."""
    args = _arguments()
    import torch

    from humandiffusion.animation.consistency import part_changes
    from humandiffusion.animation.noise import WAYS, frame_noise
    from humandiffusion.describe import describe
    from humandiffusion.evaluation.intervals import interval
    from humandiffusion.pipeline import LATENT_SCALE, HumanDiffusionPipeline

    pipeline = HumanDiffusionPipeline.from_files()
    pipeline.set_progress_bar_config(disable=True)
    changes = {way: [] for way in WAYS}
    for name, pose in films(args.frames).items():
        shape = (args.frames, 3, pose.height // LATENT_SCALE, pose.width // LATENT_SCALE)
        for number, sentence in enumerate(SENTENCES):
            prompts = describe(sentence, pipeline.encoder)
            described = {prompt.part for prompt in prompts.parts}
            for way in WAYS:
                noise = frame_noise(args.seed + number, shape, pose, way)
                painted = pipeline(
                    prompts, pose, latents=noise, num_inference_steps=args.steps, guidance_scale=2.0, output_type="pt"
                )
                images = painted.images.clamp(0, 1)
                found = part_changes(pipeline.encoder, images, pose.labels)
                changes[way].append({part: one for part, one in found.items() if part in described})
                if args.save:
                    _save(images, args.save / f"{name}_{number}_{way}.png")
                print(f"{name}, {sentence[:9]}, {way}", file=sys.stderr)

    figures: Figures = {"films": len(changes["moved"]), "frames": args.frames}
    for figure in ("feature", "colour", "cloth"):
        rows = {way: torch.tensor(_rows(changes[way], figure)) for way in WAYS}
        figures["parts"] = len(rows["moved"])
        for way in WAYS:
            figures[f"{figure}_{way}"] = float(rows[way].mean())
        for way in ("moved", "shared"):
            ratio = interval(rows[way], rows["independent"])
            figures[f"{figure}_{way}_over_independent"] = ratio.mean
            figures |= {f"{figure}_{way}_ratio_low": ratio.low, f"{figure}_{way}_ratio_high": ratio.high}
    report("Garments from frame to frame", figures, WANTED, args.json)


def films(frames: int) -> dict:
    """Batches of maps of a person in the same clothes."""
    from humandiffusion.pose.interpolate import interpolate
    from humandiffusion.pose.presets import load_preset
    from humandiffusion.pose.semantic_pose import SemanticPose
    from humandiffusion.pose.transform import move, rotate

    standing, raised = load_preset("standing-t-shirt"), load_preset("arms-raised-t-shirt")
    share = [number / (frames - 1) for number in range(frames)]
    return {
        "arms": interpolate(standing, raised, frames),
        "across": SemanticPose.stack([move(standing, -50 + 100 * s, 0, 0.8) for s in share]),
        "lean": SemanticPose.stack([rotate(standing, -12 + 24 * s) for s in share]),
    }


def _rows(films_: list, figure: str) -> list[float]:
    return [getattr(change, figure) for film in films_ for _, change in sorted(film.items())]


def _save(images, path: Path) -> None:
    import torch

    from humandiffusion.evaluation.pictures import save_picture

    save_picture(torch.cat(list(images), 2), path)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--save", type=Path, help="folder for a strip of each film")
    parser.add_argument("--frames", type=int, default=5, help="of each film (default %(default)s)")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch", "PIL", "diffusers"))
