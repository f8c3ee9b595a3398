"""The fit: gradient-boosted trees that obey what the catalogue says about the direction of risk.

A few small trees are enough, give the same bytes from the same rows, and are quick to explain exactly.
"""

from typing import Any, Final

import lightgbm
import numpy as np

from features.catalogue import columns
from training.dataset import Dataset, Floats
from training.log import LogError

ROUNDS: Final = 180
FEWEST_FRAUDS: Final = 20
FIXED: Final = {
    "objective": "binary",
    "num_leaves": 12,
    "learning_rate": 0.06,
    "min_data_in_leaf": 20,
    "lambda_l2": 5.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_bin": 127,
    "cat_smooth": 20.0,
    "max_cat_to_onehot": 4,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


def fit(data: Dataset, seed: int) -> str:
    """Return the trees as LightGBM's text.

    Raises:
        LogError: there are too few frauds, or nothing but frauds.
    """
    frauds = int(data.fraud.sum())
    if frauds < FEWEST_FRAUDS or len(data) - frauds < FEWEST_FRAUDS:
        message = (
            f"a model needs {FEWEST_FRAUDS} frauds and as many genuine requests to learn from; "
            f"the first half of the log has {frauds} and {len(data) - frauds}"
        )
        raise LogError(message)
    layout = columns(data.signals)
    category = [index for index, column in enumerate(layout) if column.part == "value" and column.categories]
    rows = lightgbm.Dataset(
        data.x,
        data.fraud.astype(np.int8),
        weight=relative_weight(data),
        feature_name=[column.name for column in layout],
        categorical_feature=category,
        free_raw_data=True,
    )
    monotone = [0 if index in category else column.monotone for index, column in enumerate(layout)]
    settings: dict[str, Any] = FIXED | {"seed": seed, "monotone_constraints": monotone}
    return str(lightgbm.train(settings, rows, ROUNDS).model_to_string())


def relative_weight(data: Dataset) -> Floats:
    """Return weights that keep how often each kind of request is drawn within its class, and not between the classes.

    At one fraud in a thousand the trees would see next to nothing of it, so they learn at the rate of the sample; the
    calibration brings the answers back to the true rate.
    """
    weight = data.weight.copy()
    for truth in (data.fraud, ~data.fraud):
        if truth.any():
            weight[truth] /= weight[truth].mean()
    return weight
