"""The press: topics whose output changed are rendered, written and held ready to be served. IO: sqlite, files.

All of it runs on one thread of its own with its own reading connection: feedgen sets the locale while it writes dates,
which must never happen on two threads at once.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlite_utils import Database

from db.archive import open_reader
from db.model import FORMATS, Format
from db.topics import mark_published, topic_feed, unpublished
from db.writer import Writer
from feeds.pages import TopicSummary, index_page
from feeds.publish import Published, Publisher, PublishError
from feeds.render import render
from wireroom.config import Config
from wireroom.log import Log
