"""Training of the part encoder, the denoiser and the picture decoder on a folder of photos with part maps."""
