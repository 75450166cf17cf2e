-- Best fixed order: the highest mean fine-tune accuracy over all datasets first, which looks at the answer (paper, supplement).
-- Rounded, because a mean's last digit depends on the order of its sum.
select pool, dataset, model,
       row_number() over (partition by pool, dataset order by round(mean_accuracy, 12) desc, model) as rank
from mean_accuracy
