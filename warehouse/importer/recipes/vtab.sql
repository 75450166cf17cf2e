-- VTAB's leaderboard at 1,000 examples: 16 models on 19 datasets.
-- source: https://github.com/google-research/task_adaptation
-- file: https://raw.githubusercontent.com/google-research/task_adaptation/c566d649f57e8e98e531bacf0e25309d04214bc6/docs/data/results.csv sha256:a08ad693387bb120f620c91b960350c3dcdea0945be7e56353b6aed5cbd390b1
-- licence: Apache-2.0
-- header: no
-- empty: The leaderboard has no values at 1000 examples.
--
-- Three header lines: how many training examples, the dataset, and `method`; the last columns are metadata. Traps: percent, some of it below
-- 1; values on full data stand beside those at 1,000 examples, where Cond-BigGAN collapsed (Caltech101 0.15 %); its Clevr-Dist value is the
-- same in both.
with cell as (
    unpivot input on columns(* exclude (column_1, file, line)) into name place value value
),
record as (select file, line, dense_rank() over (partition by file order by line) as record, column_1 as method,
                  replace(place, 'column_', '')::integer as place, value from cell),
head as (
    select file, place, any_value(method) filter (record = 1) as first, any_value(method) filter (record = 2) as second,
           any_value(method) filter (record = 3) as third, any_value(value) filter (record = 1) as examples,
           any_value(value) filter (record = 2) as dataset
    from record group by file, place
),
task(dataset) as (
    values ('Caltech101'), ('CIFAR-100'), ('DTD'), ('Flowers102'), ('Pets'), ('Sun397'), ('SVHN'), ('Camelyon'), ('EuroSAT'), ('Resisc45'),
           ('Retinopathy'), ('Clevr-Count'), ('Clevr-Dist'), ('DMLab'), ('KITTI-Dist'), ('dSpr-Loc'), ('dSpr-Orient'), ('sNORB-Azim'),
           ('sNORB-Elev')
),
checked as (
    select file, place, examples, dataset,
           case when (first, second, third) is distinct from ('train_examples_if_subset', 'dataset', 'method')
                    then error(file || ' is not VTAB''s leaderboard: its first three lines start with train_examples_if_subset, dataset, method.')
                when examples not in ('1000', 'full', 'metadata')
                    then error(file || ': a column of ''' || examples || ''' examples. There are 1000, full and metadata.')
                when examples <> 'metadata' and dataset not in (select dataset from task)
                    then error(file || ': ''' || dataset || ''' is none of VTAB''s 19 datasets. Did you mean '''
                               || (select arg_min(task.dataset, levenshtein(task.dataset, head.dataset)) from task) || '''?')
                else true end as good
    from head
)
select method as model, dataset, 'finetune' as measure, value, 'percent' as unit, file, line,
       if(examples = 'full', 'values on full data', null) as dropped, 'another protocol; the study is the one at 1,000 examples' as why
from record join checked using (file, place)
where good and record > 3 and examples <> 'metadata'
order by file, line, place;

-- The models' handles.
select record.column_1 as model, any_value(nullif(record.value, '')) as handle
from (unpivot input on columns(* exclude (column_1, file, line)) into name place value value) as record
    join (unpivot input on columns(* exclude (column_1, file, line)) into name place value value) as head using (file, place)
where head.column_1 = 'dataset' and head.value = 'model' and record.column_1 in (select model from selected)
group by record.column_1 order by min(record.line);

select 1000 as train_examples;

-- What the two halves of the leaderboard say against each other.
with pair as (
    select few.model || ' on ' || few.dataset as cell, try_cast(few.value as double) as at_few, try_cast(every.value as double) as at_full
    from selected as few join selected as every using (model, dataset)
    where few.dropped is null and every.dropped is not null
    order by few.rowid
)
select 'kept' as action, 'values that stand in both columns' as what, 'the same at 1,000 examples and on full data: one may be a copy' as why,
       cell || ': ' || at_few as example
from pair where at_few = at_full
union all
select 'kept', 'values above those on full data',
       'more examples do not hurt so much: on full data, which is dropped, the training may have collapsed',
       cell || ': ' || at_few || ' and ' || at_full
from pair where at_full >= 0 and at_full < at_few;

select 'ignored' as action, 'columns' as what, 'the contract has no place for them' as why, name.value as example
from (unpivot input on columns(* exclude (column_1, file, line)) into name place value value) as kind
    join (unpivot input on columns(* exclude (column_1, file, line)) into name place value value) as name using (file, place)
where kind.column_1 = 'train_examples_if_subset' and kind.value = 'metadata' and name.column_1 = 'dataset' and name.value <> 'model'
