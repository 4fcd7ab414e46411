"""Questions that people ask of an archive, each with its SQL: the page docs/questions.md, Datasette's queries. Pure.

A parameter may be left empty: then the question takes what comes first to mind, the newest story or today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question: ``id`` is its name in Datasette; ``params``: what each parameter is, and if empty."""

    id: str
    title: str
    sql: str
    note: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


STORY = {"story": "a story's id; empty: the newest that several sources carry"}
NOW = {"now": "a time, UTC; empty: now"}
RECENT = {"since": "a day; empty: thirty days before the newest story"}
SINCE = (
    "substr(first_seen, 1, 10) >=\n  "
    "coalesce(nullif(:since, ''), (SELECT date(max(first_seen), '-30 days') FROM stories))"
)
"""Asked so, by the day, entries are found by their index ``entries_day``: very many older ones cost nothing."""

QUESTIONS = (
    Question(
        id="who_had_it_first",
        title="Which outlets carried it first, and how long until others had it?",
        sql="""
SELECT place, source, minutes_after, title, joined_by, first_seen
FROM story_sources
WHERE story_id = coalesce(nullif(:story, ''), (SELECT max(story_id) FROM entries WHERE joined_by <> 'first'))
ORDER BY place, source""",
        note="`minutes_after` is by when polls found it; `published` in the same view is what the sources say.",
        params=STORY,
    ),
    Question(
        id="who_was_first",
        title="Who was first with each story that three or more carry, and by how much?",
        sql=f"""
SELECT story_id, story, first_source, source_count, min(minutes_after) FILTER (WHERE place > 1) AS minutes_ahead
FROM story_sources WHERE source_count >= 3 AND {SINCE}
GROUP BY story_id HAVING min(place) = 1 ORDER BY story_id DESC LIMIT 100""",
        params=RECENT,
        note="Empty: they had it in the same moment. "
        "How often each is polled is in it: `spacing_minutes` of `source_health`.",
    ),
    Question(
        id="headline_changes",
        title="What changed in this report's headline?",
        sql="""
SELECT changed_at, source, old_title, new_title, meaningful
FROM story_changes WHERE old_title <> new_title
  AND story_id = coalesce(nullif(:story, ''), (SELECT story_id FROM story_changes ORDER BY revision_id DESC LIMIT 1))
ORDER BY revision_id""",
        note="Texts stand side by side in `old_text` and `new_text`; `wireroom diff STORY` marks the words. "
        "All of a week: `changed_at >= date('now', '-7 days')` in the place of the story.",
        params={"story": "a story's id; empty: the one that was changed last"},
    ),
    Question(
        id="published_on",
        title="What did we publish last Tuesday, and why?",
        sql="""
SELECT topic, selected_at, title, asks, tags
FROM topic_stories WHERE state <> 'archived'
  AND date(selected_at) = coalesce(nullif(:day, ''), (SELECT date(max(selected_at)) FROM selections))
ORDER BY selected_at, topic""",
        note="A topic takes what its query `asks` for; each tag has its cause behind it. "
        "`wireroom explain STORY` tells more.",
        params={"day": "a day, UTC; empty: the last on which anything was published"},
    ),
    Question(
        id="in_the_feed",
        title="What stands in a topic's feed now?",
        sql="""
SELECT number, story_id, title, selected_at
FROM topic_stories WHERE in_feed = 1
  AND topic = coalesce(nullif(:topic, ''), (SELECT config_id FROM topics ORDER BY id LIMIT 1))
ORDER BY number DESC""",
        params={"topic": "a topic's id; empty: the first"},
    ),
    Question(
        id="announced_and_left",
        title="What was announced and later left?",
        sql="""
SELECT topic, title, state, selected_at, left_at
FROM topic_stories WHERE state IN ('left', 'hidden', 'withheld', 'merged') ORDER BY selected_at DESC LIMIT 100""",
        note="A hidden story has no `left_at`: it keeps its place in the topic, unseen. `marks` has who said so.",
    ),
    Question(
        id="who_stopped",
        title="Who stopped publishing?",
        sql="""
SELECT source, health, last_new_at, usual_gap_hours,
       round((julianday(coalesce(nullif(:now, ''), 'now')) - julianday(last_new_at)) * 24) AS hours_since
FROM source_health
WHERE (julianday(coalesce(nullif(:now, ''), 'now')) - julianday(last_new_at)) * 24 >
  max(72, coalesce(3 * usual_gap_hours, 168))
ORDER BY last_new_at""",
        note="Three times as long as it usually pauses, and three days at least: the measure of `wireroom status`. "
        "Where it is not known yet how long it pauses, a week; who never had anything is not here.",
        params=NOW,
    ),
    Question(
        id="what_fails",
        title="Which sources fail, since when, and what can be done?",
        sql="""
SELECT source, health, last_error, failures, last_good_at, trouble
FROM source_health WHERE health NOT IN ('good', 'new', 'remark') ORDER BY last_good_at""",
    ),
    Question(
        id="who_copies_whom",
        title="Who copies whom?",
        sql=f"""
SELECT source, copy_of, count(*) AS copies, round(avg(minutes_after)) AS minutes_after
FROM story_sources WHERE copy_of IS NOT NULL AND {SINCE}
GROUP BY source, copy_of ORDER BY copies DESC, source, copy_of""",
        params=RECENT,
        note="Who came first is not always who wrote it: two may both print an agency that you do not poll.",
    ),
    Question(
        id="who_shares",
        title="Which two sources share most stories, and who is first?",
        sql=f"""
WITH recent AS (
  SELECT story_id, source, first_seen FROM story_sources WHERE source_count > 1 AND {SINCE}
)
SELECT a.source, b.source AS other, count(*) AS stories, sum(a.first_seen < b.first_seen) AS source_first,
       sum(b.first_seen < a.first_seen) AS other_first
FROM recent a JOIN recent b ON b.story_id = a.story_id AND b.source > a.source
GROUP BY 1, 2 ORDER BY stories DESC, 1, 2 LIMIT 100""",
        params=RECENT,
    ),
    Question(
        id="who_edits",
        title="Who changes most after publication?",
        sql="""
WITH recent (day) AS (SELECT coalesce(nullif(:since, ''), (SELECT date(max(first_seen), '-30 days') FROM stories)))
SELECT source, count(*) AS changes, sum(meaningful) AS meaningful, sum(old_title <> new_title) AS headlines,
       (SELECT sum(entries) FROM daily_by_source d
        WHERE d.source = c.source AND d.day >= (SELECT day FROM recent)) AS new
FROM story_changes c WHERE changed_at >= (SELECT day FROM recent)
GROUP BY source ORDER BY changes DESC, source""",
        params=RECENT,
        note="`new` is how many entries it brought in that time.",
    ),
    Question(
        id="who_is_alone",
        title="Which sources are alone with their stories?",
        sql=f"""
SELECT source, sum(source_count = 1) AS alone, count(*) AS stories,
       round(100.0 * sum(source_count = 1) / count(*)) AS percent
FROM story_sources WHERE {SINCE}
GROUP BY source ORDER BY percent DESC, source""",
        params=RECENT,
    ),
    Question(
        id="who_is_quick",
        title="Who is first with what others have too, and how far behind are they else?",
        sql=f"""
SELECT source, sum(place = 1) AS first, sum(place > 1) AS later,
       round(avg(minutes_after) FILTER (WHERE place > 1)) AS minutes_behind
FROM story_sources WHERE source_count > 1 AND {SINCE}
GROUP BY source ORDER BY first DESC, minutes_behind""",
        params=RECENT,
    ),
    Question(
        id="tag_weeks",
        title="What is new on a tag this week, compared with last?",
        sql="""
SELECT kind || ':' || name AS tag, sum(day > date(coalesce(nullif(:now, ''), 'now'), '-7 days')) AS this_week,
       sum(day <= date(coalesce(nullif(:now, ''), 'now'), '-7 days')) AS week_before
FROM daily_by_tag WHERE day > date(coalesce(nullif(:now, ''), 'now'), '-14 days')
  AND day <= date(coalesce(nullif(:now, ''), 'now')) AND kind <> 'lang'
GROUP BY kind, name ORDER BY this_week DESC, tag""",
        params=NOW,
    ),
    Question(
        id="what_a_rule_did",
        title="What did a rule do?",
        sql="""
WITH asked (rule) AS (
  SELECT coalesce(nullif(:rule, ''), (SELECT config_id FROM rules ORDER BY hits DESC LIMIT 1))
)
SELECT t.story_id, title, 'gave ' || kind || ':' || name AS did
FROM tagged t JOIN stories ON id = t.story_id AND merged_into IS NULL
WHERE origin = 'rule' AND why = (SELECT rule FROM asked)
UNION ALL
SELECT id, title, CASE WHEN withheld_by = (SELECT rule FROM asked) THEN withheld
  ELSE 'took it, but ' || coalesce(withheld_by || ' said ' || withheld, 'it was let go') END
FROM stories WHERE merged_into IS NULL AND (withheld_by = (SELECT rule FROM asked)
    OR EXISTS (SELECT 1 FROM json_each(taken_by) WHERE value = (SELECT rule FROM asked)))
  AND id IN (SELECT id FROM stories WHERE withheld IS NOT NULL UNION SELECT story_id FROM marks WHERE kind = 'show')
ORDER BY 1 DESC LIMIT 100""",
        note="`rules` has since when it is in the config, and how often it took a story.",
        params={"rule": "a rule's id; empty: the one with most hits"},
    ),
    Question(
        id="what_is_withheld",
        title="Which stories were withheld, and by whom?",
        sql="""
SELECT id, title, withheld, withheld_by, first_seen
FROM stories WHERE withheld IN ('drop', 'hold', 'hide') AND merged_into IS NULL ORDER BY id DESC LIMIT 100""",
        note="`wireroom unhide STORY` lets one go.",
    ),
    Question(
        id="in_no_topic",
        title="Which stories are in no topic, though they have a tag?",
        sql="""
SELECT story_id, title, tags, source_count, first_seen
FROM story_overview o WHERE topics = '[]' AND withheld IS NULL AND EXISTS (
  SELECT 1 FROM tagged t WHERE t.story_id = o.story_id AND t.kind = coalesce(nullif(:kind, ''), t.kind)
    AND t.kind <> 'lang')
ORDER BY story_id DESC LIMIT 100""",
        params={"kind": "a kind of tags, `place` for example; empty: any"},
    ),
    Question(
        id="one_event",
        title="How was a happening told, story by story?",
        sql="""
SELECT first_seen, story_id, title, sources
FROM event_stories
WHERE event_id = coalesce(nullif(:event, ''), (SELECT max(event_id) FROM event_stories)) ORDER BY first_seen""",
        params={"event": "an event's id; empty: the newest that several stories tell of"},
    ),
    Question(
        id="days_of_sources",
        title="How much did each source bring, day by day?",
        sql="""
SELECT day, source, entries FROM daily_by_source
WHERE day > date(coalesce(nullif(:now, ''), 'now'), '-7 days') ORDER BY day DESC, entries DESC, source""",
        params=NOW,
    ),
    Question(
        id="find",
        title="Which stories have these words, newest first?",
        sql="""
SELECT o.story_id, o.title, o.source_count, o.first_seen,
       snippet(stories_fts, 1, '[', ']', '…', 8) AS found
FROM stories_fts JOIN story_overview o ON o.story_id = stories_fts.rowid
WHERE stories_fts MATCH coalesce(nullif(:words, ''), '""') ORDER BY stories_fts.rowid DESC LIMIT 50""",
        note='FTS5\'s own language: `ferry AND ice`, `"night shift"`, `title:dock*`. `wireroom search` has more.',
        params={"words": "words to look for; empty: nothing is found"},
    ),
)
