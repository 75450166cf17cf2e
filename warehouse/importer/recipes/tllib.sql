-- TLlib's model selection tables: 10 ImageNet networks on 8 datasets, with LogME, LEEP, NCE and H-Score.
-- source: https://github.com/thuml/Transfer-Learning-Library/tree/master/examples/model_selection
-- licence: MIT
-- columns: model, dataset, measure, value
--
-- Published as tables in a README: copy them to a tidy CSV file, accuracies under the measure finetune. Traps: percent; on DTD the column
-- NCE repeats LogME, an error of the source.
from input
