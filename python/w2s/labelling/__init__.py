"""Labels of examples with their evidence, and the accuracy of models on examples with gold."""

from w2s.labelling.evaluate import Evaluation, evaluate_models
from w2s.labelling.files import label_file
from w2s.labelling.label import label_batch
from w2s.labelling.spec import LabelSpec

__all__ = ["Evaluation", "LabelSpec", "evaluate_models", "label_batch", "label_file"]
