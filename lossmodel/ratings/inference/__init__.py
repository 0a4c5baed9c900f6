"""What can be inferred from ratings: for other assessors and other items, not only for those of this test.

crossed        the mean of a table assessor x item whose rows and columns are both samples
mixed          linear mixed models with crossed effects, by REML
pairs          every pair of conditions: difference, interval, effect size, p-values adjusted for their number
ordinal        the same pairs where only the order of the ratings counts: a check
permutation    sign flips over assessors: p-values for these items, without a distribution
preference     pairs of stimuli: Bradley-Terry with ties, standard errors by assessor
anova          repeated-measures ANOVA with corrected degrees of freedom, Friedman
multiplicity   Holm, Hochberg, compact letters
"""
