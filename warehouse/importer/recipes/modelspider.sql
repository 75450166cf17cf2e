-- Model Spider's benchmark: 10 ImageNet networks on 8 datasets, with nine proxies.
-- source: https://github.com/zhangyikaii/Model-Spider
-- licence: MIT
-- columns: model, dataset, measure, value
--
-- Published as tables in a README: copy them to a tidy CSV file, accuracies under the measure finetune. Trap: dSprites and UTKFace are
-- regressions, whose negative errors are no accuracies; they are left out.
from input
