-- Which model to transfer? The paper in SQL, read top to bottom:
--   facts -> pools -> accuracy -> ranking -> pick -> regret -> delta, an audit, and the checks that must be empty.
-- Paper: Renggli et al., "Which Model to Transfer? Finding the Needle in the Growing Haystack".
-- Every accuracy is a fraction in [0, 1]: `accuracy` is t(m, D) or s(strategy), `score` is only a proxy's number.
-- A comment that begins with "One row per" is the grain of the relation below it, and becomes its comment in the
-- database; a test compares it with the data. Names: m, M, D, B, S, t, s and ORACLE are the paper's.
-- The warehouse runs these statements, or those that a query needs. It adds the facts of one study (after section 1),
-- and one view per strategy (after section 4). What many views read is a table, computed once when a study is opened.
-- Names of models, datasets, pools and strategies are enums there: they read as text, and take a byte or two in a row.


-- 1 facts -------------------------------------------------------------------------------------------------------------
-- The contract of a study's Parquet files. For each of these the warehouse makes a table of the same name from the
-- files: columns cast to these types, columns that the files lack null.

create schema contract;

-- One row per (model): the pretrained networks of the study.
create table contract.model (
    model             varchar not null,   -- key
    handle            varchar,            -- what was loaded: a hub handle, a folder, zoo:NAME
    family            varchar,            -- imagenet | expert | vtab | scratch
    upstream          varchar,            -- what it was trained on
    upstream_examples bigint,             -- images of the upstream training set; null where not published
    imagenet_accuracy double,             -- published top-1; null where none is
    num_params        bigint,             -- of the representation
    feature_dim       integer,            -- length of the representation
    image_size        integer,            -- native width and height, pixels
    licence           varchar,
    source            varchar,
    source_classes    integer             -- which its own classification head tells apart; null: it has none
);

-- One row per (dataset): the downstream tasks of the study.
create table contract.dataset (
    dataset     varchar not null,         -- key
    vtab_group  varchar,                  -- natural | specialized | structured
    num_classes integer,
    num_test    bigint,                   -- test examples that the accuracies were measured on
    source      varchar,                  -- of its pictures; tasks of one source are drawn together (section 8)
    version     varchar,
    licence     varchar
);

-- One row per (study): what every run of the study shares.
create table contract.protocol (
    study                 varchar not null,
    image_size            integer,        -- pixels; a network with a smaller native size gets its own
    antialias             boolean,        -- of the bilinear resize
    train_examples        integer,
    validation_examples   integer,
    test_examples         integer,        -- null: the whole test split
    steps                 integer,
    batch_size            integer,
    momentum              double,
    weight_decay          double,
    warmup_steps          integer,        -- linear, from 0
    decay_at              double[],       -- fractions of the steps
    decay_factor          double,
    learning_rates        double[],       -- initial, scaled by batch_size / 256; null: not known, one run a repeat
    repeats               integer,
    linear_steps          integer,
    linear_batch_size     integer,
    linear_momentum       double,
    linear_learning_rates double[],       -- null: not known, one run a repeat
    linear_repeats        integer,
    "precision"           varchar,
    head_initial          varchar,
    proxies               varchar[],      -- which proxies every cell must have
    lower_is_better       varchar[],      -- those of them whose best score is the lowest; null: none
    head_proxies          varchar[],      -- those of proxies that only models with source_classes have; null: none
    probes                varchar[],      -- models that embed every dataset, to find near ones; null: none
    learned               varchar[],      -- proxies that were learned from the other datasets; null: none
    curve_at              double[],       -- fractions of the steps, ascending, of finetune.validation_curve; null: none
    as_published          boolean         -- true: a cell has the runs that were published; else all of them
);

-- One row per (model, dataset, learning_rate, repeat): one fine-tune.
create table contract.finetune (
    model               varchar not null,
    dataset             varchar not null,
    learning_rate       double,           -- initial; null only where the protocol names none
    repeat              integer not null, -- from 0
    validation_accuracy double,           -- null only where the protocol names at most one learning rate
    test_accuracy       double,
    validation_curve    double[],         -- validation accuracy after each of the protocol's curve_at; null: none
    seconds             double,           -- to train and to measure it at the end, without the curve: processor time of
                                          -- one core on a CPU, which other work does not stretch; wall time on a GPU
    final_loss          double,           -- null where it was not finite
    diverged            boolean,          -- the loss left the numbers; the accuracies are what they are
    seed                bigint,
    finished_at         timestamp,        -- UTC
    device              varchar,
    software            varchar
);

-- One row per (proxy, model, dataset, learning_rate, repeat): one evaluation of a proxy.
create table contract.proxy (
    proxy         varchar not null,       -- linear | knn, or any other that the protocol names, such as LogME
    model         varchar not null,
    dataset       varchar not null,
    learning_rate double,                 -- null where the proxy has none
    repeat        integer not null,       -- from 0
    score         double,                 -- linear, knn: validation accuracy; others: any finite number
    seconds       double,                 -- as of finetune, without the forward pass; heads trained together share it
    seed          bigint,
    fold          varchar,                -- of a learned proxy: the digest of what it was fitted on, see fold_digest
    finished_at   timestamp,
    device        varchar,
    software      varchar
);

-- One row per (model, dataset): the forward pass that the proxies share.
create table contract.representation (
    model                  varchar not null,
    dataset                varchar not null,
    representation_seconds double,        -- one forward pass over training and validation images, as of finetune
    finished_at            timestamp,
    device                 varchar,
    software               varchar
);

-- One row per (probe, dataset): a dataset as a probe sees it: vectors as long as the probe's representation.
create table contract.embedding (
    probe       varchar not null,         -- a model
    dataset     varchar not null,
    mean        float[],                  -- of the representation of the training images
    variance    float[],
    fisher      float[],                  -- diagonal Fisher information of a linear head, averaged over its classes
    seconds     double,                   -- as of finetune, without the forward pass
    finished_at timestamp,
    device      varchar,
    software    varchar
);

-- One row per (repeats, resamples, budgets, whole_datasets): what the study was opened with.
create table setting (
    repeats        integer,               -- only the first so many repeats count; null: all of the protocol
    resamples      integer not null,      -- of the bootstrap (section 8)
    budgets        integer not null,      -- intervals are of budgets up to this one
    whole_datasets boolean not null       -- means are over the datasets on which every model of the pool has its runs
);


-- 2 pools (section 4.2) -----------------------------------------------------------------------------------------------

-- 23,807,702 is the ResNet50-V2 of the experts. resnet_v2_50 is listed with 23,519,360, which would leave no expert in
-- RESNET-50 and break the paper's EXPERT in RESNET-50 in DIM2048 in ALL. HEAD is there where any model has a head,
-- COMPLETE where it is not ALL.
-- One row per (pool, model): whether the pool admits the model; null where its metadata do not tell.
create view pool_rule as
    select 'ALL' as pool, model, true as admits from model
    union all select 'RESNET-50', model, num_params <= 23807702 from model
    union all select 'DIM2048', model, feature_dim <= 2048 from model
    union all select 'EXPERT', model, family = 'expert' from model
    union all select 'IMNETACCURACIES', model, imagenet_accuracy is not null from model
    union all select 'HEAD', model, source_classes is not null
    from model where (select count(source_classes) from model) > 0
    union all select 'COMPLETE', model, complete
    from complete_model where (select not bool_and(complete) from complete_model);

-- One row per (model): whether it has its full set of runs on every dataset.
create view complete_model as
    select model, count(accuracy) = (select count(*) from dataset) as complete
    from model left join accuracy using (model) group by model;

create type pool_name as enum (select distinct pool from pool_rule order by pool);

-- One row per (pool, model): the models of each pool. A pool that cannot be decided for every model has none.
create table pool as
    select pool::pool_name as pool, model from pool_rule
    qualify admits and bool_and(admits is not null) over (partition by pool);


-- 3 accuracy (section 4.3) --------------------------------------------------------------------------------------------

-- isfinite, because Parquet's statistics leave NaN out and DuckDB folds by them: over a file, `x <= 1` is true of NaN
-- and even isnan(x) is false.
create macro is_fraction(x) as coalesce(isfinite(x) and x between 0 and 1, false);

create macro is_seconds(x) as coalesce(isfinite(x) and x >= 0, false);

-- Rounded, because the mean of the middle two of an even number may differ in its last digit where their sums tie.
create macro exact_median(x) as round(median(x), 12);

-- The number of steps at each fraction, rounded up; the inner rounding, because 0.07 * 100 is a little more than 7.
create macro curve_steps(curve_at, steps) as list_transform(curve_at, lambda share: ceil(round(share * steps, 9)));

create macro is_curve(curve, steps) as
    coalesce(len(curve), 0) = coalesce(len(steps), 0)
    and len(list_filter(coalesce(curve, []), lambda x: not is_fraction(x))) = 0;

-- partial_1_8; per cent, as in partial_12_3_percent, where the share is no ratio of whole numbers up to 64.
create macro partial_name(share) as 'partial_' || coalesce(
    [format('{:.0f}_{}', round(share * n), n) for n in range(1, 65) if abs(share * n - round(share * n)) < 1e-9][1],
    replace(rtrim(rtrim(format('{:.10f}', 100 * share), '0'), '.'), '.', '_') || '_percent');

-- One row per (rung): the steps after which the validation accuracy of a fine-tune is known: the protocol's curve_at,
-- then the last; their share of all steps, the share since the rung before, and the proxy that stops here, null at the
-- last. No row without curve_at.
create view rung as
    select rung, step, step / steps as share, (step - lag(step, 1, 0) over (order by rung)) / steps as added_share,
           if(rung <= len(curve_at), partial_name(curve_at[rung]), null) as proxy
    from (select curve_at, steps, unnest(range(1, len(curve_at) + 2)) as rung,
                 unnest(curve_steps(curve_at, steps) || [steps]) as step
          from protocol where len(curve_at) > 0);

-- One row per (proxy): the measured proxies that every model has, from which others are made.
create view common_proxy as
    select distinct proxy from (select unnest(proxies) as proxy, head_proxies from protocol)
    where proxy is not null and not coalesce(contains(head_proxies, proxy), false);

-- Of two orders the mean is one of them, or a tie, so a mean of ranks is of three.
-- One row per (proxy): the proxies of the study: measured; partial, with the share of a fine-tune of every model that
-- it takes, which is 0 for the others; learned from other datasets; nearest: accuracies on near datasets; combined.
create view study_proxy as
    select distinct proxy, 'measured' as kind, 0 as share
    from (select unnest(proxies) as proxy from protocol) where proxy is not null
    union all select distinct proxy, 'partial', share from rung where proxy is not null
    union all select distinct proxy, 'learned', 0 from (select unnest(learned) as proxy from protocol)
    union all select unnest(['nearest_moments', 'nearest_fisher']), 'nearest', 0 from protocol where len(probes) > 0
    union all select 'mean_rank', 'combined', 0 from common_proxy having count(*) >= 3;

-- One row per (procedure): the learning rates, ascending, and the repeats that every cell must have, or may have if as
-- published; the steps after which a fine-tune has a curve; 1, or -1 for a proxy whose lowest score is its best; and
-- whether only models with a head have it.
create view expected as
    select 'finetune' as procedure, list_sort(coalesce(learning_rates, [null])) as learning_rates,
           least(repeats, (select repeats from setting)) as repeats, coalesce(as_published, false) as as_published,
           curve_steps(curve_at, steps) as curve_steps, 1 as direction, false as needs_head
    from protocol
    union all
    select proxy, if(proxy = 'linear', list_sort(coalesce(linear_learning_rates, [null])), [null]),
           if(proxy = 'linear', linear_repeats, 1), false, null, if(contains(lower_is_better, proxy), -1, 1),
           coalesce(contains(head_proxies, proxy), false)
    from (select unnest(proxies) as proxy, * exclude (proxies) from protocol)
    union all select unnest(learned), [null], 1, false, null, 1, false from protocol;

-- From 1; null where the protocol does not list the learning rate. A protocol that lists none takes any.
create macro rate_position(rates, rate) as if(rates[1] is null, 1, list_position(rates, rate));

-- A single run needs no validation accuracy. What is out of range is null from here on, and makes its cell absent.
-- One row per row of finetune: its values where they keep the rules, and the first rule that it breaks, or null.
create view checked_finetune as
    select *, case when not coalesce(model in (select model from model), false) then 'model has no metadata'
                   when not coalesce(dataset in (select dataset from dataset), false) then 'dataset has no metadata'
                   when not coalesce(repeat >= 0, false) then 'repeat is not a number from 0'
                   when position is null then 'learning_rate is not one of the protocol'
                   when test_accuracy is null then 'test_accuracy is not a fraction in [0, 1]'
                   when not has_curve
                       then 'validation_curve is not a fraction in [0, 1] after each of the protocol''s curve_at'
                   when validation_accuracy is null then 'validation_accuracy is not a fraction in [0, 1]'
                   when not is_seconds(seconds) and seconds is not null then 'seconds is not a number from 0'
              end as broken_rule
    from (select model, dataset, learning_rate, repeat, rate_position(learning_rates, learning_rate) as position,
                 if(is_fraction(test_accuracy), test_accuracy, null) as test_accuracy,
                 case when not is_curve(validation_curve, curve_steps) then null
                      when is_fraction(validation_accuracy) then validation_accuracy
                      when validation_accuracy is null and len(learning_rates) = 1 then 0 end as validation_accuracy,
                 is_curve(validation_curve, curve_steps) as has_curve, len(learning_rates) as rates, as_published,
                 seconds
          from finetune join expected on procedure = 'finetune');

-- One row per (model, dataset, learning_rate, repeat, step): the validation accuracy of a fine-tune after so many
-- steps.
create view curve as
    select model.model, dataset.dataset, learning_rate, repeat, unnest(curve_steps)::integer as step,
           unnest(validation_curve) as validation_accuracy
    from finetune join expected on procedure = 'finetune' and is_curve(validation_curve, curve_steps)
        join model on model.model = finetune.model join dataset on dataset.dataset = finetune.dataset;

-- Orders runs by validation accuracy, then by the lower learning rate. One whole number, the accuracy in units of
-- 2^-53, the resolution of a double in [1/2, 1]: with a pair of both, `accuracy` of 10^7 runs takes 20 % longer.
create macro selection_key(validation_accuracy, position) as
    (validation_accuracy * 9007199254740992)::hugeint * 1048576 - position;

-- In bits up to 62, because `accuracy` of 10^7 runs takes 2.7 times as long with count(distinct position).
create macro count_distinct_positions(position) as
    bit_count(bit_or(if(position <= 62, 1::bigint << position, 0)))
    + coalesce(len(list_distinct(list(position) filter (position > 62))), 0);

-- One row per (model, dataset): how many of its fine-tunes diverged, and of how many it is known.
create view diverged_cell as
    select model, dataset, count(*) filter (where diverged) as diverged, count(diverged) as runs
    from finetune join expected on procedure = 'finetune' and repeat < repeats
    group by model, dataset having count(diverged) > 0;

-- Never selected by the test accuracy.
-- One row per (model, dataset, repeat): the run that validated best, and whether the repeat is whole: no rule broken,
-- each learning rate once.
create view selected_run as
    select model, dataset, repeat,
           arg_max(learning_rate, selection_key(validation_accuracy, position)) as learning_rate,
           arg_max(test_accuracy, selection_key(validation_accuracy, position)) as test_accuracy,
           any_value(as_published) as as_published,
           repeat >= 0 and count(test_accuracy + validation_accuracy) = count(*)
               and count_distinct_positions(position) = count(*)
               and if(any_value(as_published), count(*) <= any_value(rates), count(*) = any_value(rates)) as whole
    from checked_finetune group by model, dataset, repeat;

-- One row per (model, dataset): t(m, D), the median test accuracy, where the cell has its full set of runs.
create table accuracy as
    select model.model, dataset.dataset, accuracy
    from (select model, dataset, exact_median(test_accuracy) as accuracy
          from selected_run join expected on procedure = 'finetune' and repeat < repeats
          group by model, dataset
          having bool_and(whole)
             and count(*) = if(any_value(selected_run.as_published), max(repeat) + 1, any_value(repeats))) as cell
        join model on model.model = cell.model join dataset on dataset.dataset = cell.dataset;

-- One row per row of proxy: its values where they keep the rules, and the first rule that it breaks, or null. A higher
-- score is better: where a lower one is, its sign is changed.
create view checked_proxy as
    select *, case when not coalesce(model in (select model from model), false) then 'model has no metadata'
                   when not coalesce(dataset in (select dataset from dataset), false) then 'dataset has no metadata'
                   when rates is null then 'proxy is not one of the protocol'
                   when not coalesce(repeat >= 0 and repeat < repeats, false) then 'repeat is not one of the protocol'
                   when position is null then 'learning_rate is not one of the protocol'
                   when score is null and proxy in ('linear', 'knn') then 'score is not a fraction in [0, 1]'
                   when score is null then 'score is not a finite number'
                   when not is_seconds(seconds) and seconds is not null then 'seconds is not a number from 0'
              end as broken_rule
    from (select proxy, model, dataset, learning_rate, repeat, rate_position(learning_rates, learning_rate) as position,
                 len(learning_rates) as rates, repeats, seconds,
                 if(if(proxy in ('linear', 'knn'), is_fraction(score), isfinite(score)), score * direction, null)
                     as score
          from proxy left join expected on procedure = proxy);

-- Whether the runs of a repeat are one of each learning rate, all with a score.
create macro has_every_rate(score, position, rates) as
    count(score) = count(*) and count(*) = any_value(rates) and count_distinct_positions(position) = count(*);

-- One row per (proxy, model, dataset, repeat): the best learning rate's score, and whether the repeat is whole.
create view selected_proxy as
    select proxy, model, dataset, repeat, max(score) as score, any_value(repeats) as repeats,
           coalesce(repeat >= 0 and repeat < any_value(repeats) and has_every_rate(score, position, rates), false)
               as whole
    from checked_proxy group by proxy, model, dataset, repeat;

-- No test accuracy enters it: partial_score, and so every strategy that reads scores, is computed from it.
-- One row per (rung, model, dataset, repeat): the best learning rate's validation accuracy, and whether the repeat is
-- whole.
create view selected_rung as
    select rung, model, dataset, repeat, max(validation_accuracy) as validation_accuracy,
           any_value(repeats) as repeats,
           repeat >= 0 and has_every_rate(validation_accuracy, position, rates) as whole
    from (select rung, model, dataset, repeat, rate_position(learning_rates, learning_rate) as position,
                 len(learning_rates) as rates, repeats,
                 case when not is_curve(validation_curve, curve_steps) then null
                      when rung <= len(curve_steps) then validation_curve[rung]
                      when is_fraction(validation_accuracy) then validation_accuracy end as validation_accuracy
          from finetune join expected on procedure = 'finetune' and repeat < repeats cross join rung)
    group by rung, model, dataset, repeat;

-- A table, because scores, halving and the bootstrap read it, and it reads every run.
-- One row per (rung, model, dataset): the median validation accuracy after the steps of the rung, where the cell has
-- its full set of runs with whole curves.
create table rung_score as
    select rung, model.model, dataset.dataset, validation_accuracy
    from (select rung, model, dataset, exact_median(validation_accuracy) as validation_accuracy
          from selected_rung group by rung, model, dataset
          having bool_and(whole) and count(*) = any_value(repeats)) as cell
        join model on model.model = cell.model join dataset on dataset.dataset = cell.dataset;

-- One row per (proxy, model, dataset): the score of a partial fine-tune, its validation accuracy when it stops.
create view partial_score as
    select proxy, model, dataset, validation_accuracy as score
    from rung_score join rung using (rung) where proxy is not null;

-- Near datasets: the idea of Task2Vec (Achille et al. 2019, arXiv 1902.03545). moments: Fréchet's distance, squared,
-- of two normal distributions with diagonal covariance. fisher: its section 3.2, the cosine distance of two vectors of
-- information, each divided by the sum of both.
create macro moments_distance(mean, variance, other_mean, other_variance) as
    list_distance(mean, other_mean) ** 2 + list_distance(list_transform(variance, lambda x: sqrt(x)),
                                                         list_transform(other_variance, lambda x: sqrt(x))) ** 2;

create macro share_of(a, b) as list_transform(list_zip(a, b), lambda x: if(x[1] > 0, x[1] / (x[1] + x[2]), 0));

create macro fisher_distance(a, b) as 1 - list_cosine_similarity(share_of(a, b), share_of(b, a));

create macro is_vector(x, length) as
    coalesce(len(x) = length and len(list_filter(x, lambda one: not coalesce(isfinite(one), false))) = 0, false);

-- One row per row of embedding: the first rule that it breaks, or null.
create view checked_embedding as
    select embedding.*, case when dataset not in (select dataset from dataset) then 'dataset has no metadata'
                   when feature_dim is null then 'probe has no metadata'
                   when not coalesce(contains(probes, probe), false) then 'probe is not one of the protocol'
                   when not (is_vector(mean, feature_dim) and is_vector(variance, feature_dim)
                             and is_vector(fisher, feature_dim)) then 'vectors are not feature_dim finite numbers'
                   when list_min(variance) < 0 or list_min(fisher) < 0 then 'variance and fisher are not from 0'
                   when not is_seconds(seconds) and seconds is not null then 'seconds is not a number from 0'
              end as broken_rule
    from embedding left join model on model.model = probe cross join protocol;

-- All or nothing: a dataset that silently lacks an embedding might be the nearest.
-- One row per (kind, dataset, other): how far another dataset is, as the mean over the probes, where every probe has
-- embedded every dataset.
create table dataset_distance as
    with whole as (select probe, dataset.dataset, mean, variance, fisher
                   from checked_embedding as one join dataset on dataset.dataset = one.dataset cross join protocol
                   where broken_rule is null
                   qualify count(*) over () = len(probes) * (select count(*) from dataset)
                       and count(*) over () = count(distinct (probe, one.dataset)) over ())
    select kind, dataset, other, round(avg(distance), 9) as distance
    from (select one.dataset, other.dataset as other, unnest(['moments', 'fisher']) as kind,
                 unnest([moments_distance(one.mean, one.variance, other.mean, other.variance),
                         fisher_distance(one.fisher, other.fisher)]) as distance
          from whole as one join whole as other using (probe) where one.dataset <> other.dataset)
    where isfinite(distance) group by kind, dataset, other;

-- One row per (dataset): where its pictures are from: the package that ends its source, or what stands before a colon;
-- a dataset that names none is its own.
create view dataset_source as
    select dataset, coalesce(nullif(regexp_extract(source, '\w+ package \S+ \S+$'), ''),
                             nullif(trim(split_part(source, ': ', 1)), ''), dataset::varchar) as source
    from dataset;

-- Tasks of one source share their pictures, as new images share them with none: they are no neighbours.
-- One row per (kind, dataset, other): the datasets of other sources by distance, the nearest at place 1.
create view neighbour as
    select kind, dataset, other, distance,
           row_number() over (partition by kind, dataset order by distance, other) as place
    from dataset_distance join dataset_source as own using (dataset)
        join dataset_source as far on far.dataset = other
    where own.source <> far.source;

-- The study itself is no resample; see section 8.
-- One row per (dataset): the dataset of the study that it is, and the resample that it belongs to, here null.
create view drawn as
    select dataset, dataset as origin, null::integer as resample from dataset;

-- Three: enough that one odd dataset does not decide alone.
-- One row per (proxy, model, dataset): the mean of t(m, D) over its three nearest datasets, where it has them.
create view nearest_score as
    select 'nearest_' || kind as proxy, model, own.dataset, round(avg(accuracy), 12) as score
    from neighbour join drawn as own on own.origin = neighbour.dataset
        join drawn as near on near.origin = other and near.resample is not distinct from own.resample
        join accuracy on accuracy.dataset = near.dataset
    where place <= 3
    group by kind, model, own.dataset having count(*) = 3;

-- One row per (proxy, model, dataset): the median score, higher is better, where the proxy has its full set of repeats.
create table score as
    select proxy, model.model, dataset.dataset, score
    from (select proxy, model, dataset, exact_median(score) as score
          from selected_proxy group by proxy, model, dataset
          having bool_and(whole) and count(*) = any_value(repeats)) as cell
        join model on model.model = cell.model join dataset on dataset.dataset = cell.dataset
    union all select proxy, model, dataset, score from partial_score
    union all select proxy, model, dataset, score from nearest_score;


-- 4 ranking (section 2) -----------------------------------------------------------------------------------------------

-- One row per (pool, dataset, model): what a strategy may rank, with all that is known before training.
create table candidate as
    select pool, dataset, model, vtab_group, num_classes, family, upstream, upstream_examples, imagenet_accuracy,
           num_params, feature_dim, image_size
    from pool join model using (model) cross join dataset;

-- One row per (pool): the number of its models.
create view pool_size as
    select pool, count(*) as models from pool group by pool;

-- All or nothing: an order that silently lacks a model would give a wrong regret.
-- One row per (proxy, pool, dataset, model): a proxy's score, where every model of the pool has it on the dataset.
create view whole_score as
    select proxy, pool, dataset, model, score
    from pool join score using (model)
        semi join (select proxy, pool, dataset from pool join score using (model) join pool_size using (pool)
                   group by proxy, pool, dataset having count(*) = any_value(models)) using (proxy, pool, dataset);

-- One row per (pool, dataset, model): the mean of the ranks that all common proxies give it, with its sign changed,
-- where every one has; models that tie share their mean rank.
create view mean_rank as
    select pool, dataset, model, round(-avg(rank), 12) as score
    from (select proxy, pool, dataset, model, (rank() over better + count(*) over better) / 2 as rank  -- first and last
          from whole_score semi join common_proxy using (proxy)
          where exists (from study_proxy where kind = 'combined')
          window better as (partition by proxy, pool, dataset order by score desc))
    group by pool, dataset, model having count(*) = (select count(*) from common_proxy);

-- One row per (proxy, pool, dataset, model): a proxy's score, where every model of the pool has it on the dataset.
create table candidate_score as
    select proxy, pool, dataset, model, score from whole_score
    union all select 'mean_rank', pool, dataset, model, score from mean_rank;

-- One row per (pool, dataset): ORACLE(M, D), absent while any model of the pool lacks its full set of runs.
create table oracle as
    select pool, dataset, max(accuracy) as oracle_accuracy
    from candidate left join accuracy using (model, dataset)
    group by pool, dataset having bool_and(accuracy is not null);

-- One row per (pool, dataset): the datasets that a mean must have: all, or where the study was opened so, those on
-- which every model of the pool has its full set of runs.
create table pool_dataset as
    select pool, dataset from pool_size cross join dataset
    where (pool, dataset) in (select (pool, dataset) from oracle) or not (select whole_datasets from setting);

-- One row per (pool): the number of datasets that a mean must have.
create view pool_datasets as
    select pool, count(*) as datasets from pool_dataset group by pool;

-- One row per (pool, dataset, model): the mean of t(m, D) over all datasets and over all but this one, where every
-- model of the pool has them all.
create table mean_accuracy as
    select pool, dataset, model, total / datasets as mean_accuracy,
           (total - accuracy) / nullif(datasets - 1, 0) as other_mean_accuracy
    from (select pool, dataset, model, accuracy, sum(accuracy) over (partition by pool, model, resample) as total,
                 count(*) over (partition by pool, resample) as cells
          from pool join accuracy using (model) join drawn using (dataset)
              semi join main.pool_dataset as asked on asked.pool = pool.pool and asked.dataset = drawn.origin)
        join pool_datasets using (pool) join pool_size using (pool)
    where cells = models * datasets;

-- A dataset that is in no mean, such as one's own images, may look at all that are.
-- One row per (pool, dataset, model): the mean of t(m, D) over the other datasets, which an honest order may look at.
create view other_mean_accuracy as
    select pool, dataset, model, other_mean_accuracy from mean_accuracy where other_mean_accuracy is not null
    union all
    select unmeasured.pool, unmeasured.dataset, model, mean_accuracy
    from (select pool_size.pool, own.dataset, resample from pool_size cross join drawn as own
              anti join main.pool_dataset as asked on asked.pool = pool_size.pool and asked.dataset = own.origin)
             as unmeasured
        join (select distinct pool, model, resample, mean_accuracy
              from mean_accuracy join drawn using (dataset)) as mean
        on mean.pool = unmeasured.pool and mean.resample is not distinct from unmeasured.resample;

create schema strategy;

-- The warehouse adds here: strategy.NAME, one view (pool, dataset, model, rank) per strategy; ranking, their union with
-- the column strategy; strategy_reads (strategy, relation, is_answer) and strategy_literal (strategy, literal): which
-- relations each reads, whether those hold accuracies of the dataset itself, and which text constants it has.


-- 5 pick (section 3) --------------------------------------------------------------------------------------------------

-- One row per (pool, budget): B, how many models may be fine-tuned, up to all of the pool.
create view budget as
    select pool, unnest(range(1, models + 1))::integer as budget from pool_size;

-- One row per (strategy, relation): a strategy that reads the answer, and where.
create view reads_answer as
    select strategy, relation from strategy_reads where is_answer;

-- Lists, because count(distinct) takes twice as long at 10^7 runs.
-- One row per (strategy, pool, dataset): an invalid order, and the rule that it breaks.
create table invalid_order as
    select strategy, pool, dataset,
           case when count(member.model) < count(*) then 'ranks a model that is not in the pool'
                when len(list_distinct(list(model))) < count(*) then 'ranks a model twice'
                when list_sort(list(rank)) <> range(1, count(*) + 1) then 'ranks are not 1, 2, 3 ...' end as broken_rule
    from ranking left join pool as member using (pool, model)
    group by strategy, pool, dataset having broken_rule is not null;

-- The first B of the order; a strategy may rank fewer models than the budget.
-- One row per (strategy, pool, budget, dataset, model): S, the models that are fine-tuned.
create view pick as
    select strategy, pool, budget, dataset, model
    from ranking anti join invalid_order using (strategy, pool, dataset) join budget using (pool)
    where rank <= budget;


-- 6 regret (section 3, equation 1) ------------------------------------------------------------------------------------

create macro relative_delta(a, b) as
    case when a = b then 0 else (a - b) / (1 - least(a, b)) end;

-- Supplement C. Infinite where exactly one accuracy is 0 or 1: such a cell has no log-odds difference (null).
create macro log_odds_delta(a, b) as
    case when a = b then 0
         when least(a, b) > 0 and greatest(a, b) < 1 then ln(a / (1 - a)) - ln(b / (1 - b)) end;

-- One row per (strategy, pool, dataset, rank): the model of each rank and its accuracy, where the pool has an oracle.
create view ranked as
    select strategy, pool, dataset, rank, model, accuracy
    from ranking anti join invalid_order using (strategy, pool, dataset) semi join oracle using (pool, dataset)
        join accuracy using (model, dataset);

-- One row per (strategy, pool, budget, dataset): a budget that is larger than the number of models in the order.
create view beyond_order as
    select strategy, pool, budget, dataset
    from (select strategy, pool, dataset, count(*) as ranks from ranking group by strategy, pool, dataset)
        join pool_size using (pool) join budget using (pool) where ranks < models and budget > ranks;

-- The best of the first B is a running maximum; beyond the last model of a short order S stays what it has. The first
-- ten budgets stand apart, because few queries ask for more, and those take 20 % longer at 10^7 runs if they do not.
-- One row per (strategy, pool, budget, dataset): the best accuracy among the picks of an order, up to ten.
create view first_pick as
    select strategy, pool, rank::integer as budget, dataset,
           max(accuracy) over (partition by strategy, pool, dataset order by rank) as accuracy
    from ranked where rank <= 10;

-- One row per (strategy, pool, budget, dataset): the best accuracy among the picks of an order, from eleven.
create view later_pick as
    from (select strategy, pool, rank::integer as budget, dataset,
                 greatest(best, max(accuracy) over (partition by strategy, pool, dataset order by rank)) as accuracy
          from ranked
              join (select strategy, pool, dataset, max(accuracy) as best from ranked where rank <= 10 group by all)
              using (strategy, pool, dataset) where rank > 10) where budget > 10;

-- One row per (strategy, pool, budget, dataset): the best accuracy among the picks of an order.
create view best_pick as
    from first_pick union all from later_pick
    union all
    select strategy, pool, budget, dataset, max(accuracy)
    from beyond_order join ranked using (strategy, pool, dataset) group by strategy, pool, budget, dataset;

-- Of the C(n, B) sets, the model of accuracy rank i from below is the best of C(i - 1, B - 1). Weights below 1e-20
-- change no digit of a double, and are most of a large pool.
-- One row per (models, i, budget): the probability that of B models drawn at random the best is the i-th worst of all.
create view random_weight as
    select models, i, budget,
           exp(lgamma(i) - lgamma(i - budget + 1) + lgamma(models - budget + 1) - lgamma(models + 1) + ln(budget))
               as weight
    from (select distinct models, budget from pool_size join budget using (pool))
        cross join unnest(range(budget, models + 1)) as worst(i)
    where weight > 1e-20;

-- s = E[max over S] exactly, over all S of B models with equal chance; written so that it is ORACLE at B = n.
-- One row per (pool, budget, dataset): the expected best accuracy of B models drawn at random.
create view random_pick as
    select pool, budget, dataset,
           max(oracle_accuracy) - round(sum(weight * (oracle_accuracy - accuracy)) / sum(weight), 12) as accuracy
    from (select pool, dataset, accuracy, oracle_accuracy, models,
                 row_number() over (partition by pool, dataset order by accuracy, model) as i
          from pool join pool_size using (pool) join accuracy using (model) join oracle using (pool, dataset))
        join random_weight using (models, i)
    group by pool, budget, dataset;

-- One row per (strategy, pool, budget, dataset): s, the best accuracy among the picks; of random, its expectation.
create view achieved as
    select strategy, pool, budget, dataset, accuracy from best_pick
    union all select 'random', pool, budget, dataset, accuracy from random_pick;

-- One row per (strategy, pool, budget, dataset): what is lost against the oracle.
create view regret as
    select strategy, pool, budget, dataset, accuracy, oracle_accuracy,
           oracle_accuracy - accuracy as absolute_regret,
           relative_delta(oracle_accuracy, accuracy) as relative_regret,
           log_odds_delta(oracle_accuracy, accuracy) as log_odds_regret
    from achieved join oracle using (pool, dataset);

-- Means are rounded, because their last digit depends on the order of the sum.
-- One row per (strategy, pool, budget): mean relative regret, where every dataset of the mean has one.
create view mean_regret as
    select strategy, pool, budget, count(*) as datasets, round(avg(relative_regret), 12) as relative_regret
    from regret join pool_datasets using (pool)
    group by strategy, pool, budget having count(*) = any_value(pool_datasets.datasets);

-- One row per (pool, vtab_group): the number of datasets of the group that a mean must have.
create view group_size as
    select pool, vtab_group, count(*) as datasets 
    from pool_dataset join dataset using (dataset) group by pool, vtab_group;

-- One row per (strategy, pool, budget, vtab_group): mean relative regret, where every dataset of the group has one.
create view group_regret as
    select strategy, pool, budget, vtab_group, count(*) as datasets, round(avg(relative_regret), 12) as relative_regret
    from regret join dataset using (dataset) join group_size using (pool, vtab_group)
    group by strategy, pool, budget, vtab_group having count(*) = any_value(group_size.datasets);

-- Figures 7, 17.
-- A random choice has an expected accuracy, whose regret is 0 only at B = n: its probability to hold one of the best k
-- of n models is 1 - C(n - k, B) / C(n, B).
-- One row per (pool, budget, dataset): the probability that B models drawn at random have zero regret.
create view random_hit as
    select pool, budget, dataset,
           if(models - best < budget, 1,
              1 - exp(lgamma(models - best + 1) - lgamma(models - best - budget + 1)
                      - lgamma(models + 1) + lgamma(models - budget + 1))) as probability
    from (select pool, dataset, count(*) filter (accuracy = oracle_accuracy) as best
          from pool join accuracy using (model) join oracle using (pool, dataset) group by pool, dataset)
        join pool_size using (pool) join budget using (pool);

-- One row per (strategy, pool, budget): the share of datasets with zero regret, of random the mean probability, where
-- every dataset of the mean has one.
create view zero_regret_share as
    select strategy, pool, budget, count(*) as datasets,
           round(avg(if(strategy = 'random', probability, (absolute_regret = 0)::integer)), 12) as share
    from regret join pool_datasets using (pool) join random_hit using (pool, budget, dataset)
    group by strategy, pool, budget having count(*) = any_value(pool_datasets.datasets);

-- Supplement, tables 4, 5.
-- One row per (strategy, pool, dataset): the smallest budget with zero regret; null where no budget reaches it.
create view zero_regret_budget as
    select strategy, pool, dataset, min(budget) filter (where absolute_regret = 0) as budget
    from regret group by strategy, pool, dataset;

-- One row per (proxy, pool, dataset, model): score beside accuracy, where every model of the pool has both.
create view scored as
    select proxy, pool, dataset, model, score, accuracy
    from candidate_score join accuracy using (model, dataset) semi join oracle using (pool, dataset);

-- Figures 24 to 28.
-- One row per (strategy, pool, dataset): the model that it would fine-tune first, and its accuracy.
create view top_pick as
    select strategy, pool, dataset, model, accuracy
    from ranking join accuracy using (model, dataset) anti join invalid_order using (strategy, pool, dataset)
    where rank = 1;

-- One row per (pool, dataset, model): what is lost when this model alone is fine-tuned, and whether it is the best.
create view model_regret as
    select pool, dataset, model, accuracy, oracle_accuracy,
           relative_delta(oracle_accuracy, accuracy) as relative_regret, accuracy = oracle_accuracy as best
    from pool join accuracy using (model) join oracle using (pool, dataset);

-- One row per (pool, model): its mean accuracy and regret over the datasets, and on how many it is the best of the
-- pool, where the pool has every dataset of the mean.
create view model_mean as
    select pool, model, count(*) as datasets, count(*) filter (where best) as best_on,
           round(avg(accuracy), 12) as accuracy, round(avg(relative_regret), 12) as relative_regret
    from model_regret join pool_datasets using (pool)
    group by pool, model having count(*) = any_value(pool_datasets.datasets);

-- Figures 24 to 28: a box plot of all accuracies, whiskers to the last one within 1.5 boxes.
-- One row per (pool, dataset): the range of the accuracies of its models, where every model has one.
create view accuracy_range as
    select pool, dataset, count(*) as models, min(accuracy) as lowest, max(q1) as q1, max(middle) as median,
           max(q3) as q3, max(accuracy) as highest,
           min(accuracy) filter (where accuracy >= q1 - 1.5 * (q3 - q1)) as whisker_low,
           max(accuracy) filter (where accuracy <= q3 + 1.5 * (q3 - q1)) as whisker_high
    from (select pool, dataset, accuracy, quantile_cont(accuracy, 0.25) over box as q1,
                 median(accuracy) over box as middle,
                 quantile_cont(accuracy, 0.75) over box as q3
          from pool join accuracy using (model) semi join oracle using (pool, dataset)
          window box as (partition by pool, dataset))
    group by pool, dataset;

-- One row per pair of models by rule of proxy, pool and dataset: which of the two the proxy and the fine-tunes prefer.
create view model_pair as
    select proxy, pool, dataset, sign(one.score - other.score) as score_sign,
           sign(one.accuracy - other.accuracy) as accuracy_sign
    from scored as one join scored as other using (proxy, pool, dataset) where one.model < other.model;

-- Pairs that tie in one of the two count only in the other's root.
-- One row per (proxy, pool, dataset): Kendall's tau b of its scores and the accuracies; null where all tie.
create view kendall as
    select proxy, pool, dataset, sum(score_sign * accuracy_sign)
               / nullif(sqrt(sum(abs(score_sign))) * sqrt(sum(abs(accuracy_sign))), 0) as kendall
    from model_pair group by proxy, pool, dataset;

-- Figures 8, 9, appendix B: a high correlation is not a low regret. Its last digits depend on the order of sums.
-- One row per (proxy, pool, dataset): correlation of its scores with accuracy, and at B = 1 the regret of its strategy.
create view proxy_correlation as
    select proxy, pool, dataset, models, pearson, kendall, relative_regret
    from (select proxy, pool, dataset, count(*) as models, if(stddev_pop(score) > 0 and stddev_pop(accuracy) > 0,
                 round(corr(score, accuracy), 12), null) as pearson
          from scored group by proxy, pool, dataset)
        left join kendall using (proxy, pool, dataset)
        left join (select strategy as proxy, pool, dataset, relative_regret from regret where budget = 1)
        using (proxy, pool, dataset);

-- Figure 23.
-- One row per (proxy, dataset, model): a proxy's score beside the size of the representation.
create view score_by_dimension as
    select proxy, dataset, model, feature_dim, num_params, score from score join model using (model);


-- What `needle learn` fits a model to, for each dataset (the fold) on datasets of other sources. No accuracy of the
-- fold's own is in it. Sums are rounded, so that a digest does not depend on their order.
-- One row per (dataset, model): the places that the common proxies give it among all models, from 0 to 1, in the order
-- of their names; facts of model and dataset; and the relative regret of fine-tuning it alone, null where a model of
-- the dataset lacks its runs. Where every model has every score, and the protocol names something learned.
create view learning_row as
    select dataset, model, places, num_params, upstream_examples, num_classes, lost
    from (select dataset, model, list(round(place, 9) order by proxy) as places
          from (select proxy, dataset, model, ((rank() over better + count(*) over better) / 2 - 1)
                           / nullif(count(*) over (partition by proxy, dataset) - 1, 0) as place
                from score semi join common_proxy using (proxy)
                where (select len(learned) > 0 from protocol)
                window better as (partition by proxy, dataset order by score))
          group by dataset, model having count(*) = (select count(*) from common_proxy))
        join model using (model) join dataset using (dataset)
        left join (select model, dataset, round(relative_delta(max(accuracy) over (partition by dataset), accuracy), 9)
                              as lost
                   from accuracy
                   qualify count(*) over (partition by dataset) = (select count(*) from model)) using (model, dataset)
    qualify count(*) over (partition by dataset) = (select count(*) from model);

-- One row per (fold, dataset, model): an example to learn from, and at dataset = fold what to score: learning_row with
-- lost null there, and the mean of lost over the datasets that are neither. Three datasets to learn from are needed.
create view learning_example as
    select fold, dataset, model, places, num_params, upstream_examples, num_classes, lost,
           round((sum(lost) over (partition by fold, model) - coalesce(lost, 0))
                 / (count(lost) over (partition by fold, model) - (lost is not null)::integer), 9) as other_lost
    from (select fold.dataset as fold, example.* replace (if(example.dataset = fold.dataset, null, lost) as lost)
          from (select distinct dataset, source from learning_row join dataset_source using (dataset)) as fold
              cross join learning_row as example join dataset_source as own on own.dataset = example.dataset
          where example.dataset = fold.dataset or (lost is not null and own.source <> fold.source))
    qualify count(lost) over (partition by fold, model) >= 3;

-- One row per (fold): the digest of all that a learned score of the dataset was fitted on.
create view fold_digest as
    select fold, md5(string_agg((dataset, model, places, num_params, upstream_examples, num_classes, lost)::varchar, ''
                                order by dataset, model)) as digest
    from learning_example group by fold;


-- 7 delta (equation 2, supplement C) ----------------------------------------------------------------------------------

-- One row per (strategy, baseline, pool, budget, dataset): positive where strategy beats baseline.
create view delta as
    select better.strategy, baseline.strategy as baseline, pool, budget, dataset,
           relative_delta(better.accuracy, baseline.accuracy) as delta,
           log_odds_delta(better.accuracy, baseline.accuracy) as log_odds_delta
    from achieved as better join achieved as baseline using (pool, budget, dataset)
    where better.strategy <> baseline.strategy;

-- One row per (strategy, baseline, pool, budget): mean delta, and on how many datasets strategy wins, where every
-- dataset of the mean has one.
create view mean_delta as
    select strategy, baseline, pool, budget, count(*) as datasets, round(avg(delta), 12) as delta,
           count(*) filter (where delta > 0) as won, count(*) filter (where delta = 0) as tied,
           count(*) filter (where delta < 0) as lost
    from delta join pool_datasets using (pool)
    group by strategy, baseline, pool, budget having count(*) = any_value(pool_datasets.datasets);


-- 8 intervals and cost ------------------------------------------------------------------------------------------------
-- A bootstrap over repeats. A resampled dataset is a dataset: in the schema `resample` each dataset stands once per
-- resample, with accuracies and scores from repeats drawn with replacement, and sections 4 to 7 and all strategies run
-- there as they are (the warehouse creates each of their views once more, in that schema). What is drawn follows from a
-- hash of the keys: no random state. Few repeats understate the spread: a resampled median is moved away from the
-- median by sqrt(n / (n - 1)).

create schema resample;

-- One row per (model, dataset): the test accuracies of the repeats, where the cell has them all.
create view outcome as
    select model, dataset, list(test_accuracy order by repeat) as outcomes
    from selected_run join expected on procedure = 'finetune' and repeat < repeats
        semi join accuracy using (model, dataset)
    group by model, dataset;

-- One row per (proxy, model, dataset): the scores of the repeats, where the cell has them all.
create view score_outcome as
    select proxy, model, dataset, list(score order by repeat) as outcomes
    from selected_proxy semi join score using (proxy, model, dataset) group by proxy, model, dataset;

-- One row per (rung, model, dataset): the validation accuracies of the repeats, where the cell has them all.
create view rung_outcome as
    select rung, model, dataset, list(validation_accuracy order by repeat) as outcomes
    from selected_rung semi join rung_score using (rung, model, dataset) group by rung, model, dataset;

create macro resampled_median(outcomes, key) as
    round(list_median(outcomes) + sqrt(len(outcomes) / (len(outcomes) - 1))
          * (list_median([outcomes[1 + (hash(key, j) % len(outcomes))::integer] for j in range(len(outcomes))])
             - list_median(outcomes)), 12);

-- One row per (dataset): one resample of one dataset of the study (origin).
create table resample.dataset as
    select (row_number() over (order by dataset) - 1) * resamples + resample as dataset, dataset as origin, resample,
           vtab_group, num_classes
    from dataset cross join setting cross join unnest(range(resamples)) as number(resample);

-- One row per (pool, budget): the budgets that have intervals.
create view resample.budget as
    select pool, budget from main.budget where budget <= (select budgets from setting);

-- An invalid order in one resample leaves a budget there without a row, or with two: see is_each_once.
-- One row per (strategy, pool, dataset, rank): the model of each rank and its accuracy, where the pool has an oracle.
create view resample.ranked as
    select strategy, pool, dataset, rank, model, accuracy
    from resample.ranking semi join resample.oracle using (pool, dataset) join resample.accuracy using (model, dataset);

-- One row per (strategy, pool, budget, dataset): none, because no more than ten budgets have intervals.
create view resample.later_pick as
    select strategy, pool, rank::integer as budget, dataset, 0::double as accuracy from resample.ranking where false;

-- One row per (dataset): the resample that it belongs to, and the dataset of the study.
create view resample.drawn as
    select dataset, origin, resample from resample.dataset;

-- One row per (model, dataset): the median test accuracy of the repeats that were drawn; none of a single repeat.
create table resample.accuracy as
    select model, drawn.dataset,
           greatest(0, least(1, resampled_median(outcomes, (model, origin, resample)))) as accuracy
    from outcome join resample.drawn as drawn on origin = outcome.dataset where len(outcomes) > 1;

-- The key is that of resample.accuracy: a fine-tune is drawn whole, its curve with its test accuracy.
-- One row per (rung, model, dataset): the median validation accuracy of the repeats that were drawn; none of a single
-- repeat.
create table resample.rung_score as
    select rung, model, drawn.dataset,
           resampled_median(outcomes, (model, origin, resample)) as validation_accuracy
    from rung_outcome join resample.drawn as drawn on origin = rung_outcome.dataset where len(outcomes) > 1;

-- A proxy without repeats is taken for one without randomness.
-- One row per (proxy, model, dataset): the median score of the repeats that were drawn.
create table resample.score as
    select proxy, model, drawn.dataset,
           if(len(outcomes) > 1, resampled_median(outcomes, (proxy, model, origin, resample)), outcomes[1]) as score
    from score_outcome join resample.drawn as drawn on origin = score_outcome.dataset
    union all
    select proxy, model, dataset, validation_accuracy
    from resample.rung_score join rung using (rung) where proxy is not null
    union all select proxy, model, dataset, score from resample.nearest_score;

-- One row per (strategy, proxy): the proxies that a strategy which reads scores names; all, where it names none.
create view asked_proxy as
    with named as (select strategy, proxy from strategy_literal join study_proxy on literal = proxy)
    select distinct strategy, proxy
    from strategy_reads cross join study_proxy left join named using (strategy, proxy)
    where relation = 'candidate_score'
      and (named.proxy is not null or strategy not in (select strategy from named));

-- A table, because a query would plan its views anew for every strategy, which takes longer than all else; of the
-- proxies that are asked for, because few strategies may be.
-- One row per (proxy, pool, dataset, model): a proxy's score, where every model of the pool has it on the dataset.
create table resample.candidate_score as
    select proxy, pool, dataset, model, score from resample.whole_score semi join asked_proxy using (proxy)
    union all select 'mean_rank', pool, dataset, model, score
    from resample.mean_rank where exists (from asked_proxy where proxy = 'mean_rank');

-- 95 %: percentiles of the resamples. Maxima over noisy medians are biased upward, and in the resamples once more: the
-- end on that side reaches further by twice the bias that the resamples of the repeats show. Rounded, because a mean's
-- last digit depends on the order of its sum.
create macro drawn_low(drawn, resampled, estimate) as
    least(estimate, round(quantile_cont(drawn, 0.025) - 2 * greatest(avg(resampled) - estimate, 0), 9));
create macro drawn_high(drawn, resampled, estimate) as
    greatest(estimate, round(quantile_cont(drawn, 0.975) - 2 * least(avg(resampled) - estimate, 0), 9));

-- Where repeats alone are drawn.
create macro interval_low(resampled, estimate) as drawn_low(resampled, resampled, estimate);
create macro interval_high(resampled, estimate) as drawn_high(resampled, resampled, estimate);

-- Whether each of a number of resamples, or datasets, is there exactly once.
create macro is_each_once(found, number) as count(distinct found) = count(*) and count(*) = number;

-- Whether all rows say the same, and none says null.
create macro is_uniform(flag) as count(flag) = count(*) and bool_and(flag) = bool_or(flag);

-- One row per (strategy, pool, budget, dataset, resample): relative regret in each resample.
create view resampled_regret as
    select strategy, pool, budget, origin as dataset, resample, relative_regret
    from resample.regret join resample.drawn using (dataset);

-- One row per (strategy, pool, budget, dataset): relative regret with its 95 % interval.
create view regret_interval as
    select strategy, pool, budget, dataset, estimate.relative_regret,
           greatest(0, interval_low(resampled.relative_regret, any_value(estimate.relative_regret))) as low,
           least(1, interval_high(resampled.relative_regret, any_value(estimate.relative_regret))) as high,
           count(*) as resamples
    from regret as estimate join resampled_regret as resampled using (strategy, pool, budget, dataset)
    group by strategy, pool, budget, dataset, estimate.relative_regret
    having is_each_once(resample, (select resamples from setting));

-- One row per (strategy, pool, budget): mean relative regret with its 95 % interval.
create view mean_regret_interval as
    select strategy, pool, budget, estimate.relative_regret,
           greatest(0, interval_low(resampled.relative_regret, any_value(estimate.relative_regret))) as low,
           least(1, interval_high(resampled.relative_regret, any_value(estimate.relative_regret))) as high,
           count(*) as resamples
    from mean_regret as estimate
        join (select strategy, pool, budget, resample, round(avg(relative_regret), 12) as relative_regret
              from resampled_regret join pool_datasets using (pool) group by strategy, pool, budget, resample
              having is_each_once(dataset, any_value(pool_datasets.datasets))) as resampled
        using (strategy, pool, budget)
    group by strategy, pool, budget, estimate.relative_regret
    having is_each_once(resample, (select resamples from setting));

-- One row per (strategy, pool, budget, vtab_group): mean relative regret over the datasets of a group with its 95 %
-- interval.
create view group_regret_interval as
    select strategy, pool, budget, vtab_group, estimate.relative_regret,
           greatest(0, interval_low(resampled.relative_regret, any_value(estimate.relative_regret))) as low,
           least(1, interval_high(resampled.relative_regret, any_value(estimate.relative_regret))) as high,
           count(*) as resamples
    from group_regret as estimate
        join (select strategy, pool, budget, vtab_group, resample, round(avg(relative_regret), 12) as relative_regret
              from resampled_regret join dataset using (dataset) join group_size using (pool, vtab_group)
              group by strategy, pool, budget, vtab_group, resample
              having is_each_once(dataset, any_value(group_size.datasets))) as resampled
        using (strategy, pool, budget, vtab_group)
    group by strategy, pool, budget, vtab_group, estimate.relative_regret
    having is_each_once(resample, (select resamples from setting));

-- Paired: both strategies choose and are measured in the same resample.
-- One row per (strategy, baseline, pool, budget, dataset, resample): delta in each resample.
create view resampled_delta as
    select strategy, baseline, pool, budget, origin as dataset, resample, delta
    from resample.delta join resample.drawn using (dataset);

-- One row per (strategy, baseline, pool, budget, dataset): delta with its 95 % interval, and in how many resamples
-- strategy wins.
create view delta_interval as
    select strategy, baseline, pool, budget, dataset, estimate.delta,
           greatest(-1, interval_low(resampled.delta, any_value(estimate.delta))) as low,
           least(1, interval_high(resampled.delta, any_value(estimate.delta))) as high,
           count(*) filter (where resampled.delta > 0) as wins, count(*) filter (where resampled.delta = 0) as ties,
           count(*) filter (where resampled.delta < 0) as losses, count(*) as resamples
    from delta as estimate join resampled_delta as resampled using (strategy, baseline, pool, budget, dataset)
    group by strategy, baseline, pool, budget, dataset, estimate.delta
    having is_each_once(resample, (select resamples from setting));

-- One row per (strategy, baseline, pool, budget): mean delta with its 95 % interval, and in how many resamples it is
-- positive.
create view mean_delta_interval as
    select strategy, baseline, pool, budget, estimate.delta,
           greatest(-1, interval_low(resampled.delta, any_value(estimate.delta))) as low,
           least(1, interval_high(resampled.delta, any_value(estimate.delta))) as high,
           count(*) filter (where resampled.delta > 0) as wins, count(*) filter (where resampled.delta = 0) as ties,
           count(*) filter (where resampled.delta < 0) as losses, count(*) as resamples
    from mean_delta as estimate
        join (select strategy, baseline, pool, budget, resample, round(avg(delta), 12) as delta
              from resampled_delta join pool_datasets using (pool) group by strategy, baseline, pool, budget, resample
              having is_each_once(dataset, any_value(pool_datasets.datasets))) as resampled
        using (strategy, baseline, pool, budget)
    group by strategy, baseline, pool, budget, estimate.delta
    having is_each_once(resample, (select resamples from setting));

-- A second bootstrap, over datasets: what other datasets might have said. Tasks of one source share pictures, so whole
-- sources are drawn, one fewer than there are, because few understate the spread (Rao and Wu 1988). In each resample of
-- the repeats the datasets are drawn, too; where a strategy has none of those, as with one repeat, its plain regrets.
-- The orders stay those of all datasets. One source alone gives no interval.
-- One row per (pool, dataset, resample): how many times the source of the dataset is drawn, and of how many sources.
create table dataset_draw as
    select pool, dataset, resample, sources,
           len(list_filter(range(1, sources), lambda j: hash(resample, j) % sources = place)) as times
    from (select pool, dataset, place, max(place + 1) over (partition by pool) as sources
          from (select pool, dataset, dense_rank() over (partition by pool order by source) - 1 as place
                from pool_dataset join dataset_source using (dataset)))
        cross join setting cross join unnest(range(resamples)) as number(resample)
    where sources > 1;

-- One row per (strategy, pool, budget, resample): mean relative regret over the datasets that are drawn and over all,
-- and whether they are of resampled repeats; null where only some are.
create view resampled_mean_regret as
    select strategy, pool, budget, resample, any_value(sources) as sources, count(*) as datasets,
           case count(resampled.relative_regret) when count(*) then true when 0 then false end as with_repeats,
           round(sum(times * coalesce(resampled.relative_regret, plain.relative_regret)) / sum(times), 12)
               as relative_regret,
           round(avg(coalesce(resampled.relative_regret, plain.relative_regret)), 12) as undrawn
    from regret as plain join dataset_draw using (pool, dataset)
        left join resampled_regret as resampled using (strategy, pool, budget, dataset, resample)
    where budget <= (select budgets from setting)
    group by strategy, pool, budget, resample having count(distinct dataset) = count(*);

-- One row per (strategy, pool, budget): mean relative regret with its 95 % interval over datasets, drawn by source, and
-- over repeats where with_repeats.
create view mean_regret_dataset_interval as
    select strategy, pool, budget, estimate.relative_regret,
           greatest(0, drawn_low(drawn.relative_regret, undrawn, any_value(estimate.relative_regret))) as low,
           least(1, drawn_high(drawn.relative_regret, undrawn, any_value(estimate.relative_regret))) as high,
           estimate.datasets, any_value(sources) as sources, count(*) as resamples,
           bool_and(with_repeats) as with_repeats
    from mean_regret as estimate join resampled_mean_regret as drawn using (strategy, pool, budget, datasets)
    group by strategy, pool, budget, estimate.relative_regret, estimate.datasets
    having is_each_once(resample, (select resamples from setting)) and is_uniform(with_repeats);

-- One row per (strategy, baseline, pool, budget, resample): mean delta over the datasets that are drawn and over all,
-- and whether they are of resampled repeats; null where only some are.
create view resampled_mean_delta as
    select strategy, baseline, pool, budget, resample, any_value(sources) as sources, count(*) as datasets,
           case count(resampled.delta) when count(*) then true when 0 then false end as with_repeats,
           round(sum(times * coalesce(resampled.delta, plain.delta)) / sum(times), 12) as delta,
           round(avg(coalesce(resampled.delta, plain.delta)), 12) as undrawn
    from delta as plain join dataset_draw using (pool, dataset)
        left join resampled_delta as resampled using (strategy, baseline, pool, budget, dataset, resample)
    where budget <= (select budgets from setting)
    group by strategy, baseline, pool, budget, resample having count(distinct dataset) = count(*);

-- One row per (strategy, baseline, pool, budget): mean delta with its 95 % interval over datasets, drawn by source, and
-- over repeats where with_repeats, and in how many resamples it is positive.
create view mean_delta_dataset_interval as
    select strategy, baseline, pool, budget, estimate.delta,
           greatest(-1, drawn_low(drawn.delta, undrawn, any_value(estimate.delta))) as low,
           least(1, drawn_high(drawn.delta, undrawn, any_value(estimate.delta))) as high,
           count(*) filter (where drawn.delta > 0) as wins, count(*) filter (where drawn.delta = 0) as ties,
           count(*) filter (where drawn.delta < 0) as losses,
           estimate.datasets, any_value(sources) as sources, count(*) as resamples,
           bool_and(with_repeats) as with_repeats
    from mean_delta as estimate join resampled_mean_delta as drawn using (strategy, baseline, pool, budget, datasets)
    group by strategy, baseline, pool, budget, estimate.delta, estimate.datasets
    having is_each_once(resample, (select resamples from setting)) and is_uniform(with_repeats);

-- Split repeats: choose the best of the pool, and of the picks, on the other repeats; measure it on this one. A maximum
-- over noisy medians promises more than it keeps; this does not.
-- One row per (model, dataset, repeat): one repeat, and the median of the others.
create view held_out as
    select model, dataset, unnest(range(len(outcomes))) as repeat, unnest(outcomes) as measured,
           unnest([round(list_median([outcomes[1 + j] for j in range(len(outcomes)) if j <> i]), 12)
                   for i in range(len(outcomes))]) as chosen_on
    from outcome where len(outcomes) > 1;

-- One row per (pool, dataset): where every model of the pool has the same number of repeats, more than one.
create view split_pool as
    select pool, dataset
    from candidate left join outcome using (model, dataset)
    group by pool, dataset having count(distinct len(outcomes)) = 1 and bool_and(coalesce(len(outcomes) > 1, false));

-- One row per (pool, dataset): the accuracy of the best of the pool, chosen on other repeats than measured.
create view split_oracle as
    select pool, dataset, round(avg(measured), 12) as oracle_accuracy
    from (select pool, dataset, repeat, arg_max(measured, struct_pack(chosen_on, model)) as measured
          from pool join held_out using (model) semi join split_pool using (pool, dataset)
          group by pool, dataset, repeat)
    group by pool, dataset;

-- One row per (strategy, pool, budget, dataset): regret chosen on some repeats and measured on the others, up to the
-- last model ranked; not of strategies that read the answer. Negative where the choice of the repeats was worse.
create view split_regret as
    select strategy, pool, budget, dataset, accuracy, oracle_accuracy, oracle_accuracy - accuracy as absolute_regret,
           relative_delta(oracle_accuracy, accuracy) as relative_regret
    from (select strategy, pool, budget, dataset, round(avg(measured), 12) as accuracy
          from (select strategy, pool, rank as budget, dataset,
                       arg_max(measured, struct_pack(chosen_on, model))
                           over (partition by strategy, pool, dataset, repeat order by rank) as measured
                from ranking anti join invalid_order using (strategy, pool, dataset)
                    anti join reads_answer using (strategy) join held_out using (model, dataset))
          group by strategy, pool, budget, dataset)
        join split_oracle using (pool, dataset);

-- Cost, in seconds of a device that measured. What is counted: for a proxy, one forward pass per model of the pool,
-- shared by all proxies of the strategy, and all its runs (its score is their median); for a fine-tune, each learning
-- rate once, the mean over the repeats (who chooses a model does not repeat it to measure noise). A partial fine-tune
-- costs its share of that, and no forward pass; the picks are then paid in full: that their partial fine-tunes could go
-- on is not credited. A missing time leaves no cost. Seconds of two devices cannot be compared, so a study that was
-- measured on several is told in those of one: the one that trained most of the models, then made most of the forward
-- passes. A device that nobody names is one, too.
-- One row per (device): the one device in whose seconds costs are told.
create table cost_device as
    select device from (select coalesce(device, '') as device, model, null as cell from finetune
                        union all select coalesce(device, ''), null, (model, dataset) from representation)
    group by device order by count(distinct model) desc, count(distinct cell) desc, device limit 1;

-- One row per (model, dataset, repeat): seconds of a repeat that the cost device ran whole, and whether all are known.
create view timed_repeat as
    select model, dataset, repeat, sum(seconds) as seconds, bool_and(is_seconds(seconds)) as known
    from finetune join expected on procedure = 'finetune' and repeat < repeats
        join cost_device on coalesce(finetune.device, '') = cost_device.device
    group by model, dataset, repeat having count(*) = len(any_value(learning_rates)) or any_value(as_published);

-- The steps of a fine-tune are the same on every dataset, so where another device ran a cell, the model's mean over
-- those that this one ran stands for it. A table, because total_cost and pareto read it many times, and it reads every
-- run.
-- One row per (model, dataset): seconds of one fine-tune with every learning rate of the protocol.
create table finetune_cost as
    select model, dataset, if(timed.model is null, of_model, timed.seconds) as seconds
    from accuracy left join (select model, dataset, if(bool_and(known), avg(seconds), null) as seconds
                             from timed_repeat group by model, dataset) as timed using (model, dataset)
        left join (select model, avg(seconds) as of_model from timed_repeat where known group by model) using (model)
    where if(timed.model is null, of_model, timed.seconds) is not null;

-- One row per (model, dataset): seconds of the forward pass that the proxies share.
create view representation_cost as
    select model, dataset, max(representation_seconds) as seconds
    from representation left join cost_device on coalesce(representation.device, '') = cost_device.device
    group by model, dataset
    having bool_and(is_seconds(representation_seconds) and cost_device.device is not null) and count(*) = 1;

-- One row per (proxy, model, dataset): seconds of all runs of a proxy, without the forward pass.
create table proxy_cost as
    select proxy, model, dataset, sum(seconds) as seconds
    from proxy semi join score using (proxy, model, dataset)
        left join cost_device on coalesce(proxy.device, '') = cost_device.device
    group by proxy, model, dataset having bool_and(is_seconds(seconds) and cost_device.device is not null)
    union all
    select proxy, model, dataset, share * seconds
    from partial_score join rung using (proxy) join finetune_cost using (model, dataset);

-- One row per (proxy, input): what has to be measured for a proxy: itself, and the common proxies that it is made of.
create view proxy_input as
    select proxy, proxy as input from study_proxy where kind <> 'combined'
    union all
    select study_proxy.proxy, common_proxy.proxy
    from study_proxy cross join common_proxy where kind in ('combined', 'learned');

-- One row per (strategy, proxy): the proxies that have to be measured for a strategy.
create view strategy_proxy as
    select distinct strategy, input as proxy from asked_proxy join proxy_input using (proxy);

-- A dataset is embedded once, whatever the pool. A probe that is in the pool is counted apart from it.
-- One row per (dataset): seconds of the forward passes of all probes, and of embedding, where all are known.
create view probe_cost as
    select embedding.dataset, sum(forward.seconds) as representation_seconds, sum(embedding.seconds) as proxy_seconds
    from embedding join protocol on contains(probes, probe)
        left join representation_cost as forward on forward.model = probe and forward.dataset = embedding.dataset
        left join cost_device on coalesce(embedding.device, '') = cost_device.device
    group by embedding.dataset
    having count(*) = any_value(len(probes)) and count(forward.seconds) = count(*)
       and bool_and(is_seconds(embedding.seconds) and cost_device.device is not null);

-- One row per (strategy, pool, dataset): seconds of all proxies that a strategy needs, where every one is known.
create view strategy_proxy_cost as
    select strategy, pool, dataset,
           sum(forward_seconds) + if(bool_or(near), any_value(probe_cost.representation_seconds), 0)
               as representation_seconds,
           sum(scored.proxy_seconds) + if(bool_or(near), any_value(probe_cost.proxy_seconds), 0) as proxy_seconds
    from (select strategy, pool, dataset, model, proxy_seconds, timed = proxies as all_timed, near,
                 if(looks_at_representation, representation_cost.seconds, 0) as forward_seconds
          from (select strategy, pool, dataset, model, coalesce(sum(seconds), 0) as proxy_seconds,
                       count(seconds) as timed, count(*) filter (kind <> 'nearest') as proxies,
                       bool_or(kind = 'measured') as looks_at_representation, bool_or(kind = 'nearest') as near
                from strategy_proxy join study_proxy using (proxy) cross join pool cross join dataset
                    left join proxy_cost using (proxy, model, dataset)
                group by strategy, pool, dataset, model)
              left join representation_cost using (model, dataset)) as scored
        left join probe_cost using (dataset)
    group by strategy, pool, dataset
    having bool_and(all_timed and forward_seconds is not null)
       and (not bool_or(near) or any_value(probe_cost.proxy_seconds) is not null);

-- One row per (pool, dataset): seconds of fine-tuning every model of the pool.
create view full_finetune_cost as
    select pool, dataset, sum(seconds) as seconds
    from pool cross join dataset left join finetune_cost using (model, dataset)
    group by pool, dataset having count(*) = count(seconds);

-- One row per (strategy, pool, budget, dataset): seconds of fine-tuning the picks; of random, their expectation.
create view strategy_finetune_cost as
    select strategy, pool, budget, dataset,
           sum(seconds) over (partition by strategy, pool, dataset order by budget) as finetune_seconds
    from (select strategy, pool, budget, dataset, model from best_pick
          left join (select strategy, pool, dataset, model, rank as budget from ranking)
              using (strategy, pool, budget, dataset))
        left join finetune_cost using (model, dataset)
    union all
    select 'random', pool, budget, dataset, budget * seconds / models
    from full_finetune_cost join pool_size using (pool) join budget using (pool);

-- One row per (strategy, pool, budget, dataset): what a strategy costs, what fine-tuning everything costs, and the
-- regret, where all seconds are known.
create view cost as
    select strategy, pool, budget, dataset, relative_regret,
           coalesce(representation_seconds, 0) as representation_seconds, coalesce(proxy_seconds, 0) as proxy_seconds,
           finetune_seconds,
           coalesce(representation_seconds, 0) + coalesce(proxy_seconds, 0) + finetune_seconds as seconds,
           everything.seconds as everything_seconds,
           everything.seconds / (coalesce(representation_seconds, 0) + coalesce(proxy_seconds, 0) + finetune_seconds)
               as speed_up
    from strategy_finetune_cost join full_finetune_cost as everything using (pool, dataset)
        join regret using (strategy, pool, budget, dataset)
        left join strategy_proxy_cost using (strategy, pool, dataset)
    where proxy_seconds is not null or strategy not in (select strategy from strategy_proxy);

-- One row per (strategy, pool, budget): cost over all datasets of the mean and mean relative regret, where every
-- dataset has both.
create view total_cost as
    select strategy, pool, budget, round(sum(seconds), 9) as seconds,
           round(sum(everything_seconds), 9) as everything_seconds,
           sum(everything_seconds) / sum(seconds) as speed_up, round(avg(relative_regret), 12) as relative_regret
    from cost join pool_datasets using (pool)
    group by strategy, pool, budget having count(*) = any_value(pool_datasets.datasets);

-- One row per (strategy, pool, budget): those that no other beats in both cost and mean regret; without strategies that
-- read the answer.
create view pareto as
    with total as materialized (from total_cost anti join reads_answer using (strategy))
    select strategy, pool, budget, seconds, speed_up, relative_regret
    from total as one
    where not exists (select 1 from total as other
                      where other.pool = one.pool and other.seconds <= one.seconds
                        and other.relative_regret <= one.relative_regret
                        and (other.seconds < one.seconds or other.relative_regret < one.relative_regret));

-- Successive halving (Jamieson and Talwalkar 2016; Li et al. 2018, Hyperband, section 3): all train to the first rung,
-- the better 1/eta of them by validation accuracy, rounded up, go on to the next, and the best at the last is chosen;
-- ties go to the first name. To train a model is to train it at every learning rate, as in the cost above, and it goes
-- on where it stopped: a rung costs the steps that it adds.
-- All of the pool begin (strategy is null), or the first four or eight of an order, where the pool has more.
-- One row per (pool, dataset, strategy, start, model): the models that begin, where the pool has an oracle.
create view entrant as
    select pool, dataset, null as strategy, models as start, model
    from candidate join pool_size using (pool) semi join oracle using (pool, dataset)
    union all
    select pool, dataset, strategy, start, model
    from ranked join pool_size using (pool) cross join (select unnest([4, 8]) as start)
    where strategy in ('linear', 'hybrid_linear') and rank <= start and start < models;

-- One row per (model, dataset): the validation accuracies at all rungs, where none is missing.
create view trajectory as
    select model, dataset, list(validation_accuracy order by rung) as validation
    from rung_score group by model, dataset having count(*) = (select count(*) from rung);

-- One row per (pool, dataset, strategy, start, eta, rung, model): the models that train to a rung, where every model
-- that begins has its validation accuracy at all rungs.
create table survivor as
    with recursive alive as (
        select pool, dataset, strategy, start, eta, 1 as rung, start as models, model, validation
        from entrant join trajectory using (model, dataset) cross join (select unnest([2, 3, 4]) as eta)
        qualify count(*) over (partition by pool, dataset, strategy, start, eta) = start
        union all
        select pool, dataset, strategy, start, eta, rung + 1, ceil(models / eta)::bigint, model, validation
        from alive where rung < len(validation)
        qualify row_number() over (partition by pool, dataset, strategy, start, eta
                                   order by validation[rung] desc, model) <= ceil(models / eta))
    select pool, dataset, strategy, start, eta, rung, model, validation[rung] as validation_accuracy from alive;

-- One row per (pool, dataset, strategy, start, eta): the model that halving leaves, and what it loses.
create view halving_choice as
    select pool, dataset, strategy, start, eta, model, accuracy,
           relative_delta(oracle_accuracy, accuracy) as relative_regret
    from (select pool, dataset, strategy, start, eta, model from survivor where rung = (select max(rung) from rung)
          qualify row_number() over (partition by pool, dataset, strategy, start, eta
                                     order by validation_accuracy desc, model) = 1)
        join accuracy using (model, dataset) join oracle using (pool, dataset);

-- One row per (pool, dataset, strategy, start, eta): what halving trains, in whole fine-tunes, and its seconds; null
-- where those of a model are not known.
create view halving_training as
    select pool, dataset, strategy, start, eta, max(rung) as rungs, round(sum(added_share), 9) as finetunes,
           if(count(seconds) = count(*), sum(added_share * seconds), null) as finetune_seconds
    from survivor join rung using (rung) left join finetune_cost using (model, dataset)
    group by pool, dataset, strategy, start, eta;

-- One row per (pool, dataset, strategy, start, eta): successive halving: the model that is left, its accuracy and
-- regret; what it trains, in fine-tunes; and all seconds, of the strategy's proxies too, null where one is not known.
create view halving as
    select pool, dataset, choice.strategy, start, eta, rungs, model, accuracy, relative_regret, finetunes,
           finetune_seconds + if(choice.strategy is null, 0, representation_seconds + proxy_seconds) as seconds
    from halving_choice as choice join halving_training as training using (pool, dataset, start, eta)
        left join strategy_proxy_cost as proxies
        on proxies.strategy = choice.strategy and proxies.pool = choice.pool and proxies.dataset = choice.dataset
    where choice.strategy is not distinct from training.strategy;

-- One row per (pool, strategy, start, eta): mean relative regret, and mean seconds, null where one is not known, where
-- every dataset of the mean has one.
create view mean_halving as
    select pool, strategy, start, eta, any_value(rungs) as rungs, count(*) as datasets,
           round(avg(relative_regret), 12) as relative_regret, any_value(finetunes) as finetunes,
           if(count(seconds) = count(*), round(avg(seconds), 9), null) as seconds
    from halving join pool_datasets using (pool)
    group by pool, strategy, start, eta having count(*) = any_value(pool_datasets.datasets);

-- One row per (strategy, pool): what the partial fine-tunes that a strategy asks for cost, in whole fine-tunes. Other
-- proxies count as nothing.
create view partial_finetunes as
    select strategy, pool, models * sum(share) as finetunes
    from strategy_proxy join study_proxy using (proxy) cross join pool_size group by strategy, pool, models;

-- The budget is the largest whose fine-tunes, with the rival's partial ones, are no more than halving trains.
-- One row per (pool, dataset, strategy, start, eta, rival): the regret of another strategy at that budget.
create view halving_rival as
    select halving.pool, dataset, halving.strategy, start, eta, rival.strategy as rival, budget, rival.relative_regret
    from halving join regret as rival using (pool, dataset)
        left join partial_finetunes as own on own.pool = halving.pool and own.strategy = rival.strategy
    where budget = floor(round(halving.finetunes - coalesce(own.finetunes, 0), 9));

-- One row per (pool, strategy, start, eta, rival): the mean regret of another strategy at that budget.
create view mean_halving_rival as
    select halving.pool, halving.strategy, start, eta, rival.strategy as rival, budget, rival.relative_regret
    from mean_halving as halving join mean_regret as rival using (pool)
        left join partial_finetunes as own on own.pool = halving.pool and own.strategy = rival.strategy
    where budget = floor(round(halving.finetunes - coalesce(own.finetunes, 0), 9));

-- One row per (pool, dataset, strategy, start, eta, resample): relative regret of halving in each resample.
create view resampled_halving as
    select pool, origin as dataset, strategy, start, eta, resample, relative_regret
    from resample.halving_choice join resample.drawn using (dataset);

-- One row per (pool, dataset, strategy, start, eta): relative regret of halving with its 95 % interval.
create view halving_interval as
    select pool, dataset, estimate.strategy, start, eta, estimate.relative_regret,
           greatest(0, interval_low(resampled.relative_regret, any_value(estimate.relative_regret))) as low,
           least(1, interval_high(resampled.relative_regret, any_value(estimate.relative_regret))) as high,
           count(*) as resamples
    from halving_choice as estimate join resampled_halving as resampled using (pool, dataset, start, eta)
    where estimate.strategy is not distinct from resampled.strategy
    group by pool, dataset, estimate.strategy, start, eta, estimate.relative_regret
    having is_each_once(resample, (select resamples from setting));

-- One row per (pool, strategy, start, eta): mean relative regret of halving with its 95 % interval.
create view mean_halving_interval as
    select pool, estimate.strategy, start, eta, estimate.relative_regret,
           greatest(0, interval_low(resampled.relative_regret, any_value(estimate.relative_regret))) as low,
           least(1, interval_high(resampled.relative_regret, any_value(estimate.relative_regret))) as high,
           count(*) as resamples
    from mean_halving as estimate
        join (select pool, strategy, start, eta, resample, round(avg(relative_regret), 12) as relative_regret
              from resampled_halving join pool_datasets using (pool) group by pool, strategy, start, eta, resample
              having is_each_once(dataset, any_value(pool_datasets.datasets))) as resampled
        using (pool, start, eta)
    where estimate.strategy is not distinct from resampled.strategy
    group by pool, estimate.strategy, start, eta, estimate.relative_regret
    having is_each_once(resample, (select resamples from setting));

-- A strategy without repeats of what it reads always picks the same.
-- One row per (strategy, pool, dataset): in which share of the resamples of the repeats the first pick stays.
create view first_pick_stability as
    select strategy, pool, dataset, avg((first.model = ranking.model)::integer) as share
    from (select strategy, pool, origin as dataset, resample, model
          from resample.ranking join resample.drawn using (dataset) where rank = 1) as first
        join ranking using (strategy, pool, dataset)
    where rank = 1
    group by strategy, pool, dataset having is_each_once(resample, (select resamples from setting));

-- A strategy that lacks a dataset has no mean, and so no place; datasets says how many it has of of_datasets.
-- One row per (strategy, pool, budget): what a reader compares strategies by: mean relative regret, the dataset with
-- the largest regret, the share of datasets where the best model was found, cost, and whether it reads the accuracies
-- that it is judged by.
create view standing as
    select strategy, pool, budget, mean.relative_regret, there.datasets, pool_datasets.datasets as of_datasets,
           worst_dataset, worst_regret, zero.share as zero_share, cost.seconds, cost.speed_up,
           strategy in (select strategy from reads_answer) as reads_answer
    from (select strategy, pool, budget, count(*) as datasets, max(relative_regret) as worst_regret,
                 first(dataset order by relative_regret desc, dataset) as worst_dataset
          from regret join pool_dataset using (pool, dataset) group by strategy, pool, budget) as there
        join pool_datasets using (pool)
        left join mean_regret as mean using (strategy, pool, budget)
        left join zero_regret_share as zero using (strategy, pool, budget)
        left join total_cost as cost using (strategy, pool, budget);

-- One row per (strategy, pool, budget): standing with the interval of the mean over datasets and repeats, the
-- probability of a lower mean regret than hybrid_linear's in the resamples (ties count half), and the stability of the
-- first pick.
create view league as
    select standing.*, low, high, (wins + ties / 2) / beats.resamples as beats_hybrid_linear, stability
    from standing
        left join (select strategy, pool, budget, low, high from mean_regret_dataset_interval) as drawn
            using (strategy, pool, budget)
        left join (select strategy, pool, budget, wins, ties, resamples
                   from mean_delta_dataset_interval where baseline = 'hybrid_linear') as beats
            using (strategy, pool, budget)
        left join (select strategy, pool, avg(share) as stability from first_pick_stability
                   join pool_dataset using (pool, dataset) group by strategy, pool) as steady using (strategy, pool);


-- 9 audit: can the study itself judge? -------------------------------------------------------------------------------
-- Singh, Hess, Vanschoren 2025, "How NOT to benchmark your SITE metric": where one order of models holds on every
-- dataset, a fixed order beats every score, and differences of a score say little of differences of accuracy.

-- One row per (pool): what an audit is of, where every dataset of the mean has every run, and there are two of each.
create view audited_pool as
    select pool, any_value(models) as models, count(*) as datasets, count(distinct source) as sources
    from pool_dataset join pool_size using (pool) join dataset_source using (dataset)
        left join oracle using (pool, dataset)
    group by pool having count(oracle_accuracy) = count(*) and count(*) > 1 and any_value(models) > 1;

-- One row per (pool, dataset, model): the rank of its accuracy on the dataset, from 1; those that tie share their mean
-- rank.
create view accuracy_rank as
    select pool, dataset, model, ties, first + (ties - 1) / 2 as rank
    from (select pool, dataset, model, rank() over (partition by pool, dataset order by accuracy desc) as first,
                 count(*) over (partition by pool, dataset, accuracy) as ties
          from pool join audited_pool using (pool) join pool_dataset using (pool) join accuracy using (model, dataset));

-- One row per (pool, model): how its rank varies over the datasets.
create view rank_dispersion as
    select pool, model, count(*) as datasets, avg(rank) as mean_rank, round(stddev_samp(rank), 12) as sd_rank,
           min(rank) as best_rank, max(rank) as worst_rank
    from accuracy_rank group by pool, model;

-- W is the share of the variance of all ranks that the mean ranks of the models explain, corrected for ties. Of m
-- datasets that agree by chance it is 1 / m, so agreement takes that off: without ties it is the mean of Spearman's
-- correlation over all pairs of datasets.
-- One row per (pool): Kendall's W of the datasets' rankings of models, and agreement: 0 by chance, 1 where all are the
-- same; null where every model ties on every dataset.
create view rank_agreement as
    select pool, models, datasets, kendall_w, round((datasets * kendall_w - 1) / (datasets - 1), 9) as agreement
    from (select pool, models, datasets,
                 round(12 * spread / nullif(datasets * datasets * (models ** 3 - models) - datasets * tied, 0), 12)
                     as kendall_w
          from audited_pool
              join (select pool, sum((total - count * (models + 1) / 2) ** 2) as spread
                    from (select pool, model, sum(rank) as total, count(*) as count
                          from accuracy_rank group by pool, model) join audited_pool using (pool) group by pool)
              using (pool)
              join (select pool, sum(ties * ties - 1) as tied from accuracy_rank group by pool) using (pool));

-- One row per (pool): how many models are the best of a dataset, alone or with others, and the one that is so on most
-- datasets.
create view best_model as
    select pool, any_value(audited_pool.datasets) as datasets, count(*) filter (best_on > 0) as best_models,
           arg_max(model, struct_pack(best_on, accuracy)) as model, max(best_on) as best_on
    from audited_pool join model_mean using (pool) group by pool;

-- One row per (pool, budget): the share of what a random choice loses that the honest fixed order avoids; null where a
-- random choice loses nothing.
create view fixed_order as
    select pool, budget, chance.relative_regret as random_regret, fixed.relative_regret as fixed_regret,
           round(1 - fixed.relative_regret / nullif(chance.relative_regret, 0), 9) as explained
    from mean_regret as chance join mean_regret as fixed using (pool, budget) join audited_pool using (pool)
    where chance.strategy = 'random' and fixed.strategy = 'leave_one_dataset_out';

-- Of datasets alone, because resamples of repeats take seconds: mean_delta_dataset_interval has both.
-- One row per (strategy, baseline, pool, budget): mean delta of strategies that do not read the answer, with its 95 %
-- interval over datasets, drawn by source; without one where there is a single source.
create view drawn_margin as
    select strategy, baseline, pool, budget, mean_delta.delta, low, high
    from mean_delta anti join reads_answer using (strategy)
        left join (select strategy, baseline, pool, budget, round(quantile_cont(delta, 0.025), 9) as low,
                          round(quantile_cont(delta, 0.975), 9) as high
                   from (select strategy, baseline, pool, budget, resample, sum(times * delta) / sum(times) as delta
                         from delta join dataset_draw using (pool, dataset)
                         group by strategy, baseline, pool, budget, resample)
                   group by strategy, baseline, pool, budget)
        using (strategy, baseline, pool, budget);

-- One row per (strategy, pool, budget): mean regret beside that of the honest fixed order, and the mean delta against
-- it with its interval over datasets; whether the strategy reads scores, and whether that interval is above 0.
create view fixed_order_margin as
    select strategy, pool, budget, relative_regret, fixed_regret, delta, low, high,
           strategy in (select strategy from strategy_proxy) as reads_score, coalesce(low > 0, false) as beats
    from mean_regret join fixed_order using (pool, budget) join drawn_margin using (strategy, pool, budget)
    where baseline = 'leave_one_dataset_out';

-- One row per (proxy, other, pool, budget): mean delta of one proxy's strategy against another's, and whether its
-- interval over datasets is on one side of 0.
create view proxy_pair as
    select strategy as proxy, baseline as other, pool, budget, delta, low, high,
           coalesce(low > 0 or high < 0, false) as apart
    from drawn_margin join audited_pool using (pool)
    where strategy < baseline and strategy in (select unnest(proxies) from protocol)
      and baseline in (select unnest(proxies) from protocol);

-- The differences are those of all pairs of models of one dataset, with one slope for all datasets: without it a
-- difference of scores would say something of another dataset only to those who know its accuracies.
-- One row per (proxy, pool): how far scores tell accuracies: tau b and R^2 of a line for each dataset, as means, absent
-- where a dataset has none; the share of the variance of differences of accuracy that differences of score predict, and
-- the accuracy that a point of score is worth.
create view proxy_fidelity as
    select proxy, pool, datasets, if(count(kendall) = datasets, round(avg(kendall), 12), null) as kendall,
           if(count(pearson) = datasets, round(avg(pearson * pearson), 12), null) as line_r2,
           round(sum(covariance) ** 2 / nullif(sum(score_variance) * sum(accuracy_variance), 0), 12) as difference_r2,
           round(sum(covariance) / nullif(sum(score_variance), 0), 12) as slope,
           round(avg(relative_regret), 12) as relative_regret
    from proxy_correlation join audited_pool using (pool)
        join (select proxy, pool, dataset, covar_pop(score, accuracy) as covariance, var_pop(score) as score_variance,
                     var_pop(accuracy) as accuracy_variance from scored group by proxy, pool, dataset)
        using (proxy, pool, dataset)
    group by proxy, pool, datasets having count(*) = datasets;

-- One row per (pool, model): the place of its mean accuracy, from 1, of how many.
create view best_on_average as
    select pool, model, row_number() over (partition by pool order by accuracy desc, model) as place, models
    from model_mean join audited_pool using (pool);

-- One row per (pool, variant, model): the models that a smaller pool leaves out, to see which conclusions stay.
create view left_out as
    select pool, 'without family ' || family as variant, model
    from pool join model using (model)
    where family is not null
      and pool in (select pool from pool join model using (model) group by pool having count(distinct family) > 1)
    union all select pool, 'without ' || model || ', the best on average', model from best_on_average where place = 1
    union all select pool, 'without the weakest quarter', model
    from best_on_average where models - place < models // 4;

-- One row per (pool, smaller): pools that hold fewer of the same models.
create view smaller_pool as
    select outer_pool.pool, inner_pool.pool as smaller
    from pool as outer_pool join pool as inner_pool using (model) join pool_size on pool_size.pool = inner_pool.pool
        join pool_size as outer_size on outer_size.pool = outer_pool.pool
    where outer_size.models > pool_size.models
    group by outer_pool.pool, inner_pool.pool having count(*) = any_value(pool_size.models);

-- One row per (pool, budget, strategy): the strategies of the lowest mean regret of several; without random and those
-- that read the answer.
create view winner as
    select pool, budget, strategy, relative_regret
    from mean_regret join audited_pool using (pool) anti join reads_answer using (strategy)
    where strategy <> 'random'
    qualify relative_regret = min(relative_regret) over (partition by pool, budget)
        and count(*) over (partition by pool, budget) > 1;

-- One row per (pool, smaller, budget): whether a strategy that wins in the pool wins in the smaller one, too.
create view kept_winner as
    select winner.pool, smaller_pool.smaller, winner.budget, bool_or(same.strategy is not null) as kept
    from winner join smaller_pool on smaller_pool.pool = winner.pool
        semi join winner as there on there.pool = smaller_pool.smaller and there.budget = winner.budget
        left join winner as same on same.pool = smaller_pool.smaller and same.budget = winner.budget
                                    and same.strategy = winner.strategy
    group by winner.pool, smaller_pool.smaller, winner.budget;

-- One row per (strategy): what cannot be followed within a budget: it reads the answer, or fine-tunes every model partially.
create view unrealistic_strategy as
    select strategy from reads_answer
    union
    select strategy from strategy_proxy join study_proxy using (proxy) where share > 0;

-- Not those that are unrealistic, or were learned, dataset by dataset.
-- One row per (strategy): what `needle recommend` may follow on images that nobody has fine-tuned on.
create view usable_strategy as
    select strategy from (select distinct strategy from ranking) anti join unrealistic_strategy using (strategy)
    where strategy not in (select strategy from strategy_proxy join study_proxy using (proxy) where kind = 'learned');

-- How good it is to follow the table: for each dataset, the strategy that loses least on the datasets of other sources.
-- One row per (pool, budget, dataset): the strategy that the others recommend, ties by name, and its regret here.
create view recommended as
    with possible as (
        select strategy, pool, budget, dataset, relative_regret, source
        from regret semi join usable_strategy using (strategy) join pool_dataset using (pool, dataset)
            join dataset_source using (dataset))
    select pool, budget, dataset, strategy, relative_regret
    from (select *, round((sum(relative_regret) over all_of - sum(relative_regret) over own)
                          / nullif(count(*) over all_of - count(*) over own, 0), 12) as elsewhere
          from possible semi join (select strategy, pool, budget from mean_regret) using (strategy, pool, budget)
          window all_of as (partition by strategy, pool, budget),
                 own as (partition by strategy, pool, budget, source))
    where elsewhere is not null
    qualify row_number() over (partition by pool, budget, dataset order by elsewhere, strategy) = 1;

-- Of datasets alone, as drawn_margin.
-- One row per (pool, budget): mean relative regret of what is recommended, where every dataset has one, with
-- its 95 % interval over datasets, drawn by source.
create view mean_recommended as
    select pool, budget, datasets, relative_regret, low, high
    from (select pool, budget, count(*) as datasets, round(avg(relative_regret), 12) as relative_regret
          from recommended join pool_datasets using (pool)
          group by pool, budget having count(*) = any_value(pool_datasets.datasets))
        join (select pool, budget, round(quantile_cont(mean, 0.025), 9) as low,
                     round(quantile_cont(mean, 0.975), 9) as high
              from (select pool, budget, resample, sum(times * relative_regret) / sum(times) as mean
                    from recommended join dataset_draw using (pool, dataset) group by pool, budget, resample)
              group by pool, budget) using (pool, budget);

-- One row per (baseline, pool, budget): mean delta of what is recommended against a strategy, where every dataset of
-- the mean has one, with its 95 % interval over datasets, drawn by source.
create view recommended_margin as
    with beside as (
        select theirs.strategy as baseline, pool, budget, dataset,
               relative_delta(ours.accuracy, theirs.accuracy) as delta
        from recommended join achieved as ours using (strategy, pool, budget, dataset)
            join achieved as theirs using (pool, budget, dataset))
    select baseline, pool, budget, datasets, delta, low, high
    from (select baseline, pool, budget, count(*) as datasets, round(avg(delta), 12) as delta
          from beside join pool_datasets using (pool)
          group by baseline, pool, budget having count(*) = any_value(pool_datasets.datasets))
        join (select baseline, pool, budget, round(quantile_cont(mean, 0.025), 9) as low,
                     round(quantile_cont(mean, 0.975), 9) as high
              from (select baseline, pool, budget, resample, sum(times * delta) / sum(times) as mean
                    from beside join dataset_draw using (pool, dataset) group by baseline, pool, budget, resample)
              group by baseline, pool, budget) using (baseline, pool, budget);

-- One row per (rule): what a table that can judge has at least or at most, why there, and what it means where nothing
-- can be measured.
create view audit_rule as
    from (values
        ('sources', 6, null, 'of five, a strategy that wins on each still fails a two-sided sign test at 5 %',
         'no source'),
        ('agreement', null, 0.5, 'above a half, most of what a dataset says of the order of models every other says',
         'all models tie on all datasets'),
        ('fixed_order', null, 0.5, 'above a half, most of what a choice can win is won without a look at the data',
         'a random choice loses nothing, or no order is fixed on other datasets'),
        ('beats_fixed_order', 1, null, 'what beats a fixed order beyond the choice of datasets reads the data',
         'no strategy reads scores: there is none to judge yet'),
        ('proxies_apart', 0.5, null, 'below a half, most places in an order of proxies are left to the datasets drawn',
         'fewer than two proxies'),
        ('winner_kept', 0.5, null, 'below a half, the winner is more often that of the pool than that of the datasets',
         'no smaller pool, or fewer than two strategies')
    ) as rule(rule, at_least, at_most, reason, absent);

-- One row per (pool, budget, rule): what is measured; null where nothing can be.
create view audit_measure as
    select pool, budget, 'sources' as rule, sources::double as value from audited_pool join budget using (pool)
    union all select pool, budget, 'agreement', agreement from rank_agreement join budget using (pool)
    union all select pool, budget, 'fixed_order', explained from fixed_order
    union all
    select pool, budget, 'beats_fixed_order', if(bool_or(reads_score), count(*) filter (reads_score and beats), null)
    from fixed_order_margin group by pool, budget
    union all select pool, budget, 'proxies_apart', avg(apart::integer) from proxy_pair group by pool, budget
    union all select pool, budget, 'winner_kept', avg(kept::integer) from kept_winner group by pool, budget;

-- One row per (pool, budget, rule): whether the rule holds, null where nothing can be measured, and that in words.
create view audit_finding as
    select pool, budget, rule, value, at_least, at_most,
           if(value is null, null, coalesce(value >= at_least, value <= at_most)) as holds,
           case when value is null then absent
                when rule = 'sources' then format('the datasets are of {:.0f} sources', value)
                when rule = 'agreement'
                    then format('the datasets'' orders of models agree at {:.2f}: 0 is chance, 1 one order', value)
                when rule = 'fixed_order'
                    then format('an order fixed on other datasets avoids {:.0f} % of what a random choice loses',
                                100 * value)
                when rule = 'beats_fixed_order'
                    then format('{:.0f} strategies that read scores beat the fixed order, whichever datasets are drawn',
                                value)
                when rule = 'proxies_apart'
                    then format('{:.0f} % of the pairs of proxies differ, whichever datasets are drawn', 100 * value)
                else format('the best strategy stays the best in {:.0f} % of the smaller pools', 100 * value) end
               as finding, reason
    from audited_pool join budget using (pool) cross join audit_rule left join audit_measure using (pool, budget, rule);

-- One row per (pool, budget): whether the study can judge: fit, limited or unfit, and why in words.
create view audit_verdict as
    select pool, budget,
           case when not chosen or not sources or (fixed and not coalesce(beaten, false)) then 'unfit'
                when fixed or not coalesce(apart, true) or not coalesce(kept, true) then 'limited' else 'fit' end
               as verdict,
           case when not chosen then 'No choice loses anything, or there is no fixed order to compare: it cannot judge'
                when not sources then 'Too few sources of datasets: it cannot judge'
                when fixed and not coalesce(beaten, false) and coalesce(apart, false)
                    then 'A fixed order explains most of this table: proxies that differ here may only know that order'
                when fixed and not coalesce(beaten, false)
                    then 'A fixed order explains most of this table: it cannot tell proxies apart'
                when fixed
                    then 'A fixed order explains most of this table: it tells the proxies that beat it, and little more'
                when not coalesce(apart, true) then 'No fixed order explains this table, but it tells few proxies apart'
                when not coalesce(kept, true)
                    then 'No fixed order explains this table, but another pool has another best strategy'
                when beaten is null then 'No fixed order explains this table: it can judge proxies, and has none yet'
                else 'No fixed order explains this table: it can judge proxies' end as sentence
    from (select pool, budget, bool_and(value is not null) filter (rule = 'fixed_order') as chosen,
                 bool_and(holds) filter (rule = 'sources') as sources,
                 not bool_and(holds) filter (rule in ('agreement', 'fixed_order')) as fixed,
                 bool_and(holds) filter (rule = 'beats_fixed_order') as beaten,
                 bool_and(holds) filter (rule = 'proxies_apart') as apart,
                 bool_and(holds) filter (rule = 'winner_kept') as kept
          from audit_finding group by pool, budget);


-- 10 checks: each of these must be empty -----------------------------------------------------------------------------

-- One row per (procedure, model, dataset, learning_rate, repeat): a run that the protocol asks for and nobody made.
create view missing_run as
    select procedure, model, dataset, learning_rate, repeat
    from (select procedure, repeats, needs_head, unnest(learning_rates) as learning_rate
          from expected where not as_published) as run
        cross join model cross join dataset
        cross join (select unnest(range(max(repeats)))::integer as repeat from expected) as number
        anti join (select 'finetune' as procedure, model, dataset, learning_rate, repeat from finetune
                   union all select proxy, model, dataset, learning_rate, repeat from proxy) as done
        on done.procedure = run.procedure and done.model = model.model and done.dataset = dataset.dataset
           and done.repeat = number.repeat and (done.learning_rate = run.learning_rate or run.learning_rate is null)
    where repeat < repeats and (source_classes is not null or not needs_head)
    union all select procedure, model, dataset, null, 0
    from expected cross join model cross join dataset anti join finetune using (model, dataset) where as_published
    union all select 'embedding', probe, dataset.dataset, null, 0
    from (select unnest(probes) as probe from protocol) as asked cross join dataset
        anti join embedding as done on done.probe = asked.probe and done.dataset = dataset.dataset;

-- One row per (procedure): how many runs the protocol asks for (as published: cells), how many are there, and their
-- share.
create view completeness as
    select procedure, asked, asked - coalesce(missing, 0) as done, done / asked as share
    from (select procedure, if(needs_head, heads, models) * datasets
                            * if(as_published, 1, len(learning_rates) * repeats) as asked
          from expected cross join (select count(*) as models, count(source_classes) as heads from model)
              cross join (select count(*) as datasets from dataset)
          union all
          select 'embedding', len(probes) * (select count(*) from dataset) from protocol where len(probes) > 0)
        left join (select procedure, count(*) as missing from missing_run group by procedure) using (procedure);

-- Where the protocol names no learning rate, a repeat has one run, whatever its rate.
-- One row per (procedure, model, dataset, learning_rate, repeat): a key in more than one row; of representation and
-- embedding, (model, dataset).
create view duplicate_run as
    select 'finetune' as procedure, model, dataset, min(learning_rate) as learning_rate, repeat, count(*) as rows
    from checked_finetune
    group by model, dataset, repeat, position, if(position is null, learning_rate, null) having count(*) > 1
    union all select proxy, model, dataset, min(learning_rate), repeat, count(*)
    from checked_proxy
    group by proxy, model, dataset, repeat, position, if(position is null, learning_rate, null) having count(*) > 1
    union all select 'representation', model, dataset, null, null, count(*)
    from representation group by model, dataset having count(*) > 1
    union all select 'embedding', probe, dataset, null, null, count(*)
    from embedding group by probe, dataset having count(*) > 1;

-- One row per (model, dataset): a cell whose repeats, as published, are not 0, 1, 2 ...
create view uncounted_repeat as
    select model, dataset
    from selected_run where as_published group by model, dataset having count(*) <> max(repeat) + 1;

-- One row per row of finetune, proxy, representation or embedding that breaks a rule of the contract.
create view broken_run as
    select 'finetune' as procedure, model, dataset, learning_rate, repeat, broken_rule
    from checked_finetune where broken_rule is not null
    union all select proxy, model, dataset, learning_rate, repeat, broken_rule
    from checked_proxy where broken_rule is not null
    union all select 'representation', model, dataset, null, null, broken_rule
    from (select model, dataset,
                 case when not coalesce(model in (select model from model), false) then 'model has no metadata'
                      when not coalesce(dataset in (select dataset from dataset), false) then 'dataset has no metadata'
                      when not is_seconds(representation_seconds) and representation_seconds is not null
                          then 'representation_seconds is not a number from 0' end as broken_rule from representation)
    where broken_rule is not null
    union all select 'embedding', probe, dataset, null, null, broken_rule
    from checked_embedding where broken_rule is not null;

-- One row per (proxy, dataset): a learned proxy whose scores were fitted on other results than the study has now.
create view stale_fold as
    select distinct proxy, proxy.dataset
    from proxy join protocol on contains(learned, proxy) left join fold_digest on fold_digest.fold = proxy.dataset
    where proxy.fold is distinct from digest;

-- One row per (pool, model): a model whose metadata do not tell whether the pool admits it.
create view undecided_pool as
    select pool, model from pool_rule where admits is null;

-- One row per (strategy, relation): a strategy that reads the answer and does not say oracle in its name.
create view undeclared_oracle as
    select strategy, relation from reads_answer where not contains(strategy, 'oracle');

-- The same strategies over the same rows, sorted in both directions.
-- One row per (strategy, pool, dataset): an order that depends on the order of the rows it was made from.
create view unstable_order as
    select distinct strategy, pool, dataset
    from ascending.ranking as up full join descending.ranking as down using (strategy, pool, dataset, model, rank)
    where up.rank is null or down.rank is null;

-- One row per broken rule and row that breaks it; an undecided pool is one row, with the first of its models.
create view violation as
    select broken_rule as rule, procedure as relation, model, dataset, learning_rate, repeat, null as subject
    from broken_run
    union all select 'key stands in ' || rows || ' rows', procedure, model, dataset, learning_rate, repeat, null
    from duplicate_run
    union all select 'repeats are not 0, 1, 2 ...', 'finetune', model, dataset, null, null, null from uncounted_repeat
    union all select 'metadata of ' || count(*) || ' models do not tell whether the pool admits them', 'model',
           min(model), null, null, null, pool from undecided_pool group by pool
    union all select broken_rule, 'strategy', null, dataset, null, null, strategy || ' on ' || pool from invalid_order
    union all select 'was learned from other results than these: needle learn fits it again', proxy, null, dataset,
           null, null, null from stale_fold
    union all select 'order depends on the order of rows: end it with model', 'strategy', null, any_value(dataset),
           null, null, strategy from unstable_order group by strategy
    union all select 'reads ' || relation || ' and does not say oracle in its name', 'strategy', null, null, null, null,
           strategy from undeclared_oracle
    order by all;

-- A broken row here would change pools and orders unseen, so the warehouse refuses the study.
-- One row per broken rule of a model, a dataset or the protocol.
create view invalid_metadata as
    select 'model' as relation, model as key, 'key stands in more than one row' as rule
    from model group by model having count(*) > 1
    union all select 'model', coalesce(model, '(null)'), 'model is null or empty'
    from model where coalesce(model, '') = ''
    union all select 'model', model, 'imagenet_accuracy is not a fraction in [0, 1]'
    from model where imagenet_accuracy is not null and not is_fraction(imagenet_accuracy)
    union all select 'model', model, column_name || ' is not a positive number' from (
        unpivot (select model, num_params::bigint as num_params, feature_dim::bigint as feature_dim from model)
        on num_params, feature_dim into name column_name value number) where number <= 0
    union all select 'model', model, 'upstream_examples is negative' from model where upstream_examples < 0
    union all select 'dataset', dataset, 'key stands in more than one row'
    from dataset group by dataset having count(*) > 1
    union all select 'dataset', coalesce(dataset, '(null)'), 'dataset is null or empty'
    from dataset where coalesce(dataset, '') = ''
    union all select 'dataset', dataset, 'vtab_group is not natural, specialized or structured'
    from dataset where vtab_group not in ('natural', 'specialized', 'structured')
    union all select 'protocol', '', 'there is no row' from (select count(*) as rows from protocol) where rows = 0
    union all select 'protocol', study, rule from (
        select study, unnest([
            if((select count(*) from protocol) > 1, 'there is more than one row', null),
            if(len(learning_rates) = 0 or len(linear_learning_rates) = 0,
               'a list of learning rates is empty: it is null where none is known', null),
            if(len(list_distinct(proxies)) < len(proxies) or contains(proxies, 'finetune'),
               'proxies names one twice, or finetune, which is none', null),
            if(len(list_filter(lower_is_better, lambda one: not contains(proxies, one))) > 0,
               'lower_is_better names one that is not among the proxies', null),
            if(len(curve_at) > 0 and list_sort(list_distinct([0] || curve_steps(curve_at, steps) || [steps]))
                                     is distinct from [0] || curve_steps(curve_at, steps) || [steps],
               'curve_at is not ascending between 0 and 1, with no two at one step and none at the last', null),
            if(not coalesce(repeats >= 1, false), 'repeats is not a positive number', null),
            if(contains(proxies, 'linear') and not coalesce(linear_repeats >= 1, false),
               'proxies names linear but linear_repeats is not a positive number', null),
            if(len(list_distinct(learning_rates)) < len(learning_rates)
               or len(list_filter(learning_rates, lambda r: r > 0)) < len(learning_rates)
               or len(list_distinct(linear_learning_rates)) < len(linear_learning_rates),
               'a learning rate is listed twice or is not a positive number', null)]) as rule
        from protocol) where rule is not null;
