"""The calibration: what a raw answer means, so that of requests at 2 % about two in a hundred are fraud.

Found on rows that the trees have not seen, at the sample's rate of fraud, then moved to the true rate (Elkan 2001):
sampling changes the odds of fraud by one factor, the same for every request.
"""

from typing import Final

import numpy as np
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from model.manifest import Calibration
from training.dataset import Dataset, Flags, Floats
from training.fit import relative_weight
from training.log import LogError

ENOUGH_FRAUDS: Final = 500
"""With fewer frauds isotonic regression follows the noise (Niculescu-Mizil and Caruana 2005)."""
FURTHEST: Final = 16.0
"""No probability beyond one in nine million, either way."""
FEWEST_OF_EACH: Final = 5


def calibrate(raw: Floats, data: Dataset, base_rate: float) -> Calibration:
    """Return the curve from raw log-odds to probability at a base rate.

    Raises:
        LogError: there are too few of either kind, or higher answers do not go with more fraud.
    """
    frauds = int(data.fraud.sum())
    if min(frauds, len(data) - frauds) < FEWEST_OF_EACH:
        message = f"too few requests to calibrate on: {frauds} frauds among {len(data)}"
        raise LogError(message)
    weight = relative_weight(data)
    shift = float(logit(base_rate) - logit(frauds / len(data)))
    if frauds < ENOUGH_FRAUDS:
        return _platt(raw, data.fraud, weight, shift)
    return _isotonic(raw, data.fraud, weight, shift)


def _platt(raw: Floats, fraud: Flags, weight: Floats, shift: float) -> Calibration:
    """Fit a straight line in log-odds (Platt 1999)."""
    line = LogisticRegression(C=1000.0).fit(raw.reshape(-1, 1), fraud, sample_weight=weight)
    slope, start = float(line.coef_[0, 0]), float(line.intercept_[0]) + shift
    if slope <= 0:
        message = "higher answers of the model do not go with more fraud: the log's labels cannot be learned"
        raise LogError(message)
    ends = (-FURTHEST, FURTHEST)
    return Calibration(
        method="platt",
        log_odds=tuple((end - start) / slope for end in ends),
        probability=tuple(float(expit(end)) for end in ends),
    )


def _isotonic(raw: Floats, fraud: Flags, weight: Floats, shift: float) -> Calibration:
    """Fit the best curve that never falls, and leave room at its ends: no sample proves 0 or 1."""
    fitted = IsotonicRegression(out_of_bounds="clip").fit(raw, fraud, sample_weight=weight)
    x, first = np.unique(fitted.X_thresholds_, return_index=True)
    least = 1 / (2 * len(fraud))
    y = np.clip(fitted.y_thresholds_[first], least, 1 - least)
    moved = np.clip(logit(y) + shift, -FURTHEST, FURTHEST)
    if len(x) == 1 or moved[0] == moved[-1]:
        message = "the model's answers do not tell fraud from the rest: the log's labels cannot be learned"
        raise LogError(message)
    return Calibration(method="isotonic", log_odds=tuple(x.tolist()), probability=tuple(expit(moved).tolist()))
