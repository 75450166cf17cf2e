-- Which model to transfer? The paper in SQL, read top to bottom:
--   facts -> pools -> accuracy -> ranking -> pick -> regret -> delta, and the checks that must be empty.
-- Paper: Renggli et al., "Which Model to Transfer? Finding the Needle in the Growing Haystack".
-- Every accuracy is a fraction in [0, 1]: `accuracy` is t(m, D) or s(strategy), `score` is only a proxy's number.
-- Each view says its grain in its comment, and a test reads the comment. Names: m, M, D, B, S, t, s and ORACLE are the paper's.
-- The warehouse runs these statements, or those that a question needs, and adds the facts of one study (after section 1) and one view
-- a file of warehouse/strategies (after section 4). What many views read (pool, accuracy, score, candidate, ranking, oracle ...) is a table,
-- computed once when the study is opened; the rest are views. There the keys are of types that name each model, dataset, pool and
-- strategy by a number and read as text.


-- 1 facts -----------------------------------------------------------------------------------------------------------------
-- The contract of a study's Parquet files. For each of these the warehouse makes a table of the same name from the files: columns
-- cast to these types, columns that the files lack null.

create schema contract;

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
    source            varchar
);
comment on table contract.model is 'One row per (model): the pretrained networks of the study.';

create table contract.dataset (
    dataset     varchar not null,         -- key
    vtab_group  varchar,                  -- natural | specialized | structured
    num_classes integer,
    num_test    bigint,                   -- test examples that the accuracies were measured on
    source      varchar,
    version     varchar,
    licence     varchar
);
comment on table contract.dataset is 'One row per (dataset): the downstream tasks of the study.';

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
    curve_at              double[],       -- fractions of the steps, ascending, that finetune.validation_curve has; null or empty: none
    as_published          boolean         -- true: a cell has those learning rates and repeats that were published; else all of them
);
comment on table contract.protocol is 'One row per (study): what every run of the study shares.';

create table contract.finetune (
    model               varchar not null,
    dataset             varchar not null,
    learning_rate       double,           -- initial; null only where the protocol names none
    repeat              integer not null, -- from 0
    validation_accuracy double,           -- null only where the protocol names at most one learning rate
    test_accuracy       double,
    validation_curve    double[],         -- validation accuracy after each of the protocol's curve_at; null where that lists none
    seconds             double,           -- to train and to measure it at the end, without the curve: processor time of one core on a
                                          -- CPU, which other work on the machine does not stretch; wall time on a GPU
    final_loss          double,           -- null where it was not finite
    diverged            boolean,          -- the loss left the numbers; the accuracies are what they are
    seed                bigint,
    finished_at         timestamp,        -- UTC
    device              varchar,
    software            varchar
);
comment on table contract.finetune is 'One row per (model, dataset, learning_rate, repeat): one fine-tune.';

create table contract.proxy (
    proxy         varchar not null,       -- linear | knn, or any other that the protocol names, such as LogME
    model         varchar not null,
    dataset       varchar not null,
    learning_rate double,                 -- null where the proxy has none
    repeat        integer not null,       -- from 0
    score         double,                 -- linear, knn: validation accuracy; others: any finite number, higher is better
    seconds       double,                 -- as of finetune; without the forward pass; heads trained together share their time equally
    seed          bigint,
    finished_at   timestamp,
    device        varchar,
    software      varchar
);
comment on table contract.proxy is 'One row per (proxy, model, dataset, learning_rate, repeat): one evaluation of a proxy.';

create table contract.representation (
    model                  varchar not null,
    dataset                varchar not null,
    representation_seconds double,        -- one forward pass over training and validation images, timed as seconds of finetune
    finished_at            timestamp,
    device                 varchar,
    software               varchar
);
comment on table contract.representation is 'One row per (model, dataset): the forward pass that the proxies share.';

create table setting (
    repeats   integer,                    -- answer from the first so many repeats alone, which a study in the making has of every cell
    resamples integer not null,           -- of the bootstrap (section 8)
    budgets   integer not null            -- intervals are of budgets up to this one
);
comment on table setting is 'One row per (repeats, resamples, budgets): what the study was opened with.';


-- 2 pools (section 4.2) ---------------------------------------------------------------------------------------------------

-- 23,807,702 is the ResNet50-V2 of the experts. resnet_v2_50 is listed with 23,519,360, which would leave no expert in RESNET-50
-- and break the paper's EXPERT in RESNET-50 in DIM2048 in ALL.
create view pool_rule as
    select 'ALL' as pool, model, true as admits from model
    union all select 'RESNET-50', model, num_params <= 23807702 from model
    union all select 'DIM2048', model, feature_dim <= 2048 from model
    union all select 'EXPERT', model, family = 'expert' from model
    union all select 'IMNETACCURACIES', model, imagenet_accuracy is not null from model;
comment on view pool_rule is 'One row per (pool, model): whether the pool admits the model; null where its metadata do not tell.';

create type pool_name as enum (select distinct pool from pool_rule order by pool);

create table pool as
    select pool::pool_name as pool, model from pool_rule
    qualify admits and bool_and(admits is not null) over (partition by pool);
comment on table pool is 'One row per (pool, model): the models of each pool. A pool that cannot be decided for every model has none.';


-- 3 accuracy (section 4.3) ------------------------------------------------------------------------------------------------

-- isfinite, because Parquet's statistics leave NaN out and DuckDB folds by them: over a file, `x <= 1` is true of NaN and even
-- isnan(x) is false.
create macro is_fraction(x) as coalesce(isfinite(x) and x between 0 and 1, false);

create macro is_seconds(x) as coalesce(isfinite(x) and x >= 0, false);

-- Of an even number of values, which tie where their sums do: the mean of the middle two may else differ in its last digit.
create macro exact_median(x) as round(median(x), 12);

-- How many steps are done at each fraction: the first number of them that is no less. 0.07 * 100 is a little more than 7, hence the rounding.
create macro curve_steps(curve_at, steps) as list_transform(curve_at, lambda share: ceil(round(share * steps, 9)));

create macro is_curve(curve, steps) as
    coalesce(len(curve), 0) = coalesce(len(steps), 0) and len(list_filter(coalesce(curve, []), lambda x: not is_fraction(x))) = 0;

create view expected as
    select 'finetune' as procedure, list_sort(coalesce(learning_rates, [null])) as learning_rates,
           least(repeats, (select repeats from setting)) as repeats, coalesce(as_published, false) as as_published,
           curve_steps(curve_at, steps) as curve_steps from protocol
    union all select proxy, if(proxy = 'linear', list_sort(coalesce(linear_learning_rates, [null])), [null]),
           if(proxy = 'linear', linear_repeats, 1), false, null from (select unnest(proxies) as proxy, * exclude (proxies) from protocol);
comment on view expected is 'One row per (procedure): the learning rates, ascending, and the repeats that every cell must have, or may have if as published; and the steps after which a fine-tune has a curve.';

-- Where a learning rate stands in the protocol, from 1; null: it is none of them. A protocol that names none takes any.
create macro place(rates, rate) as if(rates[1] is null, 1, list_position(rates, rate));

-- What is out of range is null from here on, and takes its cell with it.
create view checked_finetune as
    select model, dataset, learning_rate, repeat, place(learning_rates, learning_rate) as place,
           if(is_fraction(test_accuracy), test_accuracy, null) as test_accuracy,
           case when not is_curve(validation_curve, curve_steps) then null
                when is_fraction(validation_accuracy) then validation_accuracy
                when validation_accuracy is null and len(learning_rates) = 1 then 0 end as validation_accuracy,
           is_curve(validation_curve, curve_steps) as has_curve, len(learning_rates) as rates, as_published, seconds
    from finetune join expected on procedure = 'finetune';
comment on view checked_finetune is 'One row per row of finetune: what of it the rules admit; a single run needs no validation accuracy.';

create view judged_finetune as
    select model, dataset, learning_rate, repeat,
           case when not coalesce(model in (select model from model), false) then 'model has no metadata'
                when not coalesce(dataset in (select dataset from dataset), false) then 'dataset has no metadata'
                when not coalesce(repeat >= 0, false) then 'repeat is not a number from 0'
                when place is null then 'learning_rate is not one of the protocol'
                when test_accuracy is null then 'test_accuracy is not a fraction in [0, 1]'
                when not has_curve then 'validation_curve is not a fraction in [0, 1] after each of the protocol''s curve_at'
                when validation_accuracy is null then 'validation_accuracy is not a fraction in [0, 1]'
                when not is_seconds(seconds) and seconds is not null then 'seconds is not a number from 0' end as broken_rule
    from checked_finetune;
comment on view judged_finetune is 'One row per row of finetune: the first rule that it breaks, null where it breaks none.';

create view curve as
    select model.model, dataset.dataset, learning_rate, repeat, unnest(curve_steps)::integer as step,
           unnest(validation_curve) as validation_accuracy
    from finetune join expected on procedure = 'finetune' and is_curve(validation_curve, curve_steps)
        join model on model.model = finetune.model join dataset on dataset.dataset = finetune.dataset;
comment on view curve is 'One row per (model, dataset, learning_rate, repeat, step): the validation accuracy of a fine-tune on its way, after so many steps.';

-- The better validation accuracy first, then the lower learning rate, in one whole number, which groups of 10^8 runs can be searched by
-- at a third of the time of a pair: the accuracy in units of 2^-53, what a double in [1/2, 1] resolves, and 6 bits for the place.
create macro merit(validation_accuracy, place) as (validation_accuracy * 9007199254740992)::bigint * 64 + 64 - place;

create view selected_run as  -- never by the test accuracy
    select model, dataset, repeat, arg_max(learning_rate, merit(validation_accuracy, place)) as learning_rate,
           arg_max(test_accuracy, merit(validation_accuracy, place)) as test_accuracy, any_value(as_published) as as_published,
           repeat >= 0 and count(test_accuracy + validation_accuracy) = count(*) and bit_count(bit_or(1::bigint << place)) = count(*)
               and if(any_value(as_published), count(*) <= any_value(rates), count(*) = any_value(rates)) as whole
    from checked_finetune group by model, dataset, repeat;
comment on view selected_run is 'One row per (model, dataset, repeat): the run that validated best, and whether the repeat is whole: no rule broken, each learning rate once.';

create table accuracy as
    select model.model, dataset.dataset, accuracy
    from (select model, dataset, exact_median(test_accuracy) as accuracy
          from selected_run join expected on procedure = 'finetune' and repeat < repeats
          group by model, dataset
          having bool_and(whole) and count(*) = if(any_value(selected_run.as_published), max(repeat) + 1, any_value(repeats))) as cell
        join model on model.model = cell.model join dataset on dataset.dataset = cell.dataset;
comment on table accuracy is 'One row per (model, dataset): t(m, D), the median test accuracy, where the cell has its full set of runs.';

create view checked_proxy as
    select proxy, model, dataset, learning_rate, repeat, place(learning_rates, learning_rate) as place, len(learning_rates) as rates,
           if(if(proxy in ('linear', 'knn'), is_fraction(score), isfinite(score)), score, null) as score, repeats, seconds
    from proxy left join expected on procedure = proxy;
comment on view checked_proxy is 'One row per row of proxy: what of it the rules admit.';

create view judged_proxy as
    select proxy, model, dataset, learning_rate, repeat,
           case when not coalesce(model in (select model from model), false) then 'model has no metadata'
                when not coalesce(dataset in (select dataset from dataset), false) then 'dataset has no metadata'
                when rates is null then 'proxy is not one of the protocol'
                when not coalesce(repeat >= 0 and repeat < repeats, false) then 'repeat is not one of the protocol'
                when place is null then 'learning_rate is not one of the protocol'
                when score is null and proxy in ('linear', 'knn') then 'score is not a fraction in [0, 1]'
                when score is null then 'score is not a finite number'
                when not is_seconds(seconds) and seconds is not null then 'seconds is not a number from 0' end as broken_rule
    from checked_proxy;
comment on view judged_proxy is 'One row per row of proxy: the first rule that it breaks, null where it breaks none.';

create view selected_proxy as
    select proxy, model, dataset, repeat, max(score) as score, any_value(repeats) as repeats,
           coalesce(repeat >= 0 and repeat < any_value(repeats) and count(score) = count(*) and count(*) = any_value(rates)
                    and bit_count(bit_or(1::bigint << place)) = count(*), false) as whole
    from checked_proxy group by proxy, model, dataset, repeat;
comment on view selected_proxy is 'One row per (proxy, model, dataset, repeat): the best learning rate''s score, and whether the repeat is whole.';

create table score as
    select proxy, model.model, dataset.dataset, score
    from (select proxy, model, dataset, exact_median(score) as score
          from selected_proxy group by proxy, model, dataset having bool_and(whole) and count(*) = any_value(repeats)) as cell
        join model on model.model = cell.model join dataset on dataset.dataset = cell.dataset;
comment on table score is 'One row per (proxy, model, dataset): the median score, where the proxy has its full set of repeats.';


-- 4 ranking (section 2) ---------------------------------------------------------------------------------------------------

create table candidate as
    select pool, dataset, model, vtab_group, num_classes, family, upstream, upstream_examples, imagenet_accuracy, num_params,
           feature_dim, image_size
    from pool join model using (model) cross join dataset;
comment on table candidate is 'One row per (pool, dataset, model): what a strategy may rank, with all that is known before training.';

create view pool_size as
    select pool, count(*) as models from pool group by pool;
comment on view pool_size is 'One row per (pool): the number of its models.';

create table candidate_score as  -- all or nothing: an order that silently lacks a model would give a wrong regret
    select proxy, pool, dataset, model, score
    from pool join score using (model)
        semi join (select proxy, pool, dataset from pool join score using (model) join pool_size using (pool)
                   group by proxy, pool, dataset having count(*) = any_value(models)) using (proxy, pool, dataset);
comment on table candidate_score is 'One row per (proxy, pool, dataset, model): a proxy''s score, where every model of the pool has it on the dataset.';

create view drawn as
    select dataset, dataset as origin, null::integer as resample from dataset;
comment on view drawn is 'One row per (dataset): the resample that a dataset belongs to; null, because the study itself is none (section 8).';

create table mean_accuracy as
    select pool, dataset, model, total / datasets as mean_accuracy, (total - accuracy) / nullif(datasets - 1, 0) as other_mean_accuracy
    from pool join accuracy using (model) join drawn using (dataset)
        join (select model, resample, sum(accuracy) as total, count(*) as datasets
              from accuracy join drawn using (dataset) group by model, resample) as every
        on every.model = pool.model and every.resample is not distinct from drawn.resample
        semi join (select pool, resample from candidate join drawn using (dataset) left join accuracy using (model, dataset)
                   group by pool, resample having count(accuracy) = count(*)) as whole
        on whole.pool = pool.pool and whole.resample is not distinct from drawn.resample;
comment on table mean_accuracy is 'One row per (pool, dataset, model): the mean of t(m, D) over all datasets and over all but this one, where every model of the pool has them all.';

create view other_mean_accuracy as
    select pool, dataset, model, other_mean_accuracy from mean_accuracy where other_mean_accuracy is not null;
comment on view other_mean_accuracy is 'One row per (pool, dataset, model): the mean of t(m, D) over the other datasets, which an honest order may look at.';

create schema strategy;

-- The warehouse adds here: strategy.NAME, one view a file of warehouse/strategies, each (pool, dataset, model, rank); ranking, their
-- union with the column strategy; strategy_reads (strategy, relation) and strategy_word (strategy, word), what each reads and names.


-- 5 pick (section 3) ------------------------------------------------------------------------------------------------------

create view budget as
    select pool, unnest(range(1, models + 1))::integer as budget from pool_size;
comment on view budget is 'One row per (pool, budget): B, how many models may be fine-tuned, up to all of the pool.';

create view peeking as
    select strategy, relation from strategy_reads
    where relation in ('finetune', 'curve', 'checked_finetune', 'judged_finetune', 'selected_run', 'accuracy', 'mean_accuracy', 'oracle', 'outcome',
                       'held_out', 'scored', 'model_pair', 'kendall', 'model_regret', 'model_mean', 'accuracy_range', 'random_pick',
                       'split_oracle', 'paper_oracle_accuracy_comparison');
comment on view peeking is 'One row per (strategy, relation): a strategy that looks at the answer, and where.';

create view member as
    select pool, model, row_number() over (partition by pool order by model) as place from pool;
comment on view member is 'One row per (pool, model): the models of each pool, numbered.';

-- Distinct ranks and models are counted as bits, 62 to a word, in one pass by the word of either; count(distinct) takes four times as long.
create view order_word as
    select strategy, pool, dataset, grouping(place_word) = 1 as by_rank, count(*) as rows, count(place) as members, min(rank) as lowest,
           max(rank) as highest, sum(rank) as total, bit_count(bit_or(if(rank > 0, 1::bigint << (rank % 62)::integer, 0))) as ranks,
           bit_count(bit_or(1::bigint << (place % 62)::integer)) as models
    from (select strategy, pool, dataset, rank, rank // 62 as rank_word, place, place // 62 as place_word
          from ranking left join member using (pool, model))
    group by grouping sets ((strategy, pool, dataset, rank_word), (strategy, pool, dataset, place_word));
comment on view order_word is 'One row per word of 62 ranks or 62 models by rule of strategy, pool and dataset: how many of them the order holds.';

create table invalid_order as
    select strategy, pool, dataset,
           case when sum(members) < sum(rows) then 'ranks a model that is not in the pool'
                when sum(models) filter (where not by_rank) < sum(rows) filter (where by_rank) then 'ranks a model twice'
                when min(lowest) is distinct from 1 or max(highest) <> sum(rows) filter (where by_rank)
                     or sum(ranks) filter (where by_rank) < sum(rows) filter (where by_rank)
                     or sum(total) <> sum(rows) * (sum(rows) / 2 + 1) / 2
                    then 'ranks are not 1, 2, 3 ...' end as broken_rule
    from order_word group by strategy, pool, dataset having broken_rule is not null;
comment on table invalid_order is 'One row per (strategy, pool, dataset): an order that is none, and the rule that it breaks.';

create view pick as  -- S is the first B of the order; a strategy may rank fewer models than the budget
    select strategy, pool, budget, dataset, model
    from ranking anti join invalid_order using (strategy, pool, dataset) join budget using (pool)
    where rank <= budget;
comment on view pick is 'One row per (strategy, pool, budget, dataset, model): S, the models that are fine-tuned.';


-- 6 regret (section 3, equation 1) ----------------------------------------------------------------------------------------

create macro relative_delta(a, b) as
    case when a = b then 0 else (a - b) / (1 - least(a, b)) end;

-- Supplement C. Infinite where exactly one accuracy is 0 or 1: such a cell has no log-odds difference (null).
create macro log_odds_delta(a, b) as
    case when a = b then 0
         when least(a, b) > 0 and greatest(a, b) < 1 then ln(a / (1 - a)) - ln(b / (1 - b)) end;

create table oracle as
    select pool, dataset, max(accuracy) as oracle_accuracy
    from candidate left join accuracy using (model, dataset)
    group by pool, dataset having bool_and(accuracy is not null);
comment on table oracle is 'One row per (pool, dataset): ORACLE(M, D), absent while any model of the pool lacks its full set of runs.';

create view ranked as
    select strategy, pool, dataset, rank, accuracy
    from ranking anti join invalid_order using (strategy, pool, dataset) semi join oracle using (pool, dataset)
        join accuracy using (model, dataset);
comment on view ranked is 'One row per (strategy, pool, dataset, rank): the accuracy of the model of each rank, where the pool has an oracle.';

create view beyond_order as
    select strategy, pool, budget, dataset
    from (select strategy, pool, dataset, count(*) as ranks from ranking group by strategy, pool, dataset)
        join pool_size using (pool) join budget using (pool) where ranks < models and budget > ranks;
comment on view beyond_order is 'One row per (strategy, pool, budget, dataset): a budget that is larger than the number of models in the order.';

-- The best of the first B is a running maximum; beyond the last model of a short order S stays what it has. The first ten stand apart,
-- because nobody asks for more than a few, and then DuckDB leaves out the rest.
create view first_pick as
    select strategy, pool, rank::integer as budget, dataset,
           max(accuracy) over (partition by strategy, pool, dataset order by rank) as accuracy from ranked where rank <= 10;
comment on view first_pick is 'One row per (strategy, pool, budget, dataset): the best accuracy among the picks of an order, up to ten.';

create view later_pick as
    from (select strategy, pool, rank::integer as budget, dataset,
                 greatest(best, max(accuracy) over (partition by strategy, pool, dataset order by rank)) as accuracy
          from ranked join (select strategy, pool, dataset, max(accuracy) as best from ranked where rank <= 10 group by all)
              using (strategy, pool, dataset) where rank > 10) where budget > 10;
comment on view later_pick is 'One row per (strategy, pool, budget, dataset): the best accuracy among the picks of an order, from eleven.';

create view best_pick as
    from first_pick union all from later_pick
    union all
    select strategy, pool, budget, dataset, max(accuracy)
    from beyond_order join ranked using (strategy, pool, dataset) group by strategy, pool, budget, dataset;
comment on view best_pick is 'One row per (strategy, pool, budget, dataset): the best accuracy among the picks of an order.';

create view random_weight as  -- of the C(n, B) sets, the model of accuracy rank i from below is the best of C(i - 1, B - 1)
    select models, i, budget, exp(lgamma(i) - lgamma(i - budget + 1) + lgamma(models - budget + 1) - lgamma(models + 1)
                                  + ln(budget)) as weight
    from (select distinct models, budget from pool_size join budget using (pool))
        cross join unnest(range(budget, models + 1)) as worst(i)
    where weight > 1e-20;  -- what is below changes no digit of a double, and is most of a large pool
comment on view random_weight is 'One row per (models, i, budget): the probability that of B models drawn at random the best is the i-th worst of all.';

create view random_pick as  -- s = E[max over S] exactly, over all S of B models with equal chance; written so that it is ORACLE at B = n
    select pool, budget, dataset,
           max(oracle_accuracy) - round(sum(weight * (oracle_accuracy - accuracy)) / sum(weight), 12) as accuracy
    from (select pool, dataset, accuracy, oracle_accuracy, models,
                 row_number() over (partition by pool, dataset order by accuracy, model) as i
          from pool join pool_size using (pool) join accuracy using (model) join oracle using (pool, dataset))
        join random_weight using (models, i)
    group by pool, budget, dataset;
comment on view random_pick is 'One row per (pool, budget, dataset): the expected best accuracy of B models drawn at random.';

create view achieved as
    select strategy, pool, budget, dataset, accuracy from best_pick
    union all select 'random', pool, budget, dataset, accuracy from random_pick;
comment on view achieved is 'One row per (strategy, pool, budget, dataset): s, the best accuracy among the picks; of random, its expectation.';

create view regret as
    select strategy, pool, budget, dataset, accuracy, oracle_accuracy,
           oracle_accuracy - accuracy as absolute_regret,
           relative_delta(oracle_accuracy, accuracy) as relative_regret,
           log_odds_delta(oracle_accuracy, accuracy) as log_odds_regret
    from achieved join oracle using (pool, dataset);
comment on view regret is 'One row per (strategy, pool, budget, dataset): what is lost against the oracle.';

create view mean_regret as  -- means are rounded, because their last digit depends on the order of the sum
    select strategy, pool, budget, count(*) as datasets, round(avg(relative_regret), 12) as relative_regret
    from regret group by strategy, pool, budget having count(*) = (select count(*) from dataset);
comment on view mean_regret is 'One row per (strategy, pool, budget): mean relative regret, where every dataset has one.';

create view group_size as
    select vtab_group, count(*) as datasets from dataset group by vtab_group;
comment on view group_size is 'One row per (vtab_group): the number of its datasets.';

create view group_regret as
    select strategy, pool, budget, vtab_group, count(*) as datasets, round(avg(relative_regret), 12) as relative_regret
    from regret join dataset using (dataset) join group_size using (vtab_group)
    group by strategy, pool, budget, vtab_group having count(*) = max(group_size.datasets);
comment on view group_regret is 'One row per (strategy, pool, budget, vtab_group): mean relative regret, where every dataset of the group has one.';

create view zero_regret_share as  -- figures 7, 17
    select strategy, pool, budget, count(*) as datasets, avg((absolute_regret = 0)::integer) as share
    from regret group by strategy, pool, budget having count(*) = (select count(*) from dataset);
comment on view zero_regret_share is 'One row per (strategy, pool, budget): the share of datasets with zero regret, where every dataset has one.';

create view zero_regret_budget as  -- supplement, tables 4, 5
    select strategy, pool, dataset, min(budget) filter (where absolute_regret = 0) as budget
    from regret group by strategy, pool, dataset;
comment on view zero_regret_budget is 'One row per (strategy, pool, dataset): the smallest budget with zero regret; null where no budget reaches it.';

create view scored as
    select proxy, pool, dataset, model, score, accuracy
    from candidate_score join accuracy using (model, dataset) semi join oracle using (pool, dataset);
comment on view scored is 'One row per (proxy, pool, dataset, model): score beside accuracy, where every model of the pool has both.';

create view top_pick as  -- figures 24 to 28
    select strategy, pool, dataset, model, accuracy
    from ranking join accuracy using (model, dataset) anti join invalid_order using (strategy, pool, dataset)
    where rank = 1;
comment on view top_pick is 'One row per (strategy, pool, dataset): the model that it would fine-tune first, and its accuracy.';

create view model_regret as
    select pool, dataset, model, accuracy, oracle_accuracy, relative_delta(oracle_accuracy, accuracy) as relative_regret,
           accuracy = oracle_accuracy as best
    from pool join accuracy using (model) join oracle using (pool, dataset);
comment on view model_regret is 'One row per (pool, dataset, model): what is lost when this model alone is fine-tuned, and whether it is the best of the pool.';

create view model_mean as
    select pool, model, count(*) as datasets, count(*) filter (where best) as best_on, round(avg(accuracy), 12) as accuracy,
           round(avg(relative_regret), 12) as relative_regret
    from model_regret group by pool, model having count(*) = (select count(*) from dataset);
comment on view model_mean is 'One row per (pool, model): its mean accuracy and regret over all datasets, and on how many it is the best of the pool, where the pool has every dataset.';

create view accuracy_range as  -- figures 24 to 28: a box plot of all accuracies, whiskers to the last one within 1.5 boxes
    select pool, dataset, count(*) as models, min(accuracy) as lowest, max(q1) as q1, max(middle) as median, max(q3) as q3,
           max(accuracy) as highest, min(accuracy) filter (where accuracy >= q1 - 1.5 * (q3 - q1)) as whisker_low,
           max(accuracy) filter (where accuracy <= q3 + 1.5 * (q3 - q1)) as whisker_high
    from (select pool, dataset, accuracy, quantile_cont(accuracy, 0.25) over box as q1, median(accuracy) over box as middle,
                 quantile_cont(accuracy, 0.75) over box as q3
          from pool join accuracy using (model) semi join oracle using (pool, dataset)
          window box as (partition by pool, dataset))
    group by pool, dataset;
comment on view accuracy_range is 'One row per (pool, dataset): the range of the accuracies of its models, where every model has one.';

create view model_pair as
    select proxy, pool, dataset, sign(one.score - other.score) as score_sign, sign(one.accuracy - other.accuracy) as accuracy_sign
    from scored as one join scored as other using (proxy, pool, dataset) where one.model < other.model;
comment on view model_pair is 'One row per pair of models by rule of proxy, pool and dataset: which of the two the proxy and the fine-tunes prefer.';

create view kendall as  -- tau b: pairs that tie in one of the two count only in the other's root
    select proxy, pool, dataset, sum(score_sign * accuracy_sign)
               / nullif(sqrt(sum(abs(score_sign))) * sqrt(sum(abs(accuracy_sign))), 0) as kendall
    from model_pair group by proxy, pool, dataset;
comment on view kendall is 'One row per (proxy, pool, dataset): Kendall''s tau b of its scores and the accuracies; null where all tie.';

create view proxy_correlation as  -- figures 8, 9, appendix B: a high correlation is not a low regret; its last digits depend on the order of sums
    select proxy, pool, dataset, models, pearson, kendall, relative_regret
    from (select proxy, pool, dataset, count(*) as models, if(stddev_pop(score) > 0 and stddev_pop(accuracy) > 0,
                 round(corr(score, accuracy), 12), null) as pearson
          from scored group by proxy, pool, dataset)
        left join kendall using (proxy, pool, dataset)
        left join (select strategy as proxy, pool, dataset, relative_regret from regret where budget = 1)
        using (proxy, pool, dataset);
comment on view proxy_correlation is 'One row per (proxy, pool, dataset): correlation of its scores with accuracy, and at B = 1 the regret of the strategy of its name.';

create view score_by_dimension as  -- figure 23
    select proxy, dataset, model, feature_dim, num_params, score from score join model using (model);
comment on view score_by_dimension is 'One row per (proxy, dataset, model): a proxy''s score beside the size of the representation.';


-- 7 delta (equation 2, supplement C) --------------------------------------------------------------------------------------

create view delta as
    select better.strategy, baseline.strategy as baseline, pool, budget, dataset,
           relative_delta(better.accuracy, baseline.accuracy) as delta,
           log_odds_delta(better.accuracy, baseline.accuracy) as log_odds_delta
    from achieved as better join achieved as baseline using (pool, budget, dataset)
    where better.strategy <> baseline.strategy;
comment on view delta is 'One row per (strategy, baseline, pool, budget, dataset): positive where strategy beats baseline.';

create view mean_delta as
    select strategy, baseline, pool, budget, count(*) as datasets, round(avg(delta), 12) as delta, count(*) filter (where delta > 0) as won,
           count(*) filter (where delta = 0) as tied, count(*) filter (where delta < 0) as lost
    from delta group by strategy, baseline, pool, budget having count(*) = (select count(*) from dataset);
comment on view mean_delta is 'One row per (strategy, baseline, pool, budget): mean delta, and on how many datasets strategy wins, where every dataset has one.';


-- 8 intervals and cost ----------------------------------------------------------------------------------------------------
-- A bootstrap over repeats. A resampled dataset is a dataset: in the schema `resample` each dataset stands once a resample, with
-- accuracies and scores from repeats drawn with replacement, and sections 4 to 7 and all strategies run there as they are (the
-- warehouse makes each of their views once more, in that schema). What is drawn follows from a hash of the keys: no random state.
-- Few repeats understate the spread: a resampled median is moved away from the median by sqrt(n / (n - 1)).

create schema resample;

create view outcome as
    select model, dataset, list(test_accuracy order by repeat) as outcomes
    from selected_run join expected on procedure = 'finetune' and repeat < repeats semi join accuracy using (model, dataset)
    group by model, dataset;
comment on view outcome is 'One row per (model, dataset): the test accuracies of the repeats, where the cell has them all.';

create view score_outcome as
    select proxy, model, dataset, list(score order by repeat) as outcomes
    from selected_proxy semi join score using (proxy, model, dataset) group by proxy, model, dataset;
comment on view score_outcome is 'One row per (proxy, model, dataset): the scores of the repeats, where the cell has them all.';

create macro resampled_median(outcomes, key) as
    round(list_median(outcomes) + sqrt(len(outcomes) / (len(outcomes) - 1))
          * (list_median([outcomes[1 + (hash(key, j) % len(outcomes))::integer] for j in range(len(outcomes))]) - list_median(outcomes)), 12);

create table resample.dataset as
    select (row_number() over (order by dataset) - 1) * resamples + resample as dataset, dataset as origin, resample,
           vtab_group, num_classes
    from dataset cross join setting cross join unnest(range(resamples)) as number(resample);
comment on table resample.dataset is 'One row per (dataset): one resample of one dataset of the study (origin).';

create view resample.budget as
    select pool, budget from main.budget where budget <= (select budgets from setting);
comment on view resample.budget is 'One row per (pool, budget): the budgets that have intervals.';

create view resample.ranked as  -- an order that is none in one resample leaves a budget there without a row, or with two: see resampled
    select strategy, pool, dataset, rank, accuracy
    from resample.ranking semi join resample.oracle using (pool, dataset) join resample.accuracy using (model, dataset);
comment on view resample.ranked is 'One row per (strategy, pool, dataset, rank): the accuracy of the model of each rank, where the pool has an oracle.';

create view resample.later_pick as
    select strategy, pool, rank::integer as budget, dataset, 0::double as accuracy from resample.ranking where false;
comment on view resample.later_pick is 'One row per (strategy, pool, budget, dataset): none, because no more than ten budgets have intervals.';

create view resample.drawn as
    select dataset, origin, resample from resample.dataset;
comment on view resample.drawn is 'One row per (dataset): the resample that it belongs to, and the dataset of the study.';

create table resample.accuracy as  -- one repeat tells nothing of its spread: no row
    select model, drawn.dataset, greatest(0, least(1, resampled_median(outcomes, (model, origin, resample)))) as accuracy
    from outcome join resample.drawn as drawn on origin = outcome.dataset where len(outcomes) > 1;
comment on table resample.accuracy is 'One row per (model, dataset): the median test accuracy of the repeats that were drawn.';

create table resample.score as  -- a proxy without repeats is taken for one without randomness
    select proxy, model, drawn.dataset,
           if(len(outcomes) > 1, resampled_median(outcomes, (proxy, model, origin, resample)), outcomes[1]) as score
    from score_outcome join resample.drawn as drawn on origin = score_outcome.dataset;
comment on table resample.score is 'One row per (proxy, model, dataset): the median score of the repeats that were drawn.';

-- 95 %: percentiles of the resamples. Maxima over noisy medians are biased upward, and in the resamples once more: the end on that
-- side reaches further by twice the bias that the resamples show. Rounded, because a mean's last digit depends on the order of its sum.
create macro interval_low(resampled, plain) as
    least(plain, round(quantile_cont(resampled, 0.025) - 2 * greatest(avg(resampled) - plain, 0), 9));
create macro interval_high(resampled, plain) as
    greatest(plain, round(quantile_cont(resampled, 0.975) - 2 * least(avg(resampled) - plain, 0), 9));

create view resampled_regret as
    select strategy, pool, budget, origin as dataset, resample, relative_regret
    from resample.regret join resample.drawn using (dataset);
comment on view resampled_regret is 'One row per (strategy, pool, budget, dataset, resample): relative regret in each resample.';

-- Whether each resample, each dataset is there exactly once: the sum of hashes is that of all, at a third of the time of count(distinct).
create macro is_whole(found) as sum(hash(found)) = (select sum(hash(number)) from setting, unnest(range(resamples)) as one(number));
create macro has_every_dataset(found) as sum(hash(found)) = (select sum(hash(dataset)) from main.dataset);

create view regret_interval as
    select strategy, pool, budget, dataset, plain.relative_regret,
           greatest(0, interval_low(resampled.relative_regret, any_value(plain.relative_regret))) as low,
           least(1, interval_high(resampled.relative_regret, any_value(plain.relative_regret))) as high, count(*) as resamples
    from regret as plain join resampled_regret as resampled using (strategy, pool, budget, dataset)
    group by strategy, pool, budget, dataset, plain.relative_regret having is_whole(resample);
comment on view regret_interval is 'One row per (strategy, pool, budget, dataset): relative regret with its 95 % interval.';

create view mean_regret_interval as
    select strategy, pool, budget, plain.relative_regret,
           greatest(0, interval_low(resampled.relative_regret, any_value(plain.relative_regret))) as low,
           least(1, interval_high(resampled.relative_regret, any_value(plain.relative_regret))) as high, count(*) as resamples
    from mean_regret as plain
        join (select strategy, pool, budget, resample, round(avg(relative_regret), 12) as relative_regret
              from resampled_regret group by strategy, pool, budget, resample having has_every_dataset(dataset)) as resampled
        using (strategy, pool, budget)
    group by strategy, pool, budget, plain.relative_regret having is_whole(resample);
comment on view mean_regret_interval is 'One row per (strategy, pool, budget): mean relative regret over all datasets with its 95 % interval.';

create view group_regret_interval as
    select strategy, pool, budget, vtab_group, plain.relative_regret,
           greatest(0, interval_low(resampled.relative_regret, any_value(plain.relative_regret))) as low,
           least(1, interval_high(resampled.relative_regret, any_value(plain.relative_regret))) as high, count(*) as resamples
    from group_regret as plain
        join (select strategy, pool, budget, vtab_group, resample, round(avg(relative_regret), 12) as relative_regret
              from resampled_regret join dataset using (dataset) join group_size using (vtab_group)
              group by strategy, pool, budget, vtab_group, resample having count(*) = any_value(group_size.datasets)) as resampled
        using (strategy, pool, budget, vtab_group)
    group by strategy, pool, budget, vtab_group, plain.relative_regret having is_whole(resample);
comment on view group_regret_interval is 'One row per (strategy, pool, budget, vtab_group): mean relative regret over the datasets of a group with its 95 % interval.';

create view resampled_delta as  -- paired: both strategies choose and are measured in the same resample
    select strategy, baseline, pool, budget, origin as dataset, resample, delta
    from resample.delta join resample.drawn using (dataset);
comment on view resampled_delta is 'One row per (strategy, baseline, pool, budget, dataset, resample): delta in each resample.';

create view delta_interval as
    select strategy, baseline, pool, budget, dataset, plain.delta,
           greatest(-1, interval_low(resampled.delta, any_value(plain.delta))) as low,
           least(1, interval_high(resampled.delta, any_value(plain.delta))) as high,
           count(*) filter (where resampled.delta > 0) as wins, count(*) filter (where resampled.delta = 0) as ties,
           count(*) filter (where resampled.delta < 0) as losses, count(*) as resamples
    from delta as plain join resampled_delta as resampled using (strategy, baseline, pool, budget, dataset)
    group by strategy, baseline, pool, budget, dataset, plain.delta having is_whole(resample);
comment on view delta_interval is 'One row per (strategy, baseline, pool, budget, dataset): delta with its 95 % interval, and in how many resamples strategy wins.';

create view mean_delta_interval as
    select strategy, baseline, pool, budget, plain.delta,
           greatest(-1, interval_low(resampled.delta, any_value(plain.delta))) as low,
           least(1, interval_high(resampled.delta, any_value(plain.delta))) as high,
           count(*) filter (where resampled.delta > 0) as wins, count(*) filter (where resampled.delta = 0) as ties,
           count(*) filter (where resampled.delta < 0) as losses, count(*) as resamples
    from mean_delta as plain
        join (select strategy, baseline, pool, budget, resample, round(avg(delta), 12) as delta
              from resampled_delta group by strategy, baseline, pool, budget, resample having has_every_dataset(dataset)) as resampled
        using (strategy, baseline, pool, budget)
    group by strategy, baseline, pool, budget, plain.delta having is_whole(resample);
comment on view mean_delta_interval is 'One row per (strategy, baseline, pool, budget): mean delta with its 95 % interval, and in how many resamples it is positive.';

-- Split repeats: choose the best of the pool, and of the picks, on the other repeats; measure it on this one. A maximum over noisy
-- medians promises more than it keeps; this does not.
create view held_out as
    select model, dataset, unnest(range(len(outcomes))) as repeat, unnest(outcomes) as measured,
           unnest([round(list_median([outcomes[1 + j] for j in range(len(outcomes)) if j <> i]), 12) for i in range(len(outcomes))]) as chosen_on
    from outcome where len(outcomes) > 1;
comment on view held_out is 'One row per (model, dataset, repeat): one repeat, and the median of the others.';

create view split_pool as
    select pool, dataset
    from candidate left join outcome using (model, dataset)
    group by pool, dataset having count(distinct len(outcomes)) = 1 and bool_and(coalesce(len(outcomes) > 1, false));
comment on view split_pool is 'One row per (pool, dataset): where every model of the pool has the same number of repeats, more than one.';

create view split_oracle as
    select pool, dataset, round(avg(measured), 12) as oracle_accuracy
    from (select pool, dataset, repeat, arg_max(measured, struct_pack(chosen_on, model)) as measured
          from pool join held_out using (model) semi join split_pool using (pool, dataset) group by pool, dataset, repeat)
    group by pool, dataset;
comment on view split_oracle is 'One row per (pool, dataset): the accuracy of the best of the pool, chosen on other repeats than measured.';

create view split_regret as
    select strategy, pool, budget, dataset, accuracy, oracle_accuracy, oracle_accuracy - accuracy as absolute_regret,
           relative_delta(oracle_accuracy, accuracy) as relative_regret
    from (select strategy, pool, budget, dataset, round(avg(measured), 12) as accuracy
          from (select strategy, pool, rank as budget, dataset,
                       arg_max(measured, struct_pack(chosen_on, model))
                           over (partition by strategy, pool, dataset, repeat order by rank) as measured
                from ranking anti join invalid_order using (strategy, pool, dataset) anti join peeking using (strategy)
                    join held_out using (model, dataset))
          group by strategy, pool, budget, dataset)
        join split_oracle using (pool, dataset);
comment on view split_regret is 'One row per (strategy, pool, budget, dataset): regret chosen on some repeats and measured on the others, up to the last model ranked; not of strategies that look at the answer. Negative where the choice of the repeats was worse.';

-- Cost, in seconds of a device that measured. What is counted: for a proxy, one forward pass a model of the pool, shared by all
-- proxies of the strategy, and all its runs (its score is their median); for a fine-tune, each learning rate once, the mean over the
-- repeats (who chooses a model does not repeat it to measure noise). Where a second is missing there is no cost.
-- Seconds of two devices cannot be compared, so a study that was measured on several is told in those of one: the one that trained most
-- of the models, then made most of the forward passes. A device that nobody names is one, too.
create table cost_device as
    select device from (select coalesce(device, '') as device, model, null as cell from finetune
                        union all select coalesce(device, ''), null, (model, dataset) from representation)
    group by device order by count(distinct model) desc, count(distinct cell) desc, device limit 1;
comment on table cost_device is 'One row per (device): the one device in whose seconds costs are told.';

create view timed_repeat as
    select model, dataset, repeat, sum(seconds) as seconds, bool_and(is_seconds(seconds)) as known
    from finetune join expected on procedure = 'finetune' and repeat < repeats join cost_device on coalesce(finetune.device, '') = cost_device.device
    group by model, dataset, repeat having count(*) = len(any_value(learning_rates)) or any_value(as_published);
comment on view timed_repeat is 'One row per (model, dataset, repeat): seconds of a repeat that the cost device ran whole, and whether all of them are known.';

-- A table: total_cost and pareto ask it many times, and it reads every run. The steps of a fine-tune are the same on every dataset, so where
-- another device ran a cell, the model's mean over those that this one ran stands for it.
create table finetune_cost as
    select model, dataset, if(timed.model is null, of_model, timed.seconds) as seconds
    from accuracy left join (select model, dataset, if(bool_and(known), avg(seconds), null) as seconds
                             from timed_repeat group by model, dataset) as timed using (model, dataset)
        left join (select model, avg(seconds) as of_model from timed_repeat where known group by model) using (model)
    where if(timed.model is null, of_model, timed.seconds) is not null;
comment on table finetune_cost is 'One row per (model, dataset): seconds of one fine-tune with every learning rate of the protocol.';

create view representation_cost as
    select model, dataset, max(representation_seconds) as seconds
    from representation left join cost_device on coalesce(representation.device, '') = cost_device.device group by model, dataset
    having bool_and(is_seconds(representation_seconds) and cost_device.device is not null) and count(*) = 1;
comment on view representation_cost is 'One row per (model, dataset): seconds of the forward pass that the proxies share.';

create table proxy_cost as
    select proxy, model, dataset, sum(seconds) as seconds
    from proxy semi join score using (proxy, model, dataset) left join cost_device on coalesce(proxy.device, '') = cost_device.device
    group by proxy, model, dataset having bool_and(is_seconds(seconds) and cost_device.device is not null);
comment on table proxy_cost is 'One row per (proxy, model, dataset): seconds of all runs of a proxy, without the forward pass.';

create view strategy_proxy as  -- the proxies that it names; all, where it reads scores and names none
    select distinct strategy, proxy
    from strategy_reads cross join (select unnest(proxies) as proxy from protocol) as known
        left join strategy_word as word using (strategy)
    where relation = 'candidate_score'
      and (word = proxy or strategy not in (select strategy from strategy_word join (select unnest(proxies) as word from protocol) using (word)));
comment on view strategy_proxy is 'One row per (strategy, proxy): the proxies that a strategy needs of every model of the pool.';

create view proxy_bill as
    select strategy, pool, dataset, sum(representation_cost.seconds) as representation_seconds, sum(proxy_seconds) as proxy_seconds
    from (select strategy, pool, dataset, model, sum(seconds) as proxy_seconds, count(seconds) as priced, count(*) as proxies
          from strategy_proxy cross join pool cross join dataset left join proxy_cost using (proxy, model, dataset)
          group by strategy, pool, dataset, model)
        left join representation_cost using (model, dataset)
    group by strategy, pool, dataset having bool_and(priced = proxies and representation_cost.seconds is not null);
comment on view proxy_bill is 'One row per (strategy, pool, dataset): seconds of all proxies that a strategy needs, where every one is known.';

create view full_bill as
    select pool, dataset, sum(seconds) as seconds
    from pool cross join dataset left join finetune_cost using (model, dataset)
    group by pool, dataset having count(*) = count(seconds);
comment on view full_bill is 'One row per (pool, dataset): seconds of fine-tuning every model of the pool.';

create view finetune_bill as
    select strategy, pool, budget, dataset,
           sum(seconds) over (partition by strategy, pool, dataset order by budget) as finetune_seconds
    from (select strategy, pool, budget, dataset, model from best_pick
          left join (select strategy, pool, dataset, model, rank as budget from ranking) using (strategy, pool, budget, dataset))
        left join finetune_cost using (model, dataset)
    union all
    select 'random', pool, budget, dataset, budget * seconds / models
    from full_bill join pool_size using (pool) join budget using (pool);
comment on view finetune_bill is 'One row per (strategy, pool, budget, dataset): seconds of fine-tuning the picks; of random, their expectation.';

create view cost as
    select strategy, pool, budget, dataset, relative_regret, coalesce(representation_seconds, 0) as representation_seconds,
           coalesce(proxy_seconds, 0) as proxy_seconds, finetune_seconds,
           coalesce(representation_seconds, 0) + coalesce(proxy_seconds, 0) + finetune_seconds as seconds,
           full_bill.seconds as everything_seconds,
           full_bill.seconds / (coalesce(representation_seconds, 0) + coalesce(proxy_seconds, 0) + finetune_seconds) as speed_up
    from finetune_bill join full_bill using (pool, dataset) join regret using (strategy, pool, budget, dataset)
        left join proxy_bill using (strategy, pool, dataset)
    where proxy_seconds is not null or strategy not in (select strategy from strategy_proxy);
comment on view cost is 'One row per (strategy, pool, budget, dataset): what a strategy costs, what fine-tuning everything costs, and the regret, where all seconds are known.';

create view total_cost as
    select strategy, pool, budget, round(sum(seconds), 9) as seconds,
           round(sum(everything_seconds), 9) as everything_seconds,
           sum(everything_seconds) / sum(seconds) as speed_up, round(avg(relative_regret), 12) as relative_regret
    from cost group by strategy, pool, budget having count(*) = (select count(*) from dataset);
comment on view total_cost is 'One row per (strategy, pool, budget): cost over all datasets and mean relative regret, where every dataset has both.';

create view pareto as
    with total as materialized (from total_cost anti join peeking using (strategy))
    select strategy, pool, budget, seconds, speed_up, relative_regret
    from total as one
    where not exists (select 1 from total as other
                      where other.pool = one.pool and other.seconds <= one.seconds and other.relative_regret <= one.relative_regret
                        and (other.seconds < one.seconds or other.relative_regret < one.relative_regret));
comment on view pareto is 'One row per (strategy, pool, budget): those that no other beats in both cost and mean regret; without strategies that look at the answer.';


-- 9 checks: each of these must be empty -----------------------------------------------------------------------------------

create view missing_run as
    select procedure, model, dataset, learning_rate, repeat
    from (select procedure, repeats, unnest(learning_rates) as learning_rate from expected where not as_published) as run
        cross join model cross join dataset
        cross join (select unnest(range(max(repeats)))::integer as repeat from expected) as number
        anti join (select 'finetune' as procedure, model, dataset, learning_rate, repeat from finetune
                   union all select proxy, model, dataset, learning_rate, repeat from proxy) as done
        on done.procedure = run.procedure and done.model = model.model and done.dataset = dataset.dataset
           and done.repeat = number.repeat and (done.learning_rate = run.learning_rate or run.learning_rate is null)
    where repeat < repeats
    union all select procedure, model, dataset, null, 0
    from expected cross join model cross join dataset anti join finetune using (model, dataset) where as_published;
comment on view missing_run is 'One row per (procedure, model, dataset, learning_rate, repeat): a run that the protocol asks for and nobody made.';

create view completeness as
    select procedure, asked, asked - coalesce(missing, 0) as done, done / asked as share
    from (select procedure, models * datasets * if(as_published, 1, len(learning_rates) * repeats) as asked
          from expected cross join (select count(*) as models from model) cross join (select count(*) as datasets from dataset))
        left join (select procedure, count(*) as missing from missing_run group by procedure) using (procedure);
comment on view completeness is 'One row per (procedure): how many runs the protocol asks for (as published: cells), how many of them are there, and their share.';

create view duplicate_run as  -- where the protocol names no learning rate, a repeat has one run, whatever its rate
    select 'finetune' as procedure, model, dataset, min(learning_rate) as learning_rate, repeat, count(*) as rows
    from checked_finetune group by model, dataset, repeat, place, if(place is null, learning_rate, null) having count(*) > 1
    union all select proxy, model, dataset, min(learning_rate), repeat, count(*)
    from checked_proxy group by proxy, model, dataset, repeat, place, if(place is null, learning_rate, null) having count(*) > 1
    union all select 'representation', model, dataset, null, null, count(*)
    from representation group by model, dataset having count(*) > 1;
comment on view duplicate_run is 'One row per (procedure, model, dataset, learning_rate, repeat): a key that stands in more than one row; of representation, (model, dataset).';

create view uncounted_repeat as
    select model, dataset from selected_run where as_published group by model, dataset having count(*) <> max(repeat) + 1;
comment on view uncounted_repeat is 'One row per (model, dataset): a cell whose repeats, as published, are not 0, 1, 2 ...';

create view broken_run as
    select 'finetune' as procedure, model, dataset, learning_rate, repeat, broken_rule from judged_finetune
    where broken_rule is not null
    union all select proxy, model, dataset, learning_rate, repeat, broken_rule from judged_proxy where broken_rule is not null
    union all select 'representation', model, dataset, null, null, broken_rule
    from (select model, dataset,
                 case when not coalesce(model in (select model from model), false) then 'model has no metadata'
                      when not coalesce(dataset in (select dataset from dataset), false) then 'dataset has no metadata'
                      when not is_seconds(representation_seconds) and representation_seconds is not null
                          then 'representation_seconds is not a number from 0' end as broken_rule from representation)
    where broken_rule is not null;
comment on view broken_run is 'One row per row of finetune, proxy or representation that breaks a rule of the contract.';

create view undecided_pool as
    select pool, model from pool_rule where admits is null;
comment on view undecided_pool is 'One row per (pool, model): a model whose metadata do not tell whether the pool admits it.';

create view peeking_strategy as
    select strategy, relation from peeking where not contains(strategy, 'oracle');
comment on view peeking_strategy is 'One row per (strategy, relation): a strategy that looks at the answer and does not say oracle in its name.';

create view unstable_order as  -- the same strategies over the same rows, sorted one way and the other
    select distinct strategy, pool, dataset
    from ascending.ranking as up full join descending.ranking as down using (strategy, pool, dataset, model, rank)
    where up.rank is null or down.rank is null;
comment on view unstable_order is 'One row per (strategy, pool, dataset): an order that depends on the order of the rows it was made from.';

create view violation as
    select broken_rule as rule, procedure as relation, model, dataset, learning_rate, repeat, null as subject from broken_run
    union all select 'key stands in ' || rows || ' rows', procedure, model, dataset, learning_rate, repeat, null from duplicate_run
    union all select 'repeats are not 0, 1, 2 ...', 'finetune', model, dataset, null, null, null from uncounted_repeat
    union all select 'metadata of ' || count(*) || ' models do not tell whether the pool admits them', 'model', min(model), null, null,
           null, pool from undecided_pool group by pool
    union all select broken_rule, 'strategy', null, dataset, null, null, strategy || ' on ' || pool from invalid_order
    union all select 'order depends on the order of rows: end it with model', 'strategy', null, any_value(dataset), null, null, strategy
    from unstable_order group by strategy
    union all select 'reads ' || relation || ' and does not say oracle in its name', 'strategy', null, null, null, null, strategy
    from peeking_strategy
    order by all;
comment on view violation is 'One row per broken rule and row that breaks it; an undecided pool is one row, with the first of its models.';

create view invalid_metadata as  -- a broken row here would change pools and orders unseen, so the warehouse refuses the study
    select 'model' as relation, model as key, 'key stands in more than one row' as rule from model group by model having count(*) > 1
    union all select 'model', coalesce(model, '(null)'), 'model is null or empty' from model where coalesce(model, '') = ''
    union all select 'model', model, 'imagenet_accuracy is not a fraction in [0, 1]' from model
    where imagenet_accuracy is not null and not is_fraction(imagenet_accuracy)
    union all select 'model', model, column_name || ' is not a positive number' from (
        unpivot (select model, num_params::bigint as num_params, feature_dim::bigint as feature_dim from model)
        on num_params, feature_dim into name column_name value number) where number <= 0
    union all select 'model', model, 'upstream_examples is negative' from model where upstream_examples < 0
    union all select 'dataset', dataset, 'key stands in more than one row' from dataset group by dataset having count(*) > 1
    union all select 'dataset', coalesce(dataset, '(null)'), 'dataset is null or empty' from dataset where coalesce(dataset, '') = ''
    union all select 'dataset', dataset, 'vtab_group is not natural, specialized or structured' from dataset
    where vtab_group not in ('natural', 'specialized', 'structured')
    union all select 'protocol', study, 'there is more than one row' from protocol where (select count(*) from protocol) > 1
    union all select 'protocol', '', 'there is no row' from (select count(*) as rows from protocol) where rows = 0
    union all select 'protocol', study, 'a list of learning rates is empty: it is null where none is known' from protocol
    where len(learning_rates) = 0 or len(linear_learning_rates) = 0
    union all select 'protocol', study, 'proxies names one twice, or finetune, which is none' from protocol
    where len(list_distinct(proxies)) < len(proxies) or contains(proxies, 'finetune')
    union all select 'protocol', study, 'curve_at is not ascending between 0 and 1, with no two at one step and none at the last' from protocol
    where len(curve_at) > 0 and list_sort(list_distinct([0] || curve_steps(curve_at, steps) || [steps])) is distinct from [0] || curve_steps(curve_at, steps) || [steps]
    union all select 'protocol', study, 'repeats is not a positive number' from protocol where not coalesce(repeats >= 1, false)
    union all select 'protocol', study, 'proxies names linear but linear_repeats is not a positive number' from protocol
    where contains(proxies, 'linear') and not coalesce(linear_repeats >= 1, false)
    union all select 'protocol', study, 'there are more than 62 learning rates' from protocol
    where greatest(len(learning_rates), len(linear_learning_rates)) > 62
    union all select 'protocol', study, 'a learning rate is listed twice or is not a positive number' from protocol
    where len(list_distinct(learning_rates)) < len(learning_rates) or len(list_filter(learning_rates, lambda r: r > 0)) < len(learning_rates)
       or len(list_distinct(linear_learning_rates)) < len(linear_learning_rates);
comment on view invalid_metadata is 'One row per broken rule of a model, a dataset or the protocol.';
