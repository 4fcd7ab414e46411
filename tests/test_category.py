"""What a feed's categories give: tags of their own, subjects, what the config says of them, and nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from house import House
from ingest.category import Categories, steps_of
from ingest.subjects import FILE, name_key, parse, shipped, subjects_of, written
from origin import item, rss
from wireroom.config import load_config
from wireroom.config_faults import ConfigError

SUBJECTS = Path(__file__).parent.parent / "ingest" / FILE
POLITICS = ("subject", "politics")


def tags(category: str, categories: Categories | None = None, source: int = 1) -> list[str]:
    """Ask for a category's tags."""
    return [f"{tag.kind}:{tag.name}" for tag in (categories or Categories()).tags(source, category)]


@pytest.mark.parametrize(
    ("category", "subjects"),
    [
        ("Politics", {"politics"}),
        ("POLITIK", {"politics"}),
        ("Política", {"politics"}),
        ("политика", {"politics"}),
        ("السياسة", {"politics"}),
        ("政治", {"politics"}),
        ("Wirtschaft", {"economy-business-and-finance"}),
        ("Business", {"economy-business-and-finance"}),
        ("Économie", {"economy", "economy-business-and-finance"}),
        ("Tech", {"technology-and-engineering", "science-and-technology"}),
        ("Science & Technology", {"science-and-technology"}),
        ("science and technology", {"science-and-technology"}),
        ("Science & Environment", {"science-and-technology", "environment"}),
        ("Sports", {"sport"}),
        ("Tennis", {"tennis", "sport"}),
        ("Elections", {"election", "politics"}),
        ("Arts and Entertainment", {"arts-and-entertainment", "arts-culture-entertainment-and-media"}),
    ],
)
def test_a_category_that_names_a_subject_gives_it(category: str, subjects: set[str]) -> None:
    """The subject, and the one at the top of its branch; the category stays a tag of its own."""
    given_ = tags(category)

    assert {tag.partition(":")[2] for tag in given_ if tag.startswith("subject:")} == subjects
    assert given_[0].startswith("category:")
    assert {tag.why for tag in Categories().tags(1, category) if tag.kind == "subject"} == {category}


@pytest.mark.parametrize(
    "category", ["World", "Ausland", "Top Stories", "Opinion", "Germany", "Ferry Watch", "Football"]
)
def test_a_category_that_names_none_gives_none(category: str) -> None:
    """It is a tag, and no more. Football is one sport here, and another there: but sport it is."""
    assert [tag for tag in tags(category) if tag.startswith("subject:")] == (
        ["subject:sport"] if category == "Football" else []
    )


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("News/World/Europe", ["category:news", "category:world", "category:europe"]),
        ("News > Politics", ["category:news", "category:politics", "subject:politics"]),
        ("news.politics", ["category:news", "category:politics", "subject:politics"]),
        ("/sport/tennis/", ["category:sport", "category:tennis", "subject:sport", "subject:tennis"]),
        ("新闻/政治", ["category:新闻", "category:政治", "subject:politics"]),
        ("AC/DC", ["category:ac-dc"]),
        ("node.js", ["category:node-js"]),
        ("Amazon.com", ["category:amazon-com"]),
    ],
)
def test_a_path_is_its_steps(category: str, expected: list[str]) -> None:
    """Names with a slash or a dot in them are none."""
    assert tags(category) == expected


@pytest.mark.parametrize(
    "category",
    [
        "Uncategorized",
        "uncategorised",
        "Sin categoría",
        "Non classé",
        "Без рубрики",
        "未分类",
        "2024",
        "1,204",
        "5f2c9a77be01",
        "6d1f0c5e-2f63-4b0e-9a3e-1f7f6f6b2a11",
        "nid-48213",
        "type:article",
        "lang=en",
        "https://example.org/politics",
        "tag:example.org,2005:politics",
        "—",
        "What we know so far about the ferry that ran aground on Tuesday",
    ],
)
def test_what_a_program_or_nobody_has_named_is_no_tag(category: str) -> None:
    """Nor is a sentence."""
    assert tags(category) == []


@pytest.mark.parametrize(
    "category", ["COVID-19", "election-2024", "G20", "F1", "iPhone 15", "World War 2", "5G", "Boeing 737", "C++"]
)
def test_names_with_digits_and_signs_are_names(category: str) -> None:
    """Not everything with a number in it was made by a program."""
    assert tags(category)[0].startswith("category:")


def test_a_sources_own_table_beats_the_general_one_and_that_the_vocabulary() -> None:
    """Case, accents and the plural make no difference, nor does where in a path it stands."""
    made = Categories(
        shared={name_key("Ausland"): POLITICS, name_key("Werbung"): None, name_key("Sport"): None},
        by_source={2: {name_key("Ausland"): ("desk", "foreign"), name_key("12345"): POLITICS}},
    )

    assert tags("AUSLAND", made) == ["category:ausland", "subject:politics"]
    assert tags("Ausland", made, source=2) == ["category:ausland", "desk:foreign"]
    assert tags("Nachrichten > Ausland", made) == ["category:nachrichten", "category:ausland", "subject:politics"]
    assert tags("Werbung", made) == tags("Sports", made, source=2) == []
    assert tags("12345", made, source=2) == ["subject:politics"]
    assert tags("12345", made) == []


def test_the_vocabulary_can_be_off() -> None:
    """What the config says stands."""
    made = Categories(shared={name_key("Ausland"): POLITICS}, vocabulary=False)

    assert tags("Politics", made) == ["category:politics"]
    assert tags("Ausland", made) == ["category:ausland", "subject:politics"]


@given(st.text(max_size=100))
def test_any_text_is_a_category(category: str) -> None:
    """No error, and each tag has a name."""
    for tag in Categories().tags(1, category):
        assert tag.name
        assert tag.why == category
    assert all(step in category for step in steps_of(category))


def test_the_shipped_file_is_what_its_reader_writes() -> None:
    """So the script that brings it up to date changes what is new alone."""
    text = SUBJECTS.read_text(encoding="utf-8")
    read = parse(text)

    assert written(read.subjects, read.silent) == text


def test_the_shipped_names_are_in_no_doubt() -> None:
    """No name is silent and a subject; where one stands at two subjects, that is known here."""
    read = parse(SUBJECTS.read_text(encoding="utf-8"))
    silent = {name_key(name) for line in read.silent for name in line}
    at: dict[str, set[str]] = {}
    for subject in read.subjects:
        for name in (subject.label, *subject.names):
            at.setdefault(name_key(name), set()).add(subject.label)

    assert not silent & set(at)
    assert {key for key, labels in at.items() if len(labels) > 1} == {
        *("art", "court", "school", "life-style", "energy-resource", "energy-environment"),
        *("science-environment", "climate-environment", "environment-climate"),
    }
    assert len({subject.id for subject in read.subjects}) == len(read.subjects)
    assert subjects_of("Nachrichten") == ()
    assert subjects_of("ferry watch") is None
    assert len([tags for tags in shipped().values() if tags]) > 2000


CONFIG = """
[categories]
"Ressort 7" = "subject:sport"
"Sponsored" = ""
"""


def test_the_tags_of_stories_and_why(house: House) -> None:
    """From the config to search and explain; two sources of one story, each with its own table."""
    for name, category in (("a", "Ressort 7"), ("b", "Ressort 7"), ("c", "Sponsored"), ("d", "Politik")):
        number = {"c": 2, "d": 3}.get(name, 1)
        body = rss(item(number, more=f"<category>{category}</category>"))
        (house.folder / f"{name}.xml").write_text(body, encoding="utf-8")
    house.configure({name: f"{name}.xml" for name in "acd"}, CONFIG)
    house.config.write_text(
        house.config.read_text()
        + '[[source]]\nid = "b"\nurl = "b.xml"\ncategories = { "ressort 7" = "place:harbour" }\n'
    )
    house.poll()

    (ferry,) = house.rows("SELECT story_id FROM entries GROUP BY 1 HAVING count(*) = 2")
    told = house.wireroom("explain", str(ferry[0])).out
    assert "subject:sport: for its category “Ressort 7”" in told
    assert "place:harbour: for its category “Ressort 7”" in told
    assert house.rows("SELECT count(*) FROM tags WHERE name = 'sponsored'") == [(0,)]
    assert "subject:politics" in house.wireroom("search", "subject:politics", "--json").out


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[categories]\n"A" = "sport"', 2, "'sport' is no tag; write kind:name"),
        ('[categories]\n"A" = 5', 2, "5 is no tag"),
        ('[categories]\n"A" = "lang:en"', 2, "'lang' is a field of the query language"),
        ('[categories]\n"News" = ""\n"NEWS" = ""', 3, "is the same category as 'News'; take one of the two out"),
        ('[categories]\n"—" = ""', 2, "'—' is no category; write it as the feed does"),
        ("categories = 5", 1, "5 does not fit: it should be a table"),
        ('[[source]]\nid = "a"\nurl = "a"\ncategories = { "A" = "x" }', 4, "'x' is no tag"),
        ('[[source]]\nid = "a"\nurl = "a"\ncategories = { "A" = "", "a" = "" }', 4, "is the same category as 'A'"),
        ('[wireroom]\nvocabulary = "medtop"', 2, "'medtop' does not fit"),
    ],
)
def test_faults_of_the_config(tmp_path: Path, text: str, line: int, said: str) -> None:
    """Each with its line and its mend."""
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)

    (fault,) = caught.value.faults
    assert (fault.line, said in str(fault)) == (line, True), str(fault)
