# nbgrader's view of this repository: `nbgrader generate_assignment rnn` and its siblings work in this folder.
# All paths are relative to it, so a course may lie anywhere: copy this file beside your own solutions/.
c = get_config()

c.CourseDirectory.course_id = "the-machine-that-remembers"

# solutions/rnn/rnn.ipynb holds answers and rubric, exercises/rnn/rnn.ipynb is what students get
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"

# whatever lies beside a notebook is copied into the release; a script with the answers must never be
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.py"]

# a check takes about a second; a loop that does not end shall not hold up the class
c.ExecutePreprocessor.timeout = 60
c.ExecutePreprocessor.startup_timeout = 120
c.ExecutePreprocessor.iopub_timeout = 10
