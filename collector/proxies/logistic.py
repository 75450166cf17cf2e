"""Scores a representation by multinomial logistic regression with an L2 penalty, fitted to convergence by L-BFGS.

Paper: Kornblith et al., arXiv 1805.08974, appendix (L-BFGS, the penalty that validates best, of 45); here of three.
"""

import warnings

from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from collector.procedures.linear import Floats, Labels
from collector.proxies.geometry import normalized
from collector.proxies.inputs import check_validation, sample

STRENGTHS = (1.0, 10.0, 100.0)  # C: of the sum of losses, beside half the squared weights


def score(
    representation: Floats, labels: Labels, classes: int, validation_representation: Floats, validation_labels: Labels
) -> float:
    """Return the best validation accuracy over three penalties: a fraction in [0, 1].

    representation [n, d], validation_representation [m, d]: float32 or float64; labels [n], validation_labels [m]: 0 to classes - 1.
    The objective is |W|^2 / 2 + C sum of cross-entropies, with an intercept that is not penalised, of the representation minus its
    mean, divided by its root mean square length: neither a shift nor a scale of the representation matters. Each fit starts where
    the one of the next stronger penalty ended. A constant representation predicts the most frequent class.
    Raises ValueError for what `inputs` refuses.
    """
    data = sample(representation, labels, classes)
    validation, truth = check_validation(data.x, validation_representation, validation_labels, classes)
    x, validation = normalized(data.x, validation)
    model = LogisticRegression(warm_start=True, max_iter=10_000)
    accuracies = []
    # The steps of L-BFGS depend on the last bit; and scikit-learn warns of as many classes as half of the examples.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes")
        for strength in STRENGTHS:
            model.set_params(C=strength).fit(x, labels)
            accuracies.append(float((model.predict(validation) == truth).mean()))
    return max(accuracies)
