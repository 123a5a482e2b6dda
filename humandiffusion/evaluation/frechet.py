"""The Frechet distance of two sets of pictures as Gaussians in a network's features (Heusel et al., 2017)."""

import torch
from torch import Tensor

from ..errors import InputError


def frechet_distance(x: Tensor, y: Tensor) -> float:
    """|mean - mean|^2 + tr(C + C' - 2 sqrt(C C')) of features [N, D] and [M, D], N and M >= 2.

    With fewer pictures than features it is far too large, and the more so the fewer: compare only figures of equally
    many. Of the D x D covariances only products of N x M are ever made: tr sqrt(C C') is the sum of the singular values
    of X Y^T, where X and Y are the centred features over the roots of N - 1 and M - 1.
    """
    if min(len(x), len(y)) < 2:
        raise InputError(f"Frechet distance: got sets of {len(x)} and {len(y)} pictures, wanted at least 2 in each")
    x, y = x.double(), y.double()
    centred = [(one - one.mean(0)) / (len(one) - 1) ** 0.5 for one in (x, y)]
    spread = sum(float(one.square().sum()) for one in centred)
    shared = float(torch.linalg.svdvals(centred[0] @ centred[1].T).sum())
    return float((x.mean(0) - y.mean(0)).square().sum()) + spread - 2 * shared
