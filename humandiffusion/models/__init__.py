"""The native model: denoiser, picture decoder, their configuration and files."""
