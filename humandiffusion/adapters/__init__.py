"""Image features for Stable Diffusion: weights that turn a CLIP image feature into tokens for its cross-attentions
(IP-Adapter, Ye et al. 2023, arXiv:2308.06721), read from the published files and computed by our own modules.
"""
