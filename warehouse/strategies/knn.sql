-- Task-aware (paper, section 2): highest validation accuracy of the nearest neighbour (Euclidean) on the frozen representation first.
select pool, dataset, model,
       row_number() over (partition by pool, dataset order by score desc, model) as rank
from candidate_score
where proxy = 'knn'
