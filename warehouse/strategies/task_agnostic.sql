-- Best on ImageNet: the highest published ImageNet accuracy first, then the larger upstream training set, then the larger network.
-- It does not look at the data (paper, section 2). A model with neither a published accuracy nor a known upstream size is not ranked.
select pool, dataset, model,
       row_number() over (partition by pool, dataset
                          order by imagenet_accuracy desc nulls last, upstream_examples desc nulls last,
                                   num_params desc nulls last, model) as rank
from candidate
where imagenet_accuracy is not null or upstream_examples is not null
