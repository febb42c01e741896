"""nbgrader's settings for this course; see docs/instructors.md.

The assignment is called "notebooks", after the folder with the worked notebooks. Submissions lie in
submitted/<student>/notebooks/. The environment variable NST_GRADEBOOK_URL names another database than gradebook.db.
"""

import os
import sys
from pathlib import Path

from grading.nbgrader_plugin import EvaluateExercises, NameTheExercise, SubmissionExporter
from grading.release import SOURCE, link_source

c = get_config()  # noqa: F821

os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic
ROOT = Path(__file__).resolve().parent
link_source(ROOT)
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.source_directory = SOURCE
if os.environ.get("NST_GRADEBOOK_URL"):
    c.CourseDirectory.db_url = os.environ["NST_GRADEBOOK_URL"]

# Release: the answers cut out, and a blank that names its exercise.
c.NameTheExercise.code_stub = {
    "python": "# Write your code here, and remove the next line.\n"
    'raise NotImplementedError("{exercise} is not written yet")'
}
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.LockCells",
    NameTheExercise,
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
]

# Grading: student code runs in the sandbox only.
c.Autograde.exporter_class = SubmissionExporter
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    EvaluateExercises,
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# c.EvaluateExercises.seconds = 20 and the other limits: see grading/sandbox.py
