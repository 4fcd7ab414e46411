"""What the views' columns and the daemon's own tables mean, in the lines that ``db/meanings.py`` reads. Pure."""

INNER = """
# story_overview
story_id | 41
title | Harbour strike ends after nine days
url | https://harbour.example/strike
lead | harbour-post
first_source | harbour-post
source_count | 3
sources | ["coast-wire","harbour-post","island-radio"]
tags | ["place:saltmouth","subject:strike"]
topics | ["shipping"]
event_id | 12
language | en
words | 212
published | 2026-11-20T07:40:00Z
first_seen | 2026-11-20T08:00:00Z
updated | 2026-11-20T09:00:00Z
changes | 1
withheld | hold
# story_sources
story_id | 41
story | Harbour strike ends after nine days
source | island-radio
place | 2
minutes_after | 45
source_count | 3
first_source | harbour-post
copy_of | harbour-post
joined_by | near
joined_score | 0.83
entry_id | 58
title | Strike over, ferries sail
url | https://island.example/9
published | 2026-11-20T08:20:00Z
first_seen | 2026-11-20T08:45:00Z
# story_changes
revision_id | 9
story_id | 41
entry_id | 57
source | harbour-post
number | 1
changed_at | 2026-11-20T09:00:00Z
meaningful | 1
old_title | Harbour strike goes on
new_title | Harbour strike ends after nine days
changed | title text | the fields that differ: title, text, url, author, categories, enclosures
old_text | Talks failed at dawn.
new_text | The union and the port signed at dawn.
# topic_stories
selection_id | 301
topic | shipping
number | 73
story_id | 41
title | Harbour strike ends after nine days
url | https://harbour.example/strike
selected_at | 2026-11-20T08:00:00Z
state | announced
in_feed | 1
left_at | 2026-11-21T08:00:00Z
tags | ["place:saltmouth (rule: ferries)"]
asks | ferry OR place:saltmouth
digests | 0
guid | urn:uuid:6ba7b810-…
# source_health
source | harbour-post
title | Harbour Post
health | good
last_outcome | ok
last_error | HTTP status 500
failures | 0
trouble | it answers with HTTP status 500: ask who runs it
last_poll_at | 2026-11-20T08:00:00Z
last_good_at | 2026-11-20T08:00:00Z
last_new_at | 2026-11-20T08:00:00Z
next_poll_at | 2026-11-20T08:30:00Z | when it is polled next; null: never again
spacing_minutes | 30.0
usual_gap_hours | 4.0
pace_per_hour | 1.5
pushed_until | 2026-11-30T08:00:00Z
entries | 57
# daily_by_source
day | 2026-11-20
source | harbour-post
entries | 14
# daily_by_tag
day | 2026-11-20
kind | place | the tag's kind
name | saltmouth | the tag's name
stories | 5
# coverage
story_id | 41 | the story
entry_id | 57 | the entry
source | harbour-post | who published it
guid | tag:harbour.example,2026:1 | its raw id, as published
url | https://harbour.example/strike | its link
title | Harbour strike ends after nine days | its headline
author | Ada Kestrelmann | as published
published | 2026-11-20T07:40:00Z | as the source says
updated | 2026-11-20T08:55:00Z | as the source says
first_seen | 2026-11-20T08:00:00Z | when a poll first brought it
last_seen | 2026-11-22T08:00:00Z | when its source's document had it last
joined_by | near | why it is in this story: first, link, print, near or person
joined_score | 0.83 | the share of the shorter text's word triples that both have, 0 to 1
# entry_texts
entry_id | 57 | the entry
html | <p>The union and the port signed at dawn.</p> | safe HTML
summary | Nine days without a ferry are over. | the shorter text, where the item has two
text | The union and the port signed at dawn. | html as plain text
# published
topic | shipping | the topic
story_id | 41 | the story
number | 73 | rises within the topic, never reused
guid | urn:uuid:6ba7b810-… | what subscribers know the item by
selected_at | 2026-11-20T08:00:00Z | when the topic took it
archived | 0 | 1: never announced: in the topic's archive, not in its feed
left_at | 2026-11-21T08:00:00Z | since when the topic has it no longer; null: it does
# event_stories
event_id | 12 | the event
story_id | 41 | the story
title | Harbour strike ends after nine days | its headline
first_seen | 2026-11-20T08:00:00Z | when a poll first brought it
score | 1.4 | likeness to the event when it joined; 1: just what `normal` asks for; null: it began it
sources | 3 | how many sources carry it
# tagged
story_id | 41 | the story
kind | place | the tag's kind
name | saltmouth | the tag's name
origin | rule
why | ferries
# marks
id | 1 | of the mark, in mark_log
decision_id | 1 | the decision that made it
at | 2026-11-20T08:00:00Z | when
by | ada | who decided
kind | pin | pin, hide, show, tag, untag, lead
story_id | 41 | of which story
topic_id | 1 | pin: there; hide, show: there, or null: everywhere
tag_id | 5 | of tag and untag: which
entry_id | 57 | of lead: which
# _sqlite_migrations | a step of the schema that was applied: sqlite-utils' own record
id | 11 | its order
migration_set | wireroom | whose steps
name | m0011_asking | which step
applied_at | 2026-11-20T08:00:00Z | when
# entry_keys
entry_id | 57 | which entry
# moves
id | 1 | rises with time
source_id | 3 | which source
moved_at | 2026-11-20T08:00:00Z | when
from_url | https://harbour.example/feed.xml | where it was polled
to_url | https://news.harbour.example/feed.xml | where it is since
why | a permanent redirect
# subscriptions
id | 1 | its key here
source_id | 3 | which source
hub | https://hub.example/ | the hub's address
topic | https://harbour.example/feed.xml
state | active
asked_at | 2026-11-20T08:00:00Z | when the hub was asked last
lease_s | 864000 | how long the hub grants it
expires_at | 2026-11-30T08:00:00Z | when that ends
last_error | HTTP status 500 | what went wrong last
last_push_at | 2026-11-20T08:00:00Z | when the hub told of news last
pushes | 12 | how often it did, with a good signature
# outlines
source_id | 3 | which source
# prints
entry_id | 57 | which entry
# shingles
hash | 8122341190231 | of a word triple
entry_id | 57 | which entry has it
# event_terms
event_id | 12 | which event
# term_counts
term | 991823 | 32-bit hash of a word
stories | 12 | so many stories
# unlearned | the words of stories that term_counts has not yet: it is brought up to date for very many at once
story_id | 41 | which story
# grouping
id | 1 | always 1
# links
entry_b | 58 | the higher id
decision_id | 1 | whose
# authors
id | 7 | its key here
# authors_fts | search over the authors' names (FTS5; its rowid is authors.id)
folded | kestrelmann | words of a name
# waiting
topic_id | 1 | which topic
story_id | 41 | which story
due_at | 2026-11-20T09:00:00Z | when it looks
# tokens
topic_id | 1 | which topic
token | 0f9c… | the part of its address that nobody can guess
minted_at | 2026-11-20T08:00:00Z | when it was made
# archive
id | 1 | always 1
# archive_pages
topic_id | 1 | whose
closed_at | 2026-11-20T08:00:00Z | since when it is whole
changes | 1 | counts what alters its documents
published | 1 | up to which of these changes they are on disk
# documents
topic_id | 1 | whose
changed_at | 2026-11-20T08:00:00Z | when its bytes changed last
# subscribers
id | 1 | its key here
topic_id | 1 | of which topic
format | atom | rss, atom or json
callback | https://reader.example/push | the address that is told
expires_at | 2026-11-30T08:00:00Z | when its subscription ends
last_error | HTTP status 500 | what went wrong last
# pings
hub | https://hub.example/ | the hub's address
topic_id | 1 | which topic
format | atom | rss, atom or json
next_try_at | 2026-11-20T08:05:00Z | after a failure: not before; null: at once
failures | 0 | in a row
last_error | HTTP status 500 | what went wrong last
# webhooks
topic_id | 1 | which topic
next_try_at | 2026-11-20T08:05:00Z | after a failure: not before; null: at once
failures | 0 | in a row
last_error | HTTP status 500 | what went wrong last
last_sent_at | 2026-11-20T08:00:00Z | when a message got there last
# gone_stories
id | 41 | what it was in stories
gone_at | 2029-11-20T08:00:00Z | when it was pruned
why | age
# gone_entries
id | 57
story_id | 41
source_id | 3 | who published it
guid | tag:harbour.example,2026:1
title | Harbour strike ends after nine days | its headline
published | 2026-11-20T07:40:00Z | as the source said
version | 8122341190231
first_seen | 2026-11-20T08:00:00Z | when a poll first brought it
# gone_keys
key | -4611686018427387904
entry_id | 57 | what it was in entries
# slim_entries
entry_id | 57 | whose HTML was pruned
# poll_days
source_id | 3 | which source
day | 2026-11-20
polls | 48 | how many began on that day
failed | 1 | of them
bytes | 912345 | decoded, of all of them
new | 12 | entries never seen in this source before
changed | 2 | entries that were changed
"""
"""The views' own columns have their meaning in ``db/asking_schema.py``; here are examples."""

TRIGGERS_SAID = {
    "stories_ad": "a story that is deleted goes out of the search index",
    "stories_au": "a story that is changed is changed there too",
    "stories_said": "entries that said what their story did not keep their own text, if the story's changes",
    "entries_moved": "an entry that goes to another story keeps its text",
    "entries_said": "a body that no entry has any more goes",
    "entries_gone": "likewise when an entry is deleted",
    "authors_ai": "a new name goes into the search index",
    "authors_ad": "a name that nobody signs with any more goes out of it",
}
"""What triggers do."""
