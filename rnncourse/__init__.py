"""The Machine That Remembers: a course on recurrent neural networks.

``rnncourse.reference`` holds the NumPy truth, ``rnncourse.nn`` the Torch modules with the same weights,
``rnncourse.checks`` what graded cells call, ``rnncourse.grading`` what instructors run.
"""

__version__ = "0.1.0"
