"""What an instructor gets on the class: its page, pairs that are alike, points for Moodle and Canvas."""

import csv
import inspect
import itertools
import json
import re
import textwrap
from types import SimpleNamespace

import pytest
from bank import ANSWERS
from classroom import FULL, RIGHT, notebooks

from grading.course import NOTEBOOKS
from grading.exercises import EXERCISES
from grading.lms import write_imports
from grading.report import write_page
from grading.roster import Roster, Student, read
from grading.similar import THRESHOLD, compare, own_words, pairs, words, write_csv

EVIL = "<script>alert(1)</script>"


def row(student, penalty=0.0, **points):
    points = dict.fromkeys(EXERCISES, 5.0) | points
    total = sum(points.values())
    return dict(student=student, **points, points=total, penalty=penalty, total=total - penalty, status="graded")


def nothing(student, status="not graded yet"):
    return dict(student=student, **dict.fromkeys([*EXERCISES, "points", "penalty", "total"], ""), status=status)


@pytest.fixture
def course(tmp_path):
    return SimpleNamespace(root=tmp_path)


# ---------------------------------------------------------------- the page


def test_the_page_counts_points_and_hints_names_who_is_missing_and_escapes_everything(course):
    (course.root / ".grading").mkdir()
    log = [dict(student=f"s{i}", hints={"total_cost": "it is swapped" if i < 3 else EVIL}) for i in range(4)]
    (course.root / ".grading" / "log.jsonl").write_text("".join(f"{json.dumps(entry)}\n" for entry in log))
    rows = [row(f"s{i}", total_cost=1.0) for i in range(4)] + [nothing(EVIL, f"refused: {EVIL}")]
    roster = Roster({id: Student(id, name=EVIL, email=EVIL) for id in ("s0", "s1", "s2", "s3", "zoe")})
    text = write_page(course, rows, roster).read_text()
    assert "<script" not in text and text.count("&lt;script&gt;") >= 5
    body = re.sub(r"<[^>]*>|\s+", " ", text.partition("<body>")[2])
    card = re.sub(r" +", " ", body[body.index(" total_cost ") :].partition("train_step")[0])
    assert "1.0 points on average; 0 of 4 have all" in card
    assert card.split("have all")[1].split()[:7] == ["0", "4", "1", "2", "3", "4", "5"]  # four have one point
    assert "3× it is swapped" in card and card.index("3× ") < card.index("1× ")
    assert re.search(r"Not handed in .* zoe ", body) and "4 of 5" in body


def test_an_empty_folder_is_nothing_handed_in(course):
    nothing_there = "; ".join(f"no points for {name}.ipynb: it was not handed in" for name in NOTEBOOKS)
    rows = [row("ada"), row("mia") | dict(status=f"graded; {nothing_there}"), nothing("ned", "refused: nothing in it")]
    roster = Roster({id: Student(id) for id in ("ada", "mia", "ned", "zoe")})
    body = re.sub(r"<[^>]*>|\s+", " ", write_page(course, rows, roster).read_text())
    assert "1 of 4 handed in" in body and re.search("Not handed in .* mia .* ned .* zoe ", body)


def test_the_page_asks_no_other_host_and_an_empty_class_has_one_too(course):
    text = write_page(course, [], Roster()).read_text()
    assert "There is no class list" in text
    assert not re.search(r"https?:|//[a-z]|@import|url\(|src=|<script", text) and "default-src 'none'" in text


# ---------------------------------------------------------------- Moodle and Canvas


def lines(path):
    return list(csv.reader(path.open(newline="", encoding="utf-8")))


def test_points_come_out_as_moodle_and_canvas_take_them(course):
    roster = Roster(
        {
            "jm": Student("jm", "Müller, José", "jm@uni.example", moodle="12", canvas="345", sis="S1", section="A"),
            "bo": Student("bo", "=Bo()", "+bo@uni.example"),
            "eve": Student("eve"),
        }
    )
    moodle, canvas = write_imports(course, [row("jm", penalty=2.5, total_cost=0.0), nothing("bo"), row("x")], roster)
    head, jm, bo, eve = lines(moodle)
    assert head == ["Identifier", "Full name", "Email address", "Grade", "Last modified (grade)", "Feedback comments"]
    assert jm[:4] == ["Participant 12", "Müller, José", "jm@uni.example", "47.50"]
    assert "total_cost 0;" in jm[5] and "late: 2.5 of 50 points taken off" in jm[5]
    assert bo == ["", "'=Bo()", "'+bo@uni.example", "", "", ""] and eve[3] == ""
    head, possible, jm, bo, _ = lines(canvas)
    assert head[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"] and len(head) == 6
    assert "Points Possible" in possible[0] and possible[5] == "55"
    assert jm == ["Müller, José", "345", "S1", "jm", "A", "47.50"] and bo[5] == ""
    assert write_imports(course, [row("jm")], Roster()) == []


def test_what_canvas_exports_can_be_the_class_list_and_comes_back_with_its_ids(course):
    export = (
        '\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,x (9)\n    Points Possible,,,,,45\n"Li, Bo",7,S7,bo,A,\n'
    )
    (course.root / "class.csv").write_text(export, encoding="utf-8-sig")
    _, canvas = write_imports(course, [row("bo")], read(course.root))
    assert lines(canvas)[2] == ["Li, Bo", "7", "S7", "bo", "A", "55.00"]


# ---------------------------------------------------------------- alike


def words_of(answers):
    return words({stem: json.dumps(notebook) for stem, notebook in notebooks(answers).items()})


def renamed(answers, more=""):
    """A copy with other names, comments and docstrings."""
    copy = {}
    for name, source in answers.items():
        for old in set(re.findall(r"\b(?:a_[A-Z]|n_[A-Z]|J|gradients?|layer|weight|cost)\b", source)):
            source = re.sub(rf"\b{old}\b", f"my_{old}", source)
        copy[name] = source.replace('"""', '"""My own work. ', 1) + "\n    # done" + more
    return copy


def test_a_copy_with_other_names_and_comments_is_listed_and_blank_hand_ins_are_not(course):
    answers = {"ada": RIGHT, "ben": renamed(RIGHT), "cleo": {}, "dora": {}}
    found = pairs({student: words_of(each) for student, each in answers.items()})
    assert [(pair.one, pair.other) for pair in found] == [("ada", "ben")] and found[0].share > 0.95
    write_csv(found, course.root / "similar.csv")
    assert lines(course.root / "similar.csv")[1][:2] == ["ada", "ben"]


def independent():
    """{exercise: sources of right answers}, all different."""
    sources = {name: [source] for name, source in RIGHT.items()}
    for answer in ANSWERS:
        if answer.right:
            text = textwrap.dedent(inspect.getsource(answer.plain))
            sources[answer.name].append(text[text.index("def ") :])
    return sources


def test_right_answers_that_were_written_independently_are_not_listed(rng):
    assert not any(words_of({}).values())
    sources = {name: [own_words(text, "") for text in texts] for name, texts in independent().items()}
    shares = []
    for _ in range(500):
        two = [dict(), dict()]
        for name, texts in sources.items():
            for one, number in zip(two, rng.choice(len(texts), 2, replace=False)):
                one[name] = texts[number]
        pair = compare(("a", two[0]), ("b", two[1]), 0)
        shares += [pair.share] if pair else []
    assert len(shares) > 400 and max(shares) < THRESHOLD - 0.1


@pytest.mark.slow
def test_a_million_words_do_not_hold_it_up():
    long = "x = a.b.c.d " * 1_000_000
    huge = {name: own_words(long, "") for name in FULL}
    assert compare(("a", huge), ("b", huge), 0.9).share == 1
    assert all(len(each) == 2000 for each in huge.values())
    assert list(itertools.islice(own_words("a.b + c # d", ""), 5)) == ["name 0", ".", "b", "+", "name 1"]
