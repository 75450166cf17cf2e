-- Wide tables: one model a row, one column a dataset, one measure a file.
-- columns: model
--
-- Of several files with one called finetune.csv, each is the measure of its name (finetune.csv, LogME.csv ...); otherwise all are parts of
-- one table of test accuracies after fine-tuning. A first column without a name that numbers the rows, as pandas writes it, is left out.
with cell as (
    unpivot input on columns(lambda c: lower(c) not in ('model', 'file', 'line')) into name dataset value value
),
nameless as (  -- columns that the loader named after their place
    select dataset, bool_and(value = '') as is_empty, bool_and(value in ((line - 2)::varchar, (line - 1)::varchar)) as is_index, min(file) as file
    from cell where regexp_full_match(dataset, 'column_\d+') group by dataset
),
stem as (select *, regexp_replace(file, '^.*[/\\]|\.[^.]*$', '', 'g') as stem from cell)
select stem.model, stem.dataset, if(bool_or(stem = 'finetune') over (), stem, 'finetune') as measure, stem.value, stem.file, stem.line
from stem left join nameless using (dataset)
where case when nameless.dataset is null then true
           when is_empty or is_index then false
           else error(nameless.file || ': a column has no name (' || dataset || '). Every column but model is named after its dataset.') end;
