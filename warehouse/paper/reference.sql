-- The paper's printed numbers beside the open study: tables of what was read off its figures and tables, then views that compare.
-- $PAPER is this folder; the warehouse creates these after schema.sql. Types are named, so that nothing is guessed
-- from the rows. Where one bar stands in two figures (relative and log-odds), it is one row with two figure numbers.


-- What is printed ---------------------------------------------------------------------------------------------------------

-- One row per (pool): how many models the paper's pool has.
create table paper_pool as
    select pool, models
    from read_csv('$PAPER/pool.csv', header = true, columns = {pool: 'varchar', models: 'integer'});

-- One row per (model): the 46 networks, as printed in supplement tables 1 to 3.
create table paper_model as
    select model, handle, family, upstream, upstream_examples, imagenet_accuracy, num_params, feature_dim
    from read_csv('$PAPER/model.csv', header = true, columns = {
        model: 'varchar', handle: 'varchar', family: 'varchar', upstream: 'varchar', upstream_examples: 'bigint',
        imagenet_accuracy: 'double', num_params: 'bigint', feature_dim: 'integer'});

-- One row per (pool, dataset): ORACLE(M, D), read off four groups of figures that agree.
create table paper_oracle_accuracy as
    select pool, dataset, oracle_accuracy
    from read_csv('$PAPER/oracle_accuracy.csv', header = true, columns = {
        pool: 'varchar', dataset: 'varchar', oracle_accuracy: 'double'});

-- One row per (pool, dataset): the box plot of all fine-tune accuracies, figures 24 to 28.
create table paper_accuracy_range as
    select pool, dataset, whisker_low, quartile_1, median, quartile_3, whisker_high, outliers, figure
    from read_csv('$PAPER/accuracy_range.csv', header = true, columns = {
        pool: 'varchar', dataset: 'varchar', whisker_low: 'double', quartile_1: 'double', median: 'double', quartile_3: 'double',
        whisker_high: 'double', outliers: 'double[]', figure: 'integer'});

-- One row per (strategy, pool, dataset): t(m, D) of the strategy's first pick, figures 24 to 28.
create table paper_top_pick as
    select strategy, pool, dataset, accuracy, figure
    from read_csv('$PAPER/top_pick.csv', header = true, columns = {
        strategy: 'varchar', pool: 'varchar', dataset: 'varchar', accuracy: 'double', figure: 'integer'});

-- One row per (strategy, pool, budget, dataset): figures 3, 4, 14 to 16, 18; log odds where figures 10, 11 give them.
create table paper_regret as
    select strategy, pool, budget, dataset, relative_regret, figure, log_odds_regret, log_odds_figure
    from read_csv('$PAPER/regret.csv', header = true, columns = {
        strategy: 'varchar', pool: 'varchar', budget: 'integer', dataset: 'varchar', relative_regret: 'double', figure: 'integer',
        log_odds_regret: 'double', log_odds_figure: 'integer'});

-- One row per (strategy, baseline, pool, budget, dataset): figures 5, 6, 19 to 22; log odds where 12, 13 give them.
create table paper_delta as
    select strategy, baseline, pool, budget, dataset, delta, figure, log_odds_delta, log_odds_figure
    from read_csv('$PAPER/delta.csv', header = true, columns = {
        strategy: 'varchar', baseline: 'varchar', pool: 'varchar', budget: 'integer', dataset: 'varchar', delta: 'double',
        figure: 'integer', log_odds_delta: 'double', log_odds_figure: 'integer'});

-- One row per (strategy, pool, dataset): the smallest budget without regret, tables 4, 5.
create table paper_zero_regret_budget as
    select strategy, pool, dataset, budget
    from read_csv('$PAPER/zero_regret_budget.csv', header = true, columns = {
        strategy: 'varchar', pool: 'varchar', dataset: 'varchar', budget: 'integer'});

-- A point that is not within_axis is drawn beyond the axis that the figure shows.
-- One row per (strategy, pool, budget): datasets without regret and their share of 19, figures 7, 17.
create table paper_zero_regret_share as
    select strategy, pool, budget, datasets, share, within_axis, figure
    from read_csv('$PAPER/zero_regret_share.csv', header = true, columns = {
        strategy: 'varchar', pool: 'varchar', budget: 'integer', datasets: 'integer', share: 'double', within_axis: 'boolean',
        figure: 'integer'});

-- One row per (strategy, pool, budget): mean relative regret over the 19 datasets of the figures.
create view paper_mean_regret as
    select strategy, pool, budget, count(*) as datasets, avg(relative_regret) as relative_regret
    from paper_regret group by strategy, pool, budget;


-- Beside the open study ---------------------------------------------------------------------------------------------------
-- Joined by name. A pool of the study may share only its rule with the paper's, so each row says how many models both have: where
-- `models` and `paper_models` differ, the two numbers answer different questions.

-- One row per (strategy, pool, budget, dataset): printed, the open study's, the difference.
create view paper_regret_comparison as
    select strategy, pool, budget, dataset, paper.relative_regret as paper_relative_regret, ours.relative_regret,
           ours.relative_regret - paper.relative_regret as difference,
           paper.log_odds_regret as paper_log_odds_regret, ours.log_odds_regret,
           pool_size.models, paper_pool.models as paper_models
    from paper_regret as paper join regret as ours using (strategy, pool, budget, dataset)
        join pool_size using (pool) join paper_pool using (pool);

-- One row per (strategy, baseline, pool, budget, dataset): printed, the open study's, the difference.
create view paper_delta_comparison as
    select strategy, baseline, pool, budget, dataset,
           paper.delta as paper_delta, ours.delta, ours.delta - paper.delta as difference,
           paper.log_odds_delta as paper_log_odds_delta, ours.log_odds_delta, pool_size.models, paper_pool.models as paper_models
    from paper_delta as paper join delta as ours using (strategy, baseline, pool, budget, dataset)
        join pool_size using (pool) join paper_pool using (pool);

-- One row per (pool, dataset): printed, the open study's, the difference.
create view paper_oracle_accuracy_comparison as
    select pool, dataset, paper.oracle_accuracy as paper_oracle_accuracy, ours.oracle_accuracy,
           ours.oracle_accuracy - paper.oracle_accuracy as difference, pool_size.models, paper_pool.models as paper_models
    from paper_oracle_accuracy as paper join oracle as ours using (pool, dataset)
        join pool_size using (pool) join paper_pool using (pool);

-- The order of task_agnostic_oracle depends on every dataset of its study, so it is compared only where they are the paper's.
-- One row per (strategy, pool, dataset): printed, the open study's, the difference.
create view paper_zero_regret_budget_comparison as
    select strategy, pool, dataset, paper.budget as paper_budget, ours.budget, ours.budget - paper.budget as difference,
           pool_size.models, paper_pool.models as paper_models
    from paper_zero_regret_budget as paper
        join (select strategy, pool, dataset, min(budget) as budget from regret where relative_regret = 0
              group by strategy, pool, dataset) as ours using (strategy, pool, dataset)
        join pool_size using (pool) join paper_pool using (pool)
    where strategy <> 'task_agnostic_oracle'
       or (select list(dataset order by dataset) from dataset)
          = (select list(distinct dataset order by dataset) from paper_regret);
