"""Multi-scale Cross-modality Alignment: each part's feature meets the denoiser inside that part's region."""
