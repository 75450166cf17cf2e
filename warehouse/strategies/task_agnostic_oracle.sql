-- The best fixed order (paper, supplement): highest mean fine-tune accuracy over all datasets first. It looks at the answer.
select pool, dataset, model,
       row_number() over (partition by pool, dataset order by mean_accuracy desc, model) as rank
from candidate join mean_accuracy using (pool, model)
