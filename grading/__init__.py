"""Checks that answer back in a learner's notebook, and grading that nobody can forge.

The trust line: `evaluate` runs what a learner wrote and knows no answers; `judge` knows the answers and runs nothing
that a learner wrote. In a notebook both run in the kernel (`checks`). In grading, `evaluate` runs in a `sandbox`, with
other inputs; numbers and words come out, never a pickle. docs/instructors.md says what is trusted.
"""
