-- Best on the other datasets: the highest mean fine-tune accuracy over the other datasets first. Task-agnostic, and learned: unlike
-- task_agnostic_oracle it never looks at the dataset that it chooses for. Rounded, because a mean's last digit depends on the order of
-- its sum.
select pool, dataset, model,
       row_number() over (partition by pool, dataset order by round(other_mean_accuracy, 12) desc, model) as rank
from other_mean_accuracy
