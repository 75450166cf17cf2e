"""Scores a representation by a ridge classifier: least squares on ±1 for each class, with the penalty chosen leaving one out.

Paper: Rifkin and Lippert, "Notes on Regularized Least Squares", MIT-CSAIL-TR-2007-025, section 3 (the closed form of the
leave-one-out errors).
"""

import numpy as np
from sklearn.linear_model import RidgeClassifierCV

from collector.procedures.linear import Floats, Labels
from collector.proxies.geometry import normalized
from collector.proxies.inputs import check_validation, sample

PENALTIES = 10.0 ** np.arange(-3, 4)


def score(
    representation: Floats, labels: Labels, classes: int, validation_representation: Floats, validation_labels: Labels
) -> float:
    """Return the validation accuracy with the penalty of the least squared leave-one-out error: a fraction in [0, 1].

    representation [n, d], validation_representation [m, d]: float32 or float64; labels [n], validation_labels [m]: 0 to classes - 1.
    Seven penalties, 0.001 to 1,000 times the mean squared length of the centred representation: neither a shift nor a scale matters.
    All errors of a penalty follow from one eigendecomposition, e_i = (y_i - f_i) / (1 - H_ii), without a fit per example. The
    penalty is one for all classes. A constant representation predicts the most frequent class.
    Raises ValueError for what `inputs` refuses.
    """
    data = sample(representation, labels, classes)
    validation, truth = check_validation(data.x, validation_representation, validation_labels, classes)
    x, validation = normalized(data.x, validation)
    model = RidgeClassifierCV(PENALTIES).fit(x, labels)
    return float((model.predict(validation) == truth).mean())
