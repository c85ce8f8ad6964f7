"""For instructors: a class is graded with nbgrader, one submission at a time, and none stops another.

`autograde` grades, `feedback` writes each student's page, `report` writes the class table,
`sample_class` makes ten students to try it with. `course` knows the folder, `submission` looks at
what was handed in before any of it runs, `engine` runs nbgrader, `execution` judges what came out,
`gradebook` makes and reads nbgrader's gradebook and withdraws marks, `record` remembers what was graded.
"""
