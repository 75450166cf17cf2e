-- PARC's benchmark: 32 networks named by architecture and source dataset, on 8 target datasets.
-- source: https://github.com/dbolya/parc (oracles/controlled.csv, oracles/all.csv)
-- licence: none given
-- columns: Architecture, Source Dataset, Target Dataset
--
-- A model's name is its two columns put together; every further column that has a name is a measure, Oracle the test accuracy in percent.
-- Scores that the benchmark's own code writes (results/NAME.csv) can be given beside it: leave one Run of each cell, and no column Run.
-- Trap: no network is fine-tuned on its own source dataset, so 32 of 256 cells are missing.
with cell as (
    unpivot input on columns(lambda c: c not in ('Architecture', 'Source Dataset', 'Target Dataset', 'file', 'line')
                                       and not regexp_full_match(c, 'column_\d+'))
    into name measure value value
)
select Architecture || '_' || "Source Dataset" as model, "Target Dataset" as dataset, value, file, line,
       if(measure = 'Oracle', 'finetune', regexp_replace(measure, '[^A-Za-z0-9_-]+', '_', 'g')) as measure,
       if(measure = 'Oracle', 'percent', null) as unit
from cell;

select distinct Architecture || '_' || "Source Dataset" as model, "Source Dataset" as upstream,
       if("Source Dataset" = 'imagenet', 'imagenet', 'expert') as family
from input order by model
