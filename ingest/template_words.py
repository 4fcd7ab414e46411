"""The words of counters, bylines and update times, in the languages that most feeds are written in. Pure.

Gathered from what the common publishing systems and news sites print around an article. Scripts without spaces and
Korean have patterns instead, since their words can't be told apart.
"""

from __future__ import annotations

import re

from db.text import fold, words


def _set(text: str) -> frozenset[str]:
    return frozenset(words(fold(text)))


COUNTED = _set(
    "view views viewed comment comments like likes retweet retweets replies reaction reactions reads "
    "aufruf aufrufe ansichten kommentar kommentare gelesen "
    "vue vues commentaire commentaires lectures "
    "vista vistas visita visitas visualizaciones reproducciones comentario comentarios lecturas "
    "visualizzazioni commento commenti letture visualizações curtidas leituras "
    "weergaven reacties bekeken visningar visninger kommentarer "
    "wyświetleń wyświetlenia komentarzy komentarze komentarz zobrazení komentářů "
    "просмотр просмотров просмотра просмотры комментарий комментариев комментария комментарии "
    "перегляд переглядів перегляди коментар коментарів коментарі "
    "görüntülenme görüntüleme okunma izlenme yorum προβολές σχόλια مشاهدة مشاهدات تعليق تعليقات"
)
"""What is counted beside a text, and in prose changes as often."""

COUNTED_ALONE = _set(
    "share shares shared save saves geteilt partages partage visto leído compartido compartidos compartilhamentos "
    "condivisioni delingen udostępnień поделились paylaşım"
)
"""Likewise, but of companies too: they count as such only in a line of their own."""

COUNTED_BESIDE = _set("point points vote votes star stars punkte stimmen")
"""Likewise, but of games and elections too: only in a text that has a counter beyond doubt."""

UPDATED = _set(
    "updated aktualisiert jour actualizado actualizada aggiornato atualizado atualizada bijgewerkt uppdaterad "
    "opdateret oppdatert zaktualizowano aktualizacja aktualizováno обновлено обновлён оновлено güncellendi "
    "güncelleme ενημερώθηκε تحديث"
)
"""After these a time is that of the page, also within a sentence."""

PUBLISHED = UPDATED | _set(
    "update modified edited published posted stand geändert veröffentlicht publié modifié publicado publicada "
    "modificado pubblicato gepubliceerd gewijzigd publicerad publisert opublikowano опубликовано опубліковано "
    "yayınlanma yayınlandı نشر"
)

READING = _set(
    "read reading lesezeit lesedauer lecture lectura lettura leitura leestijd lästid læsetid czytania чтения читання "
    "okuma"
)

UNITS = _set(
    "second seconds sec secs minute minutes min mins hour hours hr hrs sekunde sekunden minuten stunde stunden std "
    "seconde secondes heure heures segundo segundos minuto minutos hora horas secondo secondi minuti ora ore "
    "seconden minuut uur uren sekund sekunder minuter minutter timme timmar time timer "
    "minut minuty godzina godziny godzin minuta hodina hodin hodinami "
    "секунд секунды секунду минут минуты минуту мин час часа часов секунди хвилин хвилини годину години годин "
    "saniye dakika dk saat λεπτά ώρα ώρες دقيقة دقائق ساعة ساعات"
)
"""Up to hours: of days and years ago prose tells too, and means it."""

LONG_UNITS = _set(
    "day days week weeks month months year years tag tagen tage woche wochen monat monate monaten jahr jahre jahren "
    "jour jours semaine semaines mois an ans día días semana semanas mes meses año años "
    "giorno giorni settimana settimane mese mesi anno anni dia dias mês ano anos dag dagen dagar dager dage "
    "dzień dni dny день дня дней дні днів gün ημέρα ημέρες يوم أيام недели недель месяц месяца месяцев года лет"
)

AGO_AFTER = _set("ago fa temu назад тому önce geleden sedan siden atrás πριν")
AGO_BEFORE = _set("vor hace há há ha för for před منذ قبل πριν")
AGO_A = _set("a an one einer einem une un una uno um uma en et ett jednu één een")

CALENDAR = _set(
    "january february march april may june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec "
    "januar februar märz mai juni juli oktober dezember mrz okt dez "
    "janvier février mars avril juin juillet août septembre octobre novembre décembre janv févr avr juil déc "
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre ene abr ago dic "
    "gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre "
    "janeiro fevereiro março maio junho julho setembro outubro novembro dezembro "
    "januari februari maart mei augustus maj augusti marts "
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia "
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря "
    "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня "
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık "
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun "
    "montag dienstag mittwoch donnerstag freitag samstag sonntag "
    "lundi mardi mercredi jeudi vendredi samedi dimanche "
    "lunes martes miércoles jueves viernes sábado domingo lunedì martedì mercoledì giovedì venerdì sabato domenica "
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag "
    "today yesterday tonight now just heute gestern hier hoy ayer oggi ieri hoje ontem vandaag gisteren idag igår dziś "
    "wczoraj сегодня вчера сьогодні вчора bugün dün اليوم أمس"
)
CLOCK = _set("am pm gmt utc est edt cst cdt mst pst pdt bst cet cest ist msk jst uhr h kl")

NUMERALS = _set(
    "three seven eight eleven twelve forty fifty sixty seventy eighty ninety hundred thousand million billion trillion "
    "million millions billions milliard milliards millionen milliarde milliarden sesenta setenta cuarenta cincuenta "
    "millones sessanta settanta quaranta sessenta setenta quarenta milhões bilhões trente treize seize quatre quarante "
    "пять шесть семь восемь девять десять двенадцать девятнадцать пятьдесят шестьдесят семьдесят восемьдесят девяносто "
    "миллион миллионов миллиард миллиардов дев'ять десять мільйон мільйонів мільярд мільярдів"
)
"""Numbers in words that a letter or two turns into others; what is short is no typo anyway."""

FILLERS = _set(
    "on at the of to by for in with and no off be first last latest ago "
    "am um von vor zuletzt keine und il y à le la les a été mis mise de du par aucun dernière "
    "el del las los hace última última actualización sin por al ultimo aggiornamento alle di da fa em às por atrás "
    "op om voor laatst door den kl av i senast sist o w в на г от час çok son önce "
    "time zeit temps tiempo tempo время время k m mal keer fois veces leave write add join discussion more continue "
    "weiterlesen schreiben lire suite leer más leggi tutto leia mais lees meer читать далее"
)
"""Words that say nothing by themselves between those above."""

LABELS = _set(
    "update updated updates live breaking exclusive watch video urgent aktualisiert eilmeldung eil exklusiv direct "
    "en direct actualizado última hora aggiornato ao vivo atualizado обновлено срочно"
)
"""Before a headline's colon."""

LEADS_ELSEWHERE = tuple(
    fold(text)
    for text in (
        "read more",
        "read also",
        "also read",
        "see also",
        "related:",
        "more on this",
        "most read",
        "lesen sie auch",
        "mehr zum thema",
        "lire aussi",
        "à lire aussi",
        "lea también",
        "leia também",
        "leggi anche",
        "lees ook",
        "läs också",
        "czytaj też",
        "читайте также",
        "читайте також",
    )
)
"""How lines begin that lead to other articles."""

_TIME = r"\d{1,4}[\d年月日時时点分秒년월일시초/:.\-\s]{3,30}"
_SEEN = "阅读|閱讀|浏览|瀏覽|观看|觀看|播放|点击|點擊|评论|評論|留言"
_AMOUNT = r"(?<![\d,.])\d[\d,.]{0,14}\s?(?:万|萬|億|亿|千|천|만)?"
UNSPACED = re.compile(
    "|".join(
        (
            r"(?<!\d)\d{1,3}\s?(?:秒钟?|分钟|分鐘|分|小时|小時|時間|天|日)[之以]?前",
            r"(?<!\d)\d{1,3}\s?(?:초|분|시간|일)\s?전",
            r"(?:更新|发布|發布|發佈|公開|配信|입력|수정|업데이트)(?:时间|時間|日時|于|於|日)?\s?[:：]?\s?" + _TIME,
            r"(?:阅读时间|阅读时长|閱讀時間|読了時間|読了目安)\s?[:：]?\s?[约約]?\s?\d{1,3}\s?分(?:钟|鐘)?",
            rf"(?:{_SEEN}|点赞|閲覧|再生|コメント|조회|댓글)"
            r"(?:回数|数|數|量|次数|次數|수)?\s?[:：(（]\s?" + _AMOUNT,
            rf"{_AMOUNT}\s?(?:次|回|人|条|條|件|个|個)?\s?(?:{_SEEN}|視聴|再生|閲覧)",
        )
    )
)
"""Counters and update times in Chinese, Japanese and Korean. Each repetition is bounded: so is the search."""
