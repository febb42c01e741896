"""The class list, and what Moodle and Canvas give, in the students' folders."""

import os
import zipfile
from types import SimpleNamespace

import pytest

from grading import collect as collecting
from grading.collect import collect
from grading.roster import ClassListError, Unmatched, read

LIST = "id,name,email\njm,José Müller,jm@uni.example\nada,Ada Lovelace,ada@uni.example\nbo,Bo Li,bo@uni.example\n"


@pytest.fixture
def course(tmp_path):
    (tmp_path / "submitted").mkdir()
    return SimpleNamespace(root=tmp_path, submitted=tmp_path / "submitted")


def class_list(root, text=LIST, encoding="utf-8"):
    (root / "class.csv").write_bytes(text.encode(encoding))
    return read(root)


def put_zip(course, files, name="class.zip"):
    with zipfile.ZipFile(course.submitted / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, text in files.items():
            archive.writestr(member, text)


def there(course):
    """{path in submitted/: text}."""
    paths = (path for path in course.submitted.rglob("*") if path.is_file())
    return {str(path.relative_to(course.submitted)): path.read_text() for path in paths}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le"])
@pytest.mark.parametrize(
    "text",
    [
        "id,name,email\njm,José Müller,jm@uni.example\n",
        "id,name,email\rjm,José Müller,jm@uni.example\r",
        "sep=;\r\nid;name;email\r\njm;José Müller;jm@uni.example\r\n",
        "Login;Vorname;Nachname;E-Mail\r\njm;José;Müller;jm@uni.example\r\n",
        'E-mail\tStudent ID\tFull name\njm@uni.example\tjm\t"Müller, José"\n\n',
        "Student,ID,SIS User ID,SIS Login ID,Section,Paint (77)\n    Points Possible,,,,,45\n"
        '"Müller, José",12345,S1,jm,A,\n"Student, Test",99,,x,A,\n',
    ],
)
def test_a_class_list_of_many_kinds_is_read(tmp_path, text, encoding):
    (student,) = class_list(tmp_path, text, encoding).students.values()
    assert student.id == "jm" and set(student.name.replace(",", "").split()) == {"José", "Müller"}
    assert student.email == ("" if "SIS" in text else "jm@uni.example")


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "is empty"),
        ("who,when\na,b\n", "who, when"),
        ("id,name\n../x,X\n", "line 2: the id '../x'"),
        ("id,name\nada,A\nADA,B\n", "line 3: the id ADA is there twice"),
        ("id,name\nx_5_assignsubmission_file_,X\n", "line 2: the id x_5_assignsubmission_file_ reads like a name"),
        ("id,name\n,A\n", "line 2: no id"),
        ("id,name\n", "no students"),
    ],
)
def test_a_class_list_that_cannot_be_used_is_one_line(tmp_path, text, words):
    with pytest.raises(ClassListError) as refused:
        class_list(tmp_path, text)
    assert words in str(refused.value) and "\n" not in str(refused.value)


def test_names_are_matched_or_listed_and_never_guessed(tmp_path):
    more = "am1,Anna Meier,\nam2,Anna Meier,\nws,Wei Song,\nsw,Song Wei,\n"
    roster = class_list(tmp_path, LIST + more)
    for name in ("José Müller", "jose muller", "muellerjose", "müllerjosé", "Mu\u0308ller Jose\u0301"):
        assert roster.find(name, "5").id == "jm"
    for name in ("Anna Meier", "Wei Song", "Carl Gauss", "", "Ada", "Ada Lovelace Byron"):
        with pytest.raises(Unmatched):
            roster.find(name, "5")


def test_a_number_counts_more_than_a_name_and_both_must_agree(tmp_path):
    worksheet = (
        "Identifier,Full name,ID number,Email address,Grade\nParticipant 11,Anna Meier,am1,,\n"
        "Participant 12,Anna Meier,am2,,\nParticipant 13,Ada Lovelace,ada,,\n"
    )
    roster = class_list(tmp_path, worksheet)
    assert not roster.own_dates and class_list(tmp_path, "id,name,due\nada,A,\n").own_dates
    assert [roster.find(name, n).id for name, n in (("Anna Meier", "12"), ("Group A-Anna Meier", "11"))] == [
        "am2",
        "am1",
    ]
    with pytest.raises(Unmatched, match="the number is ada's, but the name am1, am2's"):
        roster.find("Anna Meier", "13")
    with pytest.raises(Unmatched):
        roster.find("Ada Lovelace", "14")
    with pytest.raises(Unmatched, match="the number is ada's, but nobody in class.csv has that name"):
        roster.find("malloryeve_502_9002_x", "13")
    assert class_list(tmp_path, "id,Identifier\nada,Participant 13\n").find("Ada Lovelace", "13").id == "ada"


def test_moodles_zip_is_sorted_and_what_is_nobodys_is_listed(course):
    roster = class_list(course.root)
    put_zip(
        course,
        {
            "José Müller_12345_assignsubmission_file/02_content_cost.ipynb": "j2",
            "José Müller_12345_assignsubmission_file/work/03_style_cost.ipynb": "j3",
            "José Müller_12345_assignsubmission_file/timestamp.txt": "1999-01-01",
            "José Müller_12345_assignsubmission_file/timestamp.txt/notes.ipynb": "a folder",
            'José Müller_12345_assignsubmission_file/timestamp.txt/"; refused.ipynb': "a folder",
            "José Müller_12345_assignsubmission_file/x/timestamp.txt/y/notes.ipynb": "a folder",
            "José Müller_12345_assignsubmission_onlinetext/onlinetext.html": "hello",
            "Ada Lovelace_7_assignsubmission_file_02_content_cost.ipynb": "a2",
            "Eve Nobody_8_assignsubmission_file/02_content_cost.ipynb": "e2",
            "__MACOSX/x": "",
        },
    )
    done = collect(course, roster)
    assert there(course) == {
        "jm/notebooks/02_content_cost.ipynb": "j2",
        "jm/notebooks/work/03_style_cost.ipynb": "j3",
        "jm/notebooks/onlinetext.html": "hello",
        "ada/notebooks/02_content_cost.ipynb": "a2",
        "Eve Nobody_8_assignsubmission_file/02_content_cost.ipynb": "e2",
    }
    assert "jm: timestamp.txt/notes.ipynb was left out, for its name" in done.notes
    assert 'jm: timestamp.txt/"? refused.ipynb was left out, for its name' in done.notes
    assert list(done.unmatched) == ["Eve Nobody_8_assignsubmission_file"]
    assert "Eve Nobody (8): nobody" in done.unmatched["Eve Nobody_8_assignsubmission_file"]
    assert (course.root / ".grading" / "collected" / "class.zip").exists()
    done = collect(course, class_list(course.root, LIST + "eve,Eve Nobody,\n"))
    assert not done.unmatched and there(course)["eve/notebooks/02_content_cost.ipynb"] == "e2"


def test_canvas_files_are_sorted_by_name_and_a_late_one_is_marked(course):
    roster = class_list(course.root)
    put_zip(
        course,
        {
            "müllerjosé_12345_67890_02_content_cost.ipynb": "j2",
            "müllerjosé_12345_67891_03_style_cost-1.ipynb": "j3",
            "lovelaceada_LATE_5_67892_answers.zip": "PK",
            "anon_x7Yq2_5_02_content_cost.ipynb": "?",
        },
    )
    done = collect(course, roster)
    assert there(course) == {
        "jm/notebooks/02_content_cost.ipynb": "j2",
        "jm/notebooks/03_style_cost-1.ipynb": "j3",
        "ada/notebooks/answers.zip": "PK",
    } | ({name: "?" for name in done.unmatched})
    assert "ada: Canvas marks this as late" in done.notes


EVE = "Ada Lovelace_11_assignsubmission_file_Mallory"  # a full name that Eve has chosen


@pytest.mark.parametrize("places", [1, -1])
@pytest.mark.parametrize(
    ("names", "whose"),
    [
        (
            {
                "Ada Lovelace_11_assignsubmission_file/02_content_cost.ipynb": "ada",
                "Ada Lovelace_11_assignsubmission_file/Bo Li_8_assignsubmission_file/x.ipynb": "ada",
                "Ada Lovelace_11_assignsubmission_file/libo_508_1_x.ipynb": "ada",
                f"{EVE}_12_assignsubmission_file/02_content_cost.ipynb": "eve",
            },
            {"ada": "ada", "eve": "eve"},
        ),
        (
            {
                "Ada Lovelace_11_assignsubmission_file_02_content_cost.ipynb": "ada",
                f"{EVE}_12_assignsubmission_file_02_content_cost.ipynb": "eve",
                "Bo Li_8_assignsubmission_file_Ada Lovelace_11_assignsubmission_file_03_style_cost.ipynb": "bo",
            },
            {"ada": "ada"},
        ),
        (
            {
                "lovelaceada_501_9001_02_content_cost.ipynb": "ada",
                "malloryeve_502_9002_x_11_assignsubmission_file_02_content_cost.ipynb": "eve",
                "libo_508_1_lovelaceada_501_2_04_paint.ipynb": "bo",
            },
            {"ada": "ada", "bo": "bo", "eve": "eve"},
        ),
        (
            {
                "Ada Lovelace_11_assignsubmission_file/02_content_cost.ipynb": "ada",
                "Lovelace, Ada_11_assignsubmission_file/02_content_cost.ipynb": "eve",
                "Ada Lovelace_11_assignsubmission_onlinetext/onlinetext.html": "ada",
            },
            {"ada": "ada"},
        ),
    ],
    ids=["folders", "files", "canvas", "doubled"],
)
def test_no_name_passes_a_hand_in_off_as_another_student_s(course, names, whose, places):
    """Neither a file's name nor a full name that looks like a platform's."""
    text = "id,name,Identifier,canvas id\nada,Ada Lovelace,Participant 11,501\nbo,Bo Li,Participant 8,508\n"
    eve = "Eve Mallory" if "lovelaceada_501_9001_02_content_cost.ipynb" in names else EVE
    roster = class_list(course.root, f'{text}eve,"{eve}",Participant 12,502\n')
    put_zip(course, dict(list(names.items())[::places]))
    collect(course, roster)
    found = {}
    for path, text in there(course).items():
        if path.split("/")[0] in roster.students:
            found.setdefault(path.split("/")[0], set()).add(text)
    assert found == {student: {text} for student, text in whose.items()}


def test_two_participants_of_the_one_name_in_the_list_are_not_thrown_together(course):
    roster = class_list(course.root)
    names = [f"Ada Lovelace_{n}_assignsubmission_file" for n in (1, 2)]
    put_zip(course, {f"{name}/02_content_cost.ipynb": name for name in names})
    assert sorted(collect(course, roster).unmatched) == names
    assert not (course.submitted / "ada").exists()


def test_a_new_zip_replaces_and_keeps_what_was_there_and_the_same_one_changes_nothing(course):
    roster = class_list(course.root)
    member = "bo li_3_assignsubmission_file/02_content_cost.ipynb"
    for text in ("one", "one", "two"):
        put_zip(course, {member: text})
        done = collect(course, roster)
        assert there(course) == {"bo/notebooks/02_content_cost.ipynb": text}
    assert any("bo: what was handed in before" in note for note in done.notes)
    (kept,) = (course.root / ".grading" / "replaced").iterdir()
    assert (kept / "02_content_cost.ipynb").read_text() == "one"


def test_a_hostile_zip_writes_nothing_elsewhere_and_no_bomb(course, monkeypatch):
    monkeypatch.setattr(collecting, "MAX_ZIP_BYTES", 1000)
    roster = class_list(course.root)
    top = "Bo Li_3_assignsubmission_file"
    put_zip(
        course,
        {
            f"{top}/../../../../evil.ipynb": "out",
            f"{top}/..\\..\\evil2.ipynb": "out",
            f"{top}/big.ipynb": "0" * 2000,
            f"{top}/a": "a file",
            f"{top}/a/b.ipynb": "in it",
            f"{top}/{'deep/' * 3000}c.ipynb": "c",
            f"{top}/{'long' * 1000}.ipynb": "d",
            "/Eve\n_9_assignsubmission_file/../x.ipynb": "x",
        },
    )
    with zipfile.ZipFile(course.submitted / "class.zip", "a") as archive:
        link = zipfile.ZipInfo(f"{top}/link.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    done = collect(course, roster)
    outside = {path.name for path in course.root.rglob("*")} - {path.name for path in course.submitted.rglob("*")}
    assert outside == {"submitted", "class.csv", "class.zip", ".grading", "collected", "collecting"}
    assert not any(os.path.islink(path) for path in course.submitted.rglob("*"))
    assert "bo/notebooks/big.ipynb" not in there(course)
    assert sum("was left out" in note for note in done.notes) == 2
    assert any("big.ipynb was left out: all together" in note for note in done.notes)
    assert any("a/b.ipynb was left out: " in note for note in done.notes)
    assert {"c", "d"} <= set(there(course).values())
    assert all("\n" not in note for note in [*done.notes, *done.unmatched, *done.unmatched.values()])


def test_a_zip_file_that_would_fill_the_disk_stays_where_it_is(course, monkeypatch):
    monkeypatch.setattr(collecting, "MAX_CLASS_BYTES", 1_000_000)
    put_zip(course, {f"Eve_{number}_assignsubmission_file/x.ipynb": "0" * 500_000 for number in range(3)})
    (note,) = collect(course, class_list(course.root)).notes
    assert (
        note == "submitted/class.zip was not unpacked: it holds 3 files and 2 MB, more than the 100000 and 1 MB allowed"
    )
    assert [path.name for path in course.submitted.iterdir()] == ["class.zip"]


def test_a_zip_file_of_too_many_names_is_not_opened(course, monkeypatch):
    put_zip(course, {"Ada Lovelace_7_assignsubmission_file/02_content_cost.ipynb": "a2"})
    path = course.submitted / "class.zip"
    data = bytearray(path.read_bytes())
    data[-10:-6] = (40_000_000).to_bytes(4, "little")  # the size of its list of files
    path.write_bytes(data)
    monkeypatch.setattr("zipfile.ZipFile", None)
    (note,) = collect(course, class_list(course.root)).notes
    assert note.startswith(
        "submitted/class.zip was not unpacked: it has too many files: 1, and 40 MB of names; 100000 and 30 MB"
    )


def test_without_a_class_list_nothing_is_moved_and_one_student_s_zip_is_left_alone(course):
    put_zip(course, {"Ada Lovelace_7_assignsubmission_file/02_content_cost.ipynb": "a2"})
    put_zip(course, {"02_content_cost.ipynb": "a2"}, "ada.zip")
    (course.submitted / "bad.zip").write_text("no zip")
    before = sorted(path.name for path in course.submitted.iterdir())
    done = collect(course, read(course.root))
    assert "class.csv in the course folder must say" in done.unmatched["class.zip"] and len(done.unmatched) == 1
    assert sorted(path.name for path in course.submitted.iterdir()) == before
