"""The process that renders pages for grading/feedback.py: a line of JSON in, a line out, one after the other."""

import gc
import json
import os
import signal
import sys

from nbgrader.converters import GenerateFeedback

from grading.course import Course
from grading.gradebook import nbgrader_errors


def main() -> None:
    """For each line with the course's `root` and a `student`, say whether the pages could be written."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that began decides when this one ends
    gc.freeze()  # or each collection goes through all that was imported
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever is printed meanwhile is no answer
    for line in sys.stdin:
        job = json.loads(line)
        directory = Course(job["root"]).directory(job["student"])
        with nbgrader_errors():
            try:
                GenerateFeedback(coursedir=directory, config=directory.config, force=True).start()
            except Exception as error:
                said = f"{type(error).__name__}: {error}"
            else:
                said = ""
        print(json.dumps(said), file=answer, flush=True)


if __name__ == "__main__":
    main()
