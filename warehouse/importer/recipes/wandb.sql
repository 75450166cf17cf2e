-- Weights & Biases' runs, as a project's table of runs exports them (CSV): one run a row.
-- source: https://docs.wandb.ai
-- columns: Name, State, model, dataset, test_accuracy
-- optional: Created, Runtime, learning_rate, seed, val_accuracy
-- empty: No run is finished and has a model, a dataset and a test accuracy.
--
-- To edit: model, dataset, learning_rate and seed, as your config calls them, and test_accuracy and val_accuracy, as your summary does.
-- Runs of one model, dataset and learning rate are repeats, by their seeds; among several learning rates the validation accuracy chooses.
-- A cell has as many of either as you ran.
with run as (
    select *, case when State is distinct from 'finished' then 'runs that did not finish'
                   when coalesce(model, '') = '' or coalesce(dataset, '') = '' then 'runs without a model or a dataset'
                   when coalesce(test_accuracy::varchar, '') = '' then 'runs without a test accuracy' end as dropped
    from input
)
select model, dataset, 'finetune' as measure, test_accuracy as value, val_accuracy as validation_value, learning_rate, Runtime as seconds,
       true as as_published, dropped,
       if(dropped is null, row_number() over (partition by dropped is null, model, dataset, try_cast(learning_rate as double)
                                              order by try_cast(seed as bigint), Created, file, line) - 1, null) as repeat,
       if(dropped is null, null, 'a fine-tune that counts has them all, and State finished') as why, file, line
from run
