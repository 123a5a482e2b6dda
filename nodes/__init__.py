"""ComfyUI's face of the method: schemas and translation, no mathematics."""
