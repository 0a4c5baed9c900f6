"""The pages of trainings: how the losses fall, what each checkpoint sounds like, what it costs, and comparisons."""
