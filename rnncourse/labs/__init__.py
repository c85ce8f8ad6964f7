"""Applications: each lab trains a model on real data and holds it against stated baselines."""
