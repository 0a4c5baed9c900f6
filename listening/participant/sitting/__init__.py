"""What happens around the trials, where a study asks for it: questions, volume, headphones, examples, breaks."""
