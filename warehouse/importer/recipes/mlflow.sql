-- MLflow's runs, as `mlflow experiments csv` and search_runs() give them: one run a row.
-- source: https://mlflow.org
-- columns: status, params.model, params.dataset, metrics.test_accuracy
-- optional: start_time, end_time, params.learning_rate, params.seed, metrics.val_accuracy
-- empty: No run is finished and has a model, a dataset and a test accuracy.
--
-- To edit: the names in double quotes, as your runs log them. Runs of one model, dataset and learning rate are repeats, by their seeds;
-- among several learning rates the validation accuracy chooses. A cell has as many of either as you ran.
with run as (
    select *, "params.model" as model, "params.dataset" as dataset, "metrics.test_accuracy" as value,
           "metrics.val_accuracy" as validation_value, "params.learning_rate" as learning_rate,
           epoch(try_cast(end_time::varchar as timestamptz)) - epoch(try_cast(start_time::varchar as timestamptz)) as seconds,
           case when status is distinct from 'FINISHED' then 'runs that did not finish'
                when coalesce(model, '') = '' or coalesce(dataset, '') = '' then 'runs without a model or a dataset'
                when coalesce(value::varchar, '') = '' then 'runs without a test accuracy' end as dropped
    from input
)
select model, dataset, 'finetune' as measure, value, validation_value, learning_rate, seconds, true as as_published, dropped,
       if(dropped is null, row_number() over (partition by dropped is null, model, dataset, try_cast(learning_rate as double)
                                              order by try_cast("params.seed" as bigint), start_time, file, line) - 1, null) as repeat,
       if(dropped is null, null, 'a fine-tune that counts has them all, and status FINISHED') as why, file, line
from run
