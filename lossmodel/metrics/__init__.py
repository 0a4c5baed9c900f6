"""The yardsticks that others use: published measures of separated audio, as pure functions on tensors."""
