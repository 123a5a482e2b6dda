"""Semantic pose: the label map of parts, its geometry, files, parametric figure and presets."""
