"""Scores a network's own classification head by the energy of its logits: how far the images look like its source images to it.

Paper: Liu et al., "Energy-based Out-of-distribution Detection", NeurIPS 2020, arXiv 2010.03759, equation 4; Gholami et al., "ETran:
Energy-Based Transferability Estimation", ICCV 2023, arXiv 2308.02027, take its mean over the examples.
"""

from scipy.special import logsumexp

from collector.procedures.linear import Floats
from collector.proxies.inputs import check_matrix


def score(source_logits: Floats) -> float:
    """Return the mean of minus the energy, log sum over z of exp(logit_z): natural logarithm, temperature 1.

    source_logits [n, z]: float32 or float64, before the softmax. It looks at no label. A constant added to the logits, of which the
    probabilities say nothing, is added to the score. Raises ValueError for what `inputs.check_matrix` refuses.
    """
    return float(logsumexp(check_matrix("source_logits", source_logits), axis=1).mean())
