-- Which model to transfer? The paper in SQL, read top to bottom:
--   facts -> pools -> accuracy -> ranking -> pick -> regret -> delta, and the checks that must be empty.
-- Paper: Renggli et al., "Which Model to Transfer? Finding the Needle in the Growing Haystack".
-- Every accuracy is a fraction in [0, 1]: `accuracy` is t(m, D) or s(strategy), `score` is only a proxy's number.
-- Each view says its grain in its comment, and a test reads the comment. Names: m, M, D, B, S, t, s and ORACLE are the paper's.
-- The warehouse runs this file section by section; between them it adds the facts of one study (after section 1) and one view a
-- file of warehouse/strategies (after section 4). What many views read (pool, accuracy, score, ranking, invalid_order) is a table,
-- computed once when the study is opened; the rest are views.


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
    proxies               varchar[]       -- which proxies every cell must have
);
comment on table contract.protocol is 'One row per (study): what every run of the study shares.';

create table contract.finetune (
    model               varchar not null,
    dataset             varchar not null,
    learning_rate       double,           -- initial; null only where the protocol names none
    repeat              integer not null, -- from 0
    validation_accuracy double,           -- null only where the protocol names at most one learning rate
    test_accuracy       double,
    seconds             double,
    final_loss          double,           -- null where it was not finite
    diverged            boolean,          -- the loss left the numbers; the accuracies are what they are
    seed                bigint,
    finished_at         timestamp,        -- UTC
    device              varchar,
    software            varchar
);
comment on table contract.finetune is 'One row per (model, dataset, learning_rate, repeat): one fine-tune.';

create table contract.proxy (
    proxy         varchar not null,       -- linear | knn
    model         varchar not null,
    dataset       varchar not null,
    learning_rate double,                 -- null where the proxy has none
    repeat        integer not null,       -- from 0
    score         double,                 -- validation accuracy of the proxy
    seconds       double,                 -- without the forward pass; heads trained together share their time equally
    seed          bigint,
    finished_at   timestamp,
    device        varchar,
    software      varchar
);
comment on table contract.proxy is 'One row per (proxy, model, dataset, learning_rate, repeat): one evaluation of a proxy.';

create table contract.representation (
    model                  varchar not null,
    dataset                varchar not null,
    representation_seconds double,        -- one forward pass over training and validation images
    finished_at            timestamp,
    device                 varchar,
    software               varchar
);
comment on table contract.representation is 'One row per (model, dataset): the forward pass that the proxies share.';

create table repeat_limit (repeats integer);
comment on table repeat_limit is 'One row per (repeats): answer from the first so many repeats alone, which a study in the making has of every cell.';


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

create table pool as
    select pool, model from pool_rule
    qualify admits and bool_and(admits is not null) over (partition by pool);
comment on table pool is 'One row per (pool, model): the models of each pool. A pool that cannot be decided for every model has none.';


-- 3 accuracy (section 4.3) ------------------------------------------------------------------------------------------------

-- isfinite, because Parquet's statistics leave NaN out and DuckDB folds by them: over a file, `x <= 1` is true of NaN and even
-- isnan(x) is false.
create macro is_fraction(x) as coalesce(isfinite(x) and x between 0 and 1, false);

create view expected as
    select 'finetune' as procedure, coalesce(learning_rates, [null]) as learning_rates,
           least(repeats, (select repeats from repeat_limit)) as repeats from protocol
    union all select proxy, if(proxy = 'linear', coalesce(linear_learning_rates, [null]), [null]),
           if(proxy = 'linear', linear_repeats, 1) from (select unnest(proxies) as proxy, * exclude (proxies) from protocol);
comment on view expected is 'One row per (procedure): the learning rates and the number of repeats that every cell must have.';

create view judged_finetune as
    select model, dataset, learning_rate, repeat, validation_accuracy, test_accuracy, len(learning_rates) as rates,
           case when model not in (select model from model) then 'model has no metadata'
                when dataset not in (select dataset from dataset) then 'dataset has no metadata'
                when not coalesce(repeat >= 0, false) then 'repeat is not a number from 0'
                when learning_rates[1] is not null and not coalesce(list_contains(learning_rates, learning_rate), false)
                    then 'learning_rate is not one of the protocol'
                when not is_fraction(test_accuracy) then 'test_accuracy is not a fraction in [0, 1]'
                when not is_fraction(validation_accuracy) and (validation_accuracy is not null or len(learning_rates) > 1)
                    then 'validation_accuracy is not a fraction in [0, 1]' end as broken_rule
    from finetune join expected on procedure = 'finetune';
comment on view judged_finetune is 'One row per row of finetune: the first rule that it breaks, null where it breaks none.';

create view selected_run as  -- the better validation accuracy; ties to the lower learning rate, never to the test accuracy
    select model, dataset, repeat,
           arg_max(learning_rate, struct_pack(v := validation_accuracy, l := -learning_rate)) as learning_rate,
           arg_max(test_accuracy, struct_pack(v := validation_accuracy, l := -learning_rate)) as test_accuracy,
           bool_and(broken_rule is null) and count(*) = max(rates)
               and (max(rates) = 1 or count(distinct learning_rate) = max(rates)) as whole
    from judged_finetune group by model, dataset, repeat;
comment on view selected_run is 'One row per (model, dataset, repeat): the run that validated best, and whether the repeat is whole.';

create table accuracy as
    select model, dataset, median(test_accuracy) as accuracy
    from selected_run join expected on procedure = 'finetune' and repeat < repeats
    group by model, dataset having bool_and(whole) and count(*) = max(repeats);
comment on table accuracy is 'One row per (model, dataset): t(m, D), the median test accuracy, where the cell has its full set of runs.';

create view judged_proxy as
    select proxy, model, dataset, learning_rate, repeat, score, learning_rates, repeats,
           case when model not in (select model from model) then 'model has no metadata'
                when dataset not in (select dataset from dataset) then 'dataset has no metadata'
                when learning_rates is null then 'proxy is not one of the protocol'
                when not coalesce(repeat >= 0 and repeat < repeats, false) then 'repeat is not one of the protocol'
                when learning_rates[1] is not null and not coalesce(list_contains(learning_rates, learning_rate), false)
                    then 'learning_rate is not one of the protocol'
                when not is_fraction(score) then 'score is not a fraction in [0, 1]' end as broken_rule
    from proxy left join expected on procedure = proxy;
comment on view judged_proxy is 'One row per row of proxy: the first rule that it breaks, null where it breaks none.';

create view selected_proxy as
    select proxy, model, dataset, repeat, max(score) as score, max(repeats) as repeats,
           bool_and(broken_rule is null) and count(*) = max(len(learning_rates))
               and (max(len(learning_rates)) = 1 or count(distinct learning_rate) = count(*)) as whole
    from judged_proxy group by proxy, model, dataset, repeat;
comment on view selected_proxy is 'One row per (proxy, model, dataset, repeat): the best learning rate''s score, and whether the repeat is whole.';

create table score as
    select proxy, model, dataset, median(score) as score
    from selected_proxy group by proxy, model, dataset having bool_and(whole) and count(*) = max(repeats);
comment on table score is 'One row per (proxy, model, dataset): the median score, where the proxy has its full set of repeats.';


-- 4 ranking (section 2) ---------------------------------------------------------------------------------------------------

create view candidate as
    select pool, dataset, model, vtab_group, num_classes, family, upstream, upstream_examples, imagenet_accuracy, num_params,
           feature_dim, image_size
    from pool join model using (model) cross join dataset;
comment on view candidate is 'One row per (pool, dataset, model): what a strategy may rank, with all that is known before training.';

create view pool_size as
    select pool, count(*) as models from pool group by pool;
comment on view pool_size is 'One row per (pool): the number of its models.';

create view candidate_score as  -- all or nothing: an order that silently lacks a model would give a wrong regret
    select proxy, pool, dataset, model, score
    from pool join score using (model) join pool_size using (pool)
    qualify count(*) over (partition by proxy, pool, dataset) = models;
comment on view candidate_score is 'One row per (proxy, pool, dataset, model): a proxy''s score, where every model of the pool has it on the dataset.';

create view mean_accuracy as
    select pool, model, avg(accuracy) as mean_accuracy
    from pool left join accuracy using (model) group by pool, model
    qualify bool_and(count(accuracy) = (select count(*) from dataset)) over (partition by pool);
comment on view mean_accuracy is 'One row per (pool, model): the mean of t(m, D) over all datasets, where every model of the pool has them all.';

create schema strategy;

-- The warehouse adds here: strategy.NAME, one view a file of warehouse/strategies, each (pool, dataset, model, rank);
-- ranking, their union with the column strategy; strategy_reads (strategy, relation), what each reads, directly or through others.


-- 5 pick (section 3) ------------------------------------------------------------------------------------------------------

create view budget as
    select pool, unnest(range(1, models + 1))::integer as budget from pool_size;
comment on view budget is 'One row per (pool, budget): B, how many models may be fine-tuned, up to all of the pool.';

create table invalid_order as
    select strategy, pool, dataset,
           case when count(*) <> count(member.model) then 'ranks a model that is not in the pool'
                when count(*) <> count(distinct model) then 'ranks a model twice'
                when bool_or(rank is null) or min(rank) <> 1 or max(rank) <> count(*) or count(distinct rank) <> count(*)
                    then 'ranks are not 1, 2, 3 ...' end as broken_rule
    from ranking left join pool as member using (pool, model)
    group by strategy, pool, dataset having broken_rule is not null;
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

create view oracle as
    select pool, dataset, max(accuracy) as oracle_accuracy
    from candidate left join accuracy using (model, dataset)
    group by pool, dataset having bool_and(accuracy is not null);
comment on view oracle is 'One row per (pool, dataset): ORACLE(M, D), absent while any model of the pool lacks its full set of runs.';

create view achieved as
    select strategy, pool, budget, dataset, max(accuracy) as accuracy
    from pick join accuracy using (model, dataset) semi join oracle using (pool, dataset)
    group by strategy, pool, budget, dataset;
comment on view achieved is 'One row per (strategy, pool, budget, dataset): s, the best accuracy among the picks.';

create view regret as
    select strategy, pool, budget, dataset, accuracy, oracle_accuracy,
           oracle_accuracy - accuracy as absolute_regret,
           relative_delta(oracle_accuracy, accuracy) as relative_regret,
           log_odds_delta(oracle_accuracy, accuracy) as log_odds_regret
    from achieved join oracle using (pool, dataset);
comment on view regret is 'One row per (strategy, pool, budget, dataset): what is lost against the oracle.';

create view mean_regret as
    select strategy, pool, budget, count(*) as datasets, avg(relative_regret) as relative_regret
    from regret group by strategy, pool, budget having count(*) = (select count(*) from dataset);
comment on view mean_regret is 'One row per (strategy, pool, budget): mean relative regret, where every dataset has one.';


-- 7 delta (equation 2, supplement C) --------------------------------------------------------------------------------------

create view delta as
    select better.strategy, baseline.strategy as baseline, pool, budget, dataset,
           relative_delta(better.accuracy, baseline.accuracy) as delta,
           log_odds_delta(better.accuracy, baseline.accuracy) as log_odds_delta
    from achieved as better join achieved as baseline using (pool, budget, dataset)
    where better.strategy <> baseline.strategy;
comment on view delta is 'One row per (strategy, baseline, pool, budget, dataset): positive where strategy beats baseline.';


-- 9 checks: each of these must be empty -----------------------------------------------------------------------------------

create view missing_run as
    select procedure, model, dataset, learning_rate, repeat
    from (select procedure, repeats, unnest(learning_rates) as learning_rate from expected) as run
        cross join model cross join dataset
        cross join (select unnest(range(max(repeats)))::integer as repeat from expected) as number
        anti join (select 'finetune' as procedure, model, dataset, learning_rate, repeat from finetune
                   union all select proxy, model, dataset, learning_rate, repeat from proxy) as done
        on done.procedure = run.procedure and done.model = model.model and done.dataset = dataset.dataset
           and done.repeat = number.repeat and done.learning_rate is not distinct from run.learning_rate
    where repeat < repeats;
comment on view missing_run is 'One row per (procedure, model, dataset, learning_rate, repeat): a run that the protocol asks for and nobody made.';

create view duplicate_run as
    select 'finetune' as procedure, model, dataset, learning_rate, repeat, count(*) as rows
    from finetune group by model, dataset, learning_rate, repeat having count(*) > 1
    union all select proxy, model, dataset, learning_rate, repeat, count(*)
    from proxy group by proxy, model, dataset, learning_rate, repeat having count(*) > 1;
comment on view duplicate_run is 'One row per (procedure, model, dataset, learning_rate, repeat): a key that stands in more than one row.';

create view broken_run as
    select 'finetune' as procedure, model, dataset, learning_rate, repeat, broken_rule from judged_finetune
    where broken_rule is not null
    union all select proxy, model, dataset, learning_rate, repeat, broken_rule from judged_proxy where broken_rule is not null;
comment on view broken_run is 'One row per row of finetune or proxy that breaks a rule of the contract.';

create view undecided_pool as
    select pool, model from pool_rule where admits is null;
comment on view undecided_pool is 'One row per (pool, model): a model whose metadata do not tell whether the pool admits it.';

create view peeking_strategy as
    select strategy, relation from strategy_reads
    where relation in ('finetune', 'judged_finetune', 'selected_run', 'accuracy', 'mean_accuracy', 'oracle', 'achieved', 'regret',
                       'mean_regret', 'delta', 'missing_run', 'pick')
      and not contains(strategy, 'oracle');
comment on view peeking_strategy is 'One row per (strategy, relation): a strategy that looks at the answer and does not say oracle in its name.';

create view violation as
    select broken_rule as rule, procedure as relation, model, dataset, learning_rate, repeat, null as subject from broken_run
    union all select 'key stands in ' || rows || ' rows', procedure, model, dataset, learning_rate, repeat, null from duplicate_run
    union all select 'metadata do not tell whether the pool admits it', 'model', model, null, null, null, pool from undecided_pool
    union all select broken_rule, 'strategy', null, dataset, null, null, strategy || ' on ' || pool from invalid_order
    union all select 'reads ' || relation || ' and does not say oracle in its name', 'strategy', null, null, null, null, strategy
    from peeking_strategy
    order by all;
comment on view violation is 'One row per broken rule and row that breaks it.';

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
    union all select 'protocol', study, 'repeats is not a positive number' from protocol where not coalesce(repeats >= 1, false)
    union all select 'protocol', study, 'proxies names linear but linear_repeats is not a positive number' from protocol
    where contains(proxies, 'linear') and not coalesce(linear_repeats >= 1, false)
    union all select 'protocol', study, 'a learning rate is listed twice or is not a positive number' from protocol
    where len(list_distinct(learning_rates)) < len(learning_rates) or len(list_filter(learning_rates, lambda r: r > 0)) < len(learning_rates)
       or len(list_distinct(linear_learning_rates)) < len(linear_learning_rates);
comment on view invalid_metadata is 'One row per broken rule of a model, a dataset or the protocol.';
