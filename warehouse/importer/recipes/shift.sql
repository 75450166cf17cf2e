-- The fine-tunes of the search engine SHiFT: 292 vision models on VTAB-1K.
-- source: https://github.com/DS3Lab/shift
-- file: https://raw.githubusercontent.com/DS3Lab/shift/7bcefaa5db22b37812f0a7a018789e077d72abf6/data/ftrecords.csv sha256:3834c1acff22ffa85c4c8140b780b3424261b7b9d53b9cbe42259b9801a127db
-- licence: none given
-- columns: model_identifier, framework, elapsed_time, train_accuracy, val_accuracy, test_accuracy, train_dataset_name, epochs, configs, train_split, test_split, train_slice, val_slice, test_slice
-- empty: No row is of a vision model (HuggingFace) on a VTAB task at :800, 800:1000, 25 epochs.
--
-- The study is the one of the vision models at 800 training and 200 validation images, 25 epochs. Rows of one model, task and learning rate
-- are repeats, in the order of the file; which rates and how many repeats a cell has differs from cell to cell. Traps: the file also has text
-- models, full data and trials; train_accuracy is a copy of val_accuracy; only `configs` tells the tasks of CLEVR, KITTI, dSprites and
-- smallNORB apart; on CLEVR's test split every accuracy is 0.
with task(name, dataset) as (
    values ('caltech101', 'Caltech101'), ('cifar100', 'CIFAR-100'), ('dtd', 'DTD'), ('oxford_flowers102', 'Flowers102'),
           ('oxford_iiit_pet', 'Pets'), ('sun397', 'Sun397'), ('svhn_cropped', 'SVHN'), ('patch_camelyon', 'Camelyon'),
           ('eurosat', 'EuroSAT'), ('resisc45', 'Resisc45'), ('diabetic_retinopathy_detection', 'Retinopathy'), ('dmlab', 'DMLab'),
           ('clevr/clevr_count', 'Clevr-Count'), ('clevr/clevr_distance', 'Clevr-Dist'), ('kitti/kitti', 'KITTI-Dist'),
           ('dsprites/dsprites_location', 'dSpr-Loc'), ('dsprites/dsprites_orientation', 'dSpr-Orient'),
           ('smallnorb/label_azimuth', 'sNORB-Azim'), ('smallnorb/label_elevation', 'sNORB-Elev')
),
record as (
    select *, file || ', line ' || line as place, try_cast(replace(configs, '''', '"') as json) as config,
           concat_ws(chr(31), *columns(lambda c: c not in ('column_1', 'file', 'line'))) as content,
           case when train_dataset_name in ('clevr', 'kitti', 'dsprites') then train_dataset_name || '/' || (config ->> 'preprocess')
                when train_dataset_name = 'smallnorb' then train_dataset_name || '/' || (config ->> 'label_name')
                else train_dataset_name end as name
    from input
),
judged as (
    select record.*, dataset,
           case when row_number() over (partition by content order by file, line) > 1
                    then ('rows that stand there twice', 'the same in every column')
                when framework <> 'HuggingFace' then ('rows of text models', 'another field; framework is not HuggingFace')
                when train_slice <> ':800' then ('rows on full data', 'another protocol; train_slice is not :800')
                when val_slice <> '800:1000' then ('rows of other slices', 'another protocol; val_slice is not 800:1000')
                when epochs <> '25' then ('rows of other epochs', 'another protocol, a trial; epochs is not 25')
                when train_dataset_name = 'clevr' and test_split = 'test'
                    then ('rows tested on CLEVR''s test split',
                          'its answers are not published, so every accuracy there is 0; the other rows are tested on its validation split')
                when config is null or json_type(config) <> 'OBJECT'
                    then error(place || ': configs ''' || configs || ''' is not a Python dictionary.')
                when dataset is null then ('rows of no VTAB task', 'dataset and configs name none of the 19 tasks')
                when not coalesce(try_cast(val_accuracy as double) between 0 and 1, false)
                    then error(place || ': val_accuracy ''' || val_accuracy || ''' is not a fraction in [0, 1].')
                when not coalesce(try_cast(test_accuracy as double) between 0 and 1, false)
                    then error(place || ': test_accuracy ''' || test_accuracy || ''' is not a fraction in [0, 1].')
                when not coalesce(try_cast(elapsed_time as double) > 0 and try_cast(elapsed_time as double) < 'inf', false)
                    then error(place || ', elapsed_time: ''' || elapsed_time || ''' is not a positive number.')
                when not coalesce(try_cast(config ->> 'lr' as double) > 0, false)
                    then error(place || ', lr in configs: ''' || coalesce(config ->> 'lr', '') || ''' is not a positive number.') end as reason
    from record left join task using (name)
)
select model_identifier as model, dataset, 'finetune' as measure, test_accuracy as value, 'fraction' as unit, val_accuracy as validation_value,
       elapsed_time as seconds, config ->> 'lr' as learning_rate, file, line, reason[1] as dropped, reason[2] as why,
       if(reason is null, row_number() over (partition by reason is null, model_identifier, dataset, (config ->> 'lr')::double
                                             order by file, line) - 1, null) as repeat
from judged;

-- Every vision model and task is in the study, also those of which no row is.
select distinct model_identifier as model from input where framework = 'HuggingFace' order by model;

select unnest(['Caltech101', 'CIFAR-100', 'DTD', 'Flowers102', 'Pets', 'Sun397', 'SVHN', 'Camelyon', 'EuroSAT', 'Resisc45', 'Retinopathy',
               'DMLab', 'Clevr-Count', 'Clevr-Dist', 'KITTI-Dist', 'dSpr-Loc', 'dSpr-Orient', 'sNORB-Azim', 'sNORB-Elev']) as dataset;

select 800 as train_examples, 200 as validation_examples, true as as_published;

-- What is kept as it was published, and should be known.
with kept as (
    select selected.*, train_accuracy, val_accuracy, train_split, test_split, test_slice
    from selected join input using (file, line) where dropped is null
),
tested as (
    select dataset, test_split || '[' || test_slice || ']' as part, count(*) as rows, min(line) as first from kept group by all
),
rated as (select dataset, model, count(distinct learning_rate) as rates, min(learning_rate::double) as rate, min(line) as first from kept group by all),
several as (select dataset from kept group by dataset having count(distinct learning_rate) > 1)
select 'kept' as action, 'rows in which train_accuracy equals val_accuracy' as what, 'the former is a copy, and is not read' as why,
       file || ', line ' || line as example
from kept where train_accuracy = val_accuracy
union all
select 'kept', 'rows tested on images that they trained on', 'the test slice holds the training slice',
       file || ', line ' || line || ' (' || dataset || ')'
from kept where test_split = train_split and test_slice[1] = ':'
union all
select 'kept', 'tasks tested on different images', 'rows of one task do not share their test slice',
       dataset || ': ' || string_agg(part || ' ' || rows, ', ' order by first)
from tested group by dataset having count(*) > 1
union all
select 'kept', 'rows of accuracy 0', 'a result is what it is', model || ' on ' || dataset from kept where value::double = 0
union all
select 'kept', 'cells of one learning rate on tasks that others tried two on (' || (select string_agg(dataset, ', ' order by dataset) from several) || ')',
       'their accuracy is that of the one rate, and 0.1 mostly diverges', model || ' on ' || dataset || ': ' || rate
from rated semi join several using (dataset) where rates = 1
