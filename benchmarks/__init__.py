"""How fast the package is: ratios against named anchors, measured side by side in one process.

``rnncourse bench`` runs ``python -m benchmarks`` with one thread pinned.  Every row is one ratio: the
median time (or the peak memory) of ours over that of the anchor.  Both sides compute the same things:
forward, and the gradients of inputs, weights, biases and initial states.  Nothing here is a test.
"""
