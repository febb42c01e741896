"""nbgrader's settings for this course; see docs/instructors.md.

The assignment is called "notebooks", after the folder with the worked notebooks. Submissions lie in
submitted/<student>/notebooks/. The environment variable NST_GRADEBOOK_URL names another database than gradebook.db.
"""

import contextlib
import os
import sys
from pathlib import Path

from grading.autograde import OrderedExporter, read_times_with_care
from grading.exchange import Collect
from grading.late import LatePenalty
from grading.nbgrader_plugin import EvaluateExercises, NameTheExercise
from grading.page import FeedbackExporter
from grading.release import COURSE, SOURCE, link_source
from grading.top import Release, ReleaseFeedback

c = get_config()  # noqa: F821

os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic
ROOT = Path(__file__).resolve().parent
with contextlib.suppress(PermissionError):  # another user's course, whose settings can be read all the same
    link_source(ROOT)
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.course_id = COURSE
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

# c.Exchange.root = "/srv/nbgrader/exchange": see docs/instructors.md, "A JupyterHub, a cluster"
c.ExchangeFactory.release_assignment = Release
c.ExchangeFactory.release_feedback = ReleaseFeedback
c.ExchangeFactory.collect = Collect

# Grading: student code runs in the sandbox only.
read_times_with_care()
c.Autograde.exporter_class = OrderedExporter
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
c.GenerateFeedback.exporter_class = FeedbackExporter
# c.EvaluateExercises.seconds = 20 and the other limits: see grading/sandbox.py

# Late submissions, for example: due "2026-12-01 23:59 Europe/Zurich", 30 minutes of grace, 10 percent for each day.
c.AssignLatePenalties.plugin_class = LatePenalty
c.LatePenalty.update(due="", grace_minutes=0, percent_per_day=0)
