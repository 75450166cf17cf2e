-- The study paper-eurosat, into the tables of the contract: the 46 models on EuroSAT of the paper's figure 8.
-- $PAPER is this folder; `python -m warehouse.paper` runs the file after section 1 of schema.sql.
-- What the paper does not say is null.

create table known as
    from read_csv('$PAPER/model.csv', header = true, columns = {
        model: 'varchar', handle: 'varchar', family: 'varchar', upstream: 'varchar', upstream_examples: 'bigint',
        imagenet_accuracy: 'double', num_params: 'bigint', feature_dim: 'integer'});

create table measured as
    from read_csv('$PAPER/eurosat.csv', header = true, columns = {
        model: 'varchar', linear: 'double', knn: 'double', accuracy: 'double'});

-- Which of the 15 experts on subsets of JFT is which cannot be read off the figure. They are alike in all but their names, so
-- this is one row, and stands for each.
create table unnamed_expert as
    select distinct family, upstream, num_params, feature_dim from known where upstream = 'JFT subset';

insert into contract.model by name
    select model, handle, family, upstream, upstream_examples, imagenet_accuracy, num_params, feature_dim,
           'arXiv 2010.06402, supplement tables 1 to 3' as source
    from measured join known using (model)
    union all by name
    select model, family, upstream, num_params, feature_dim, 'arXiv 2010.06402, supplement tables 1 to 3' as source
    from measured anti join known using (model) cross join unnamed_expert
    order by model;

-- VTAB tests on train[80%:] of 27,000 images.
insert into contract.dataset by name
    select 'EuroSAT' as dataset, 'specialized' as vtab_group, 10 as num_classes, 5400 as num_test,
           'tensorflow-datasets eurosat/rgb' as source, '2' as version;

-- What the paper and its supplement say of the runs. Of these the figure shows one number a cell: the median over 5 repeats, the
-- better of 2 learning rates, already taken. So a cell here has one repeat, at a learning rate that is not known.
insert into contract.protocol by name
    select 'paper-eurosat' as study, 224 as image_size, 800 as train_examples, 200 as validation_examples, 2500 as steps,
           512 as batch_size, 0.9 as momentum, 200 as warmup_steps, [1 / 3, 2 / 3, 9 / 10] as decay_at, 0.1 as decay_factor,
           1 as repeats, 2500 as linear_steps, 1 as linear_repeats, ['linear', 'knn'] as proxies;

insert into contract.finetune by name
    select model, 'EuroSAT' as dataset, 0 as repeat, accuracy as test_accuracy
    from measured order by model;

insert into contract.proxy by name
    select proxy, model, 'EuroSAT' as dataset, 0 as repeat, score
    from (unpivot measured on linear, knn into name proxy value score) order by proxy, model;
