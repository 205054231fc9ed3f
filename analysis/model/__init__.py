"""What follows: one runner of laws, inputs and draws, layouts, predictions, search."""

from analysis.model.draws import DRAWS, SEED, Z90, beliefs, quantile, z_scores
from analysis.model.layouts import Infeasible
from analysis.model.options import claimed_columns, option_columns
from analysis.model.predict import predict
from analysis.model.runner import columns_of, evaluate, explain
from analysis.model.search import best

__all__ = [
    "DRAWS",
    "SEED",
    "Z90",
    "Infeasible",
    "beliefs",
    "best",
    "claimed_columns",
    "columns_of",
    "evaluate",
    "explain",
    "option_columns",
    "predict",
    "quantile",
    "z_scores",
]
