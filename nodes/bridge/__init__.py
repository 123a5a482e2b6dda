"""The only place that imports ComfyUI's internals (comfy.*, folder_paths, latent_preview)."""
