"""From ratings to a differentiable predictor of them."""
