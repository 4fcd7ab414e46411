// Reads feeds with four parsers that others wrote: node read.mjs FILE.{rss,atom,json}…
// → one JSON object: {FILE: {PARSER: {title, items: [{id, title, link, content, date, files}]} or {error}}}
import fs from "node:fs";
import { parseFeed as rowanmanning } from "@rowanmanning/feed-parser";
import FeedMe from "feedme";
import { parseFeed as feedsmith } from "feedsmith";
import RssParser from "rss-parser";

const list = (value) => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]);
const text = (value) => (value && typeof value === "object" ? value.text ?? value.value : value) ?? null;

function alternate(links) {
  const found = list(links).find((link) => typeof link === "string" || !link.rel || link.rel === "alternate");
  return found === undefined ? null : typeof found === "string" ? found : found.href;
}

async function byRssParser(document) {
  const feed = await new RssParser().parseString(document);
  const items = feed.items.map((item) => ({
    id: item.guid ?? item.id,
    title: item.title ?? null,
    link: item.link ?? null,
    content: item["content:encoded"] ?? item.content,
    date: item.isoDate,
  }));
  return { title: feed.title, items };
}

function byFeedsmith(document) {
  const { format, feed } = feedsmith(document);
  const items = list(feed.items ?? feed.entries).map((item) => ({
    id: text(item.guid) ?? item.id,
    title: text(item.title),
    link: item.link ?? item.url ?? alternate(item.links),
    content: item.content_html ?? item.content?.encoded ?? text(item.content),
    date: item.pubDate ?? item.published ?? item.date_published,
    files:
      format === "rss"
        ? list(item.enclosures ?? item.enclosure).map((one) => one.url)
        : list(item.attachments).map((one) => one.url),
  }));
  return { title: text(feed.title), items };
}

function byRowanmanning(document) {
  const feed = rowanmanning(document);
  const items = feed.items.map((item) => ({
    id: item.id,
    title: item.title,
    link: item.url,
    content: item.content,
    date: item.published?.toISOString(),
  }));
  return { title: feed.title, items };
}

async function byFeedme(document) {
  const feed = await new Promise((resolve, reject) => {
    const parser = new FeedMe(true);
    parser.on("finish", () => resolve(parser.done()));
    parser.on("error", reject);
    parser.end(document);
  });
  const items = list(feed.items).map((item) => ({
    id: text(item.guid) ?? item.id,
    title: text(item.title),
    link: item.url ?? alternate(item.link),
    content: item["content:encoded"] ?? item.content_html ?? text(item.content),
    date: item.pubdate ?? item.published ?? item.date_published,
  }));
  return { title: text(feed.title), items };
}

const parsers = {
  "rss-parser": [byRssParser, ["rss", "atom"]],
  feedsmith: [byFeedsmith, ["rss", "atom", "json"]],
  "@rowanmanning/feed-parser": [byRowanmanning, ["rss", "atom"]],
  feedme: [byFeedme, ["rss", "atom", "json"]],
};

const told = {};
for (const file of process.argv.slice(2)) {
  const document = fs.readFileSync(file, "utf8");
  told[file] = {};
  for (const [name, [read, formats]] of Object.entries(parsers)) {
    if (!formats.includes(file.split(".").pop())) continue;
    try {
      told[file][name] = await read(document);
    } catch (error) {
      told[file][name] = { error: String(error) };
    }
  }
}
process.stdout.write(JSON.stringify(told));
