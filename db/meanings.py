"""What the tables to ask and their columns mean beyond the comments of the migrations, and examples. Pure.

A line is ``column | example | meaning``; the meaning is left out where the migration's comment says enough. A line
that begins with ``#`` names the table, and what it is where its own comment does not say so. ``db/meant.py`` reads
them; ``db/inner_meanings.py`` has views and the tables that only the daemon needs.
"""

TABLES = """
# stories
id | 41
title | Harbour strike ends after nine days | the headline, as the lead has it
text | The union and the port signed at dawn. | plain text of the lead entry
folded_title | strasse | the title as search compares it, where that is more than FTS5 does itself; null: it is not
folded_text | strasse | the text likewise
url | https://harbour.example/strike | the link, as the lead has it
language | en | as BCP 47 has it; null: unknown
published | 2026-11-20T07:40:00Z
first_seen | 2026-11-20T08:00:00Z | when a poll first brought it
updated | 2026-11-20T09:00:00Z
lead_entry_id | 57 | the entry that is shown
merged_into | 38
event_id | 12
event_score | 1.4
event_words | ["strike", "harbour"]
words | 212
withheld | hold
withheld_by | hold-rumours
taken_by | ["hold-rumours"]
# stories_fts | search over the stories' titles and texts (FTS5; its rowid is stories.id)
title | ferry | words of the title: `title:ferry`
text | ferry | words of the text
folded_title | strasse | words of the folded title
folded_text | strasse | words of the folded text
# entries
id | 57 | rises with first sight
source_id | 3 | who published it
story_id | 41 | the story that it is of
joined_by | near | why it is in this story: first, link, print (same words), near (a cut, a rewrite), person
own_id | tag:harbour.example,2026:1 | its raw id; empty: it is the link; null: it has none
guid | tag:harbour.example,2026:1
url | https://harbour.example/strike | its link
title | Harbour strike ends after nine days | its headline
author | Ada Kestrelmann | as published
language | en | as BCP 47 has it
published | 2026-11-20T07:40:00Z | as the source says
updated | 2026-11-20T08:55:00Z | as the source says
categories | ["Economy"]
enclosures | [{"url": "https://harbour.example/1.mp3", "type": "audio/mpeg", "length": 123}]
version | 8122341190231
first_seen | 2026-11-20T08:00:00Z | when a poll first brought it
last_seen | 2026-11-22T08:00:00Z
joined_to | 55
joined_score | 0.83
joined_words | ["signed", "dawn"]
language_from | detected
host | example.harbour
mentions | [["place", "saltmouth", "gazetteer", "Saltmouth"]]
image | https://harbour.example/strike.jpg
podcast | {"season": 1}
body_id | 57 | what it says, in bodies; null: nothing at length, or it is not kept any more
# bodies | what entries say at length; copies that say just what their story's lead does share one
id | 57 | its key here
html | <p>The union and the port signed at dawn.</p>
summary | Nine days without a ferry are over.
text | The union and the port signed at dawn.
# revisions
id | 9 | rises with time
entry_id | 57 | the entry that was changed
number | 1
replaced_at | 2026-11-20T09:00:00Z | when a poll found the next text
url | https://harbour.example/strike | its link then
title | Harbour strike goes on | its headline then
author | Ada Kestrelmann | then
html | <p>Talks failed at dawn.</p> | safe HTML, then
summary | No ferry today either. | then
text | Talks failed at dawn. | plain text, then
published | 2026-11-20T07:40:00Z | as the source said then
updated | 2026-11-20T07:40:00Z | as the source said then
categories | ["Economy"] | JSON array of text, then
enclosures | [] | JSON array of {url, type, length}, then
version | 5512340912234 | hash of what a reader saw
meaningful | 1
# sources
id | 3 | its key here
config_id | harbour-post
url | https://harbour.example/feed.xml
title | Harbour Post
site_url | https://harbour.example/
language | en | as the feed says
added_at | 2026-11-20T08:00:00Z | when the config had it first
removed_at | 2026-12-01T08:00:00Z
next_poll_at | 2026-11-20T08:30:00Z | when it is polled next; null: never (410 Gone, or removed)
spacing_s | 1800
ttl_s | 900
held_until | 2026-11-20T09:00:00Z
gone_at | 2026-11-20T09:00:00Z
last_poll_at | 2026-11-20T08:00:00Z | its last poll
last_good_at | 2026-11-20T08:00:00Z
last_outcome | ok | ok, not-modified, unchanged; or what went wrong: see polls.outcome
last_error | HTTP status 500 | what was wrong with the last poll; null after a good one
failures | 0 | failed polls in a row
etag | "5f3a"
last_modified | Fri, 20 Nov 2026 07:59:00 GMT | likewise
validators_url | https://harbour.example/feed.xml
body_hash | 9c56cc51b374c3ba
digest_version | 7
domain | harbour.example
moved_url | https://news.harbour.example/feed.xml
moving_to | https://news.harbour.example/feed.xml
moving_polls | 2 | how many polls in a row bore that redirect out; -1: it leads to another feed
fresh_s | 600
skip_hours | 0 1 2
skip_days | saturday sunday
shown | 20
pace | 1.5
crowded | 0
last_new_at | 2026-11-20T08:00:00Z
usual_gap_s | 14400
setback | 0
unmodified | 4
whole_at | 2026-11-20T08:00:00Z
probe_after | 50
doubts | 0
offers | ["https://harbour.example/rss"]
hub_url | https://hub.example/ | the WebSub hub that its feed names
hub_topic | https://harbour.example/feed.xml | the feed's own address at that hub
last_push_at | 2026-11-20T08:00:00Z
pushed_until | 2026-11-30T08:00:00Z
feed_id | urn:uuid:60a76c80-d399-11d9-b91C-0003939e0af6
# polls
id | 812 | rises with time
source_id | 3 | who was asked
started_at | 2026-11-20T08:00:00Z | when
duration_ms | 240 | how long it took, without waiting for its turn
outcome | ok | good: ok, not-modified, unchanged; else http-error, throttled, gone, timeout, wall, malformed …
status | 200 | HTTP status; null: there was no answer
bytes | 18244
entries | 20
new | 2
changed | 1 | entries whose text was changed
error | HTTP status 500 | what was wrong, in a sentence; null: nothing
# troubles
id | 2 | rises with time
guid | urn:uuid:8f0e…
source_id | 3
kind | failing
cause | http-error 500
said | it answers with HTTP status 500
mend | ask who runs it | what its owner can do
began_at | 2026-11-20T08:00:00Z | since when it is wrong
opened_at | 2026-11-21T08:00:00Z
changed_at | 2026-11-21T08:00:00Z
ended_at | 2026-11-22T08:00:00Z
# tags | a tag, once: what stories have is in story_tags
id | 5 | its key here
kind | place | what sort of thing: place, org, person, subject, lang, or a word of yours
name | saltmouth | small letters and hyphens
# story_tags
story_id | 41 | who has it
tag_id | 5 | which tag
origin | rule | what gave it: language, category, vocabulary, gazetteer, entity, source, rule, person
why | ferries | the category, the words in the text, a source's or rule's id, a person
# rules | a rule of the config, as far as it did something
id | 1 | its key here
config_id | ferries | its id in config.toml
hits | 12 | stories that it took
last_hit_at | 2026-11-20T08:00:00Z | when it took one last
added_at | 2026-11-20T08:00:00Z
# topics
id | 1 | its key here
config_id | shipping | its id in config.toml
title | Ports and shipping | the feed's title
urn | urn:uuid:1b4e28ba-…
created_at | 2026-11-20T08:00:00Z | when the config had it first
removed_at | 2026-12-01T08:00:00Z | when it was taken out of the config; null while it is in
last_number | 73
changes | 80 | counts what alters its output
published | 80 | up to which of these changes it is on disk
secret | 0
fronted_by | [50, "copies", null, "new"]
styled_by | {"full_text": true}
digest_at | 2026-11-20T06:00:00Z
digest_from | 61
paged_as | 5f3a
# selections
id | 301 | rises with time
topic_id | 1 | who took it
story_id | 41 | which story
entry_id | 57
number | 73
guid | urn:uuid:6ba7b810-…
selected_at | 2026-11-20T08:00:00Z | when
archived | 0
left_at | 2026-11-21T08:00:00Z
front | 1
# digests
id | 4 | rises with time
topic_id | 2 | whose digest it is
number | 4
guid | urn:uuid:16fd2706-…
made_at | 2026-11-21T06:00:00Z | when it was made
period_from | 2026-11-20T06:00:00Z | what it tells was selected since then …
period_to | 2026-11-21T06:00:00Z | … and before then
rhythm | day
zone | Europe/Berlin
first_number | 55 | the number of the first selection in it
last_number | 60 | the number of the last selection in it
# events
id | 12 | rises with first sight
first_seen | 2026-11-20T08:00:00Z | when its first story came
last_seen | 2026-11-20T19:00:00Z
stories | 3
words | 240
terms | x'…'
# merges
id | 2 | rises with time
at | 2026-11-20T08:00:00Z | when
kept_id | 38 | the story that lives on
gone_id | 41 | the story that went into it
by | near
score | 0.83 | the share of the shorter text's word triples that both have, 0 to 1
words | ["signed", "dawn"]
entries | [57]
selections | [301]
was | {"lead": 55}
undone_at | 2026-11-20T09:00:00Z | when it was taken back; null: it stands
# decisions
id | 1 | rises with time
at | 2026-11-20T08:00:00Z | when
kind | merge | merge, split, or a mark: pin, unpin, hide, unhide, tag, untag, lead
story_id | 38 | the story that lives on, was split, or is marked
other_id | 41 | the one that went into it, or came out of it; of a mark the same
entry_id | 57
merge_id | 2
was | {"lead": 55}
selections | [301]
undone_at | 2026-11-20T09:00:00Z | when it was taken back; null: it stands
by | ada
undone_by | ada | who took it back
# mark_log
id | 1 | rises with time
decision_id | 1
kind | pin
said_of | 41
story_id | 38
topic_id | 1 | pin, unpin: there; hide, show: there, or null: everywhere
tag_id | 5 | of tag and untag: which
entry_id | 57 | of lead: which
stands | 1
# config_in_force
kind | topic
config_id | shipping
position | 0
since | 2026-11-20T08:00:00Z
said | {"match": "ferry", "limit": 50}
"""
