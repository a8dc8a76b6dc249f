"""The words by which follow_ups.py tells to whom a line in a thread is put, in Japanese and English.

They are searched in a line of normal width (Unicode NFKC) and in lower case, without quotations, code, links, mentions
and emoji; only TO_A_NAME needs the case in which it was written.
"""

from __future__ import annotations

import re


def _any_of(words: str) -> re.Pattern[str]:
    """Return a pattern that finds any of the words, which stand between commas and may be patterns themselves.

    One that begins with a Latin letter is found as a word of its own, any other one inside words too.
    """
    found = (word.strip() for word in words.split(","))
    return re.compile("|".join(rf"\b{word}\b" if word[0].isascii() and word[0].isalpha() else word for word in found))


# To CocoAI

_NAME = r"(?:cocoai|cocoa|\bcoco\b|ココア(?:ai)?|ここあ(?:ai)?)(?:ちゃん|さん|くん|君|たん|-san)?"
_KIND = r"(?:(?:the )?(?:bot|ai)|ボット)(?:さん|ちゃん|くん|君)?"
_US = rf"(?:{_NAME}|{_KIND})"
_HELLO = r"(?:hey|hi|hello|yo|ok|okay|so|and|dear|ねえ|ねぇ|ねー|すみません|おーい|じゃあ|では|あと)"
_THANK = r"(?:thanks?|thank you|thx|ty|cheers|nice one|good job|well done|great work|ありがとう?|さんきゅー?)"
_ABOUT = r"が|は|に|を|の|って|と|も|\w+s\b|is|was|has|got|did|said|just"
"""What follows a name that is spoken about."""

TO_US = re.compile(
    "|".join(
        (
            rf"@\s?{_NAME}",  # a mention that was only typed
            rf"^{_HELLO}?[\s,、]*{_US}\s*[,、:!。]",  # CocoAI, …
            rf"^{_HELLO}?[\s,、]*{_NAME}\s+(?!{_ABOUT})",  # ココアちゃん …
            rf"^{_HELLO}[\s,、]*{_US}\b",  # hey bot …
            rf"{_THANK}[\s,、]*(?:to )?{_US}(?![a-z])",  # thank you bot
            rf"^{_NAME}[\s,、]*{_THANK}",  # ココアちゃんありがとう
            rf"[,、]\s*{_US}\s*[?!.。]*$",  # …, CocoAI?
            rf"\bfor (?:the )?{_US}\s*[:,]",  # a question for the AI: …
            rf"{_US}に(?:聞きたい|ききたい|質問(?:です|があ|したい|[:、。\s])|お願いです|お願いがあ|お願いしたい|教えてほしい)",
            rf"{_US}(?:は|なら|も|の意見は?|の考えは?)\s*(?:どう|なんて|何て|分か|わか|知って|でき)",
            rf"{_NAME}的に(?:は|も)?",
            rf"さすが[\s,、]*{_NAME}",
            rf"you(?:'?re| are) .*\b{_NAME}[!.]*$",
        )
    )
)
"""The line is put to CocoAI by name, or to the bot or the AI."""

OUR_NAME = re.compile(rf"(?:the )?{_US}")
"""CocoAI's name, or what it is."""

ABOUT_US = re.compile(rf"{_NAME}|\b(?:the|this|that) (?:bot|ai)\b|この(?:bot|ボット)")
"""The line names CocoAI; unless it is put to CocoAI, people talk about it."""

# To other people

_TITLE = (
    "(?:さん|くん|君|様|さま|殿|氏|先輩|先生|課長|部長|社長|係長|主任|店長|次長|室長|リーダー|マネージャー|ちゃん|-san)"
)
_BARE_TITLE = "(?:課長|部長|社長|係長|主任|店長|次長|先輩|先生|みなさん|皆さん|皆様|みんな|各位|どなたか|誰か|だれか)"
_SOMEBODY = rf"[^\s、,。!?「」()の]{{1,8}}?{_TITLE}"
_ALL = "(?:team|all|everyone|everybody|folks|guys|anyone|anybody)"

TO_A_PERSON = re.compile(
    "|".join(
        (
            rf"^(?:{_HELLO}[\s,、]*)?{_SOMEBODY}(?:[\s、,。!?]|$)",  # 田中さん、…
            rf"^{_BARE_TITLE}(?:[\s、,]|$)",  # 部長、…
            rf"[、,。!?\s]{_SOMEBODY}[!?。]*$",  # …、田中さん
            rf"(?:^|\s)@(?!{_NAME})[^\s@]+",  # @tanaka
            rf"^(?:{_HELLO} )?{_ALL}\b",
            r"^(?:cc|fyi|fwiw|heads up)\b",
            r"\b(?:anyone|anybody|somebody|someone) (?:know|have|has|got|else|want|free|around)\b",
        )
    )
)
"""The line is put to another person, or to everybody."""

# Capitalised words with which a sentence begins: before a comma, or before "can you".
_NO_NAME = re.compile(
    "(?:Yes|No|Ok|Okay|Yeah|Yep|Nope|Hmm|Oh|Ah|Well|So|And|But|Also|Actually|Sorry|Please|Thanks|Great|Perfect|Nice|"
    "Cool|Good|Sure|Right|Then|Now|Wait|However|First|Second|Third|Next|Finally|Anyway|Hey|Hi|Hello|Alternatively|"
    "Instead|Otherwise|Again|Today|Tomorrow|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|"
    "March|April|May|June|July|August|September|October|November|December|Interesting|Awesome|Excellent|Amazing|Wow|"
    "Correct|Exactly|Understood|Noted|Agreed|Done|In|For|If|When|Given|Lastly|Still|Maybe|Basically|Question|Ideally|"
    "What|Who|Whom|Whose|Which|Where|Why|How|Whatever|Whoever|Wherever|Whenever|There|Here|These|Those|He|She|My|Your|"
    "Our|Their|His|Her|Its|The|"
    r"Just|Same|You|That|This|It|They|We|English|Japanese|Chinese|Korean|French|German|Spanish|Italian|Dutch|Cocoa|"
    r"CocoAI)\b"
)
_PERSON = rf"(?!{_NO_NAME.pattern})[A-Z][a-z]{{1,11}}(?:-san)?"
_TO = r"(?:[Hh]ey|[Hh]i|[Hh]ello|[Tt]hanks|[Tt]hank you|[Cc]heers|[Ss]orry)"

TO_A_NAME = re.compile(
    "|".join(
        (
            rf"^(?:{_TO}[\s,]+|(?:[Oo]k|[Yy]es|[Nn]o|[Yy]eah),? )?{_PERSON}\s*[,:]",  # Sam, …
            rf"^{_TO} {_PERSON}\b",  # hi Sam …
            rf"^{_PERSON} (?:can|could|would|will|did|do|does|are|is|was|have)\b.*\byou\b",  # Sam can you …
            rf"\b[a-z0-9][\w']*, {_PERSON}[?!.]*$",  # …, Sam; not the last of several names
            rf"^{_PERSON}-san\b",
        )
    )
)
"""The line is put to somebody by an English name; the only pattern for text as it was written."""

TO_ONESELF = re.compile(
    r"(?:お昼|昼|ランチ|休憩|トイレ|コンビニ)(?:に|へ)?(?:いって|行って)?(?:くる|きます|いく|行く)?[。!~]*$|"
    r"^\(?(?:自分用|メモ|備忘|memo\b|note to self|(?:あと|後)で(?:試|見|読|やっ))"
    r"|^(?:さて|さあ|よし|ふう)[、,\s].*(?:いこ|行こ|やろ|帰ろ|寝よ|食べよ)う?$"
    r"|^(?:ugh|brb|afk)\b|\blet me (?:try|check|see|think)\b|\bwhere did i (?:put|leave)\b"
)
"""The line is a note to oneself."""

# What it says

THANKS = _any_of(
    """
    ありがとう?, ありがた, 有難, 感謝, 助か(?:り|っ|る), サンクス, さんくす, サンキュ, さんきゅ, あざ(?:す|ー|っ),
    どうもです, おかげ(?:さま|で), 恐れ入ります, お疲れ,
    thank you, thank u, thanks?, thx, tnx, ty(?:sm|vm)?, cheers, appreciated?, life ?saver, ta, saved me
    """
)
"""Thanks."""

_BEGINNING = (
    r"^(?:(?:oh|a+h+|aha|ok|okay|yes|yep|yeah|wow|ha(?:ha)+|lol|hmm|that'?s|this is|it'?s|you'?re|very|really|so|the|i)"
    r"[\s,!]+)*"
)
_CLOSE = (
    r"(?=\s*(?:$|[,.!:;)~]|now\b|thanks|thx|thank|ty\b|cheers|to me|for me|i was|i wanted|i needed|enough|answer|"
    "work|job))"
)

PRAISE = re.compile(
    "(?:すごい|すご|最高|完璧|天才|神|さすが|いいね|いい感じ|ばっちり|バッチリ|よさそう|良さそう|(?:分か|わか)りやすい)"
    r"(?=です|でし|だ|ね|な|よ|[!。、~ーっ笑w\s\U0001f300-\U0001faff]|$)"
    "|まさに|勉強になり|動い(?:た|ました)(?=[!。~ー]|$)|一発で|(?:でき|出来)(?:た|ました)(?![らのがけ])"
    rf"|{_BEGINNING}(?:perfect|great|awesome|cool|nice|lgtm|helpful|amazing|brilliant|love (?:it|this)|exactly what|"
    r"just what|you'?re (?:the best|amazing|awesome|great|a star|a genius)|spot on|that (?:did it|work(?:s|ed))|"
    rf"work(?:s|ed)|good point|excellent|lovely|wonderful|good|saved (?:me|us)){_CLOSE}"
)
"""Praise, or the report that it worked."""

ASSENT = re.compile(
    "了解|りょうかい|^りょ$|承知|(?:分か|わか)り?ました|なるほど|おけ(?!る)|オッケ|おっけ|^おk"
    r"|(?:分か|わか)った(?=です|よ|ね|[!。、~ーっ\s]|$)|納得|理解しました|そういうこと|そっか|そうなんだ|たしかに|確かに"
    "|へぇ|へえ|そうします|そうする(?:$|[。!ね])|(?:使|やって|試)(?:わせて|って)?(?:もらい|みます|みる)"
    "|それで(?:いき|進め|行き)ます"
    rf"|{_BEGINNING}(?:ok(?:ay)?|got it|gotcha|sounds good|makes? sense|noted|will do|understood|good to know|"
    rf"fair enough|all good|yep|right|looks good|of course|clear|see){_CLOSE}"
)
"""Assent."""

COURTESIES = _any_of("ございます, ました, です, ます, so much, very much, a lot, again, for that, for this")
"""Words that make thanks longer."""

WANTS = _any_of(
    r"""
    [?], ください, 下さい, くれ, もらえ, もらい(?:たい|ましょ), いただけ, 頂け, ほしい, 欲しい,
    お?願い(?!し(?:ておき|てあり)), 教えて, おしえて, 知りたい, もう(?:少し|ちょっと|一つ|ひとつ|1つ|一度|一回),
    もっと, あと(?!で|は), ちなみに, それと, ついでに, では?、?次, でも, けど, だけど, ただ(?!今),
    (?:に|を|く)(?:して|直して|変えて)(?:$|[。!ね]), じゃなくて, ではなく, 違(?:う|い), だと$, は$, って$,
    とき(?:は)?$, 場合は?$, も[。!]*$, (?<!こと)か(?:ね|な)?[。!]*$,
    (?:出し|直し|書い|変え|入れ|足し|教え|見せ|作っ)て[。!]*$,
    (?:感謝|お礼|ありがとう|サンキュー)の(?:手紙|メール|メッセージ|カード|スピーチ|挨拶|文|例文|言葉(?!も)),
    thank[- ]you[- ](?:note|card|letter|e-?mail|message|speech|gift|page|post|text|reply|video|words)s?,
    ^(?:draft|write|compose|create|suggest|generate|translate|summari[sz]e|shorten|rewrite|list|plan),
    please, pls, plz, can (?:you|u|we|i), could, would, i (?:need|want|meant), also, and (?!thanks|have|you), but,
    however, one more, another, what(?! i (?:was|wanted|needed|meant)), how, why, which, when, where, instead, wrong,
    (?:isn|doesn|didn|won|can|aren|don|wasn)'?t, now (?:make|add|do|write|translate),
    (?:make|turn|add|translate|rewrite|shorten|remove|change) (?:it|this|that|a|the|them|an|in)
    """
)
"""The line wants something, or objects: it is more than thanks or assent."""

CHATS = re.compile(
    r"(?:ね|よね|でしょう?|だって|そうです|らしい(?:です)?|ですよ|だよ|w+|笑)[。!~w笑]*$|^(?:ね|ほら|だから)[、,]|ということ(?:なので|です)"
    r"|\b(?:lol|lmao|haha|rofl|told you|see what|as i said|fyi|fwiw|heads up|all yours|over to you|the client|"
    r"my boss)\b"
)
"""The line is said among people."""

_DOING = (
    "送り|送っておき|出し|進め|使い|使わせてもらい|共有し|転送し|回し|貼り|貼っておき|相談し|確認し|検討し|提出し|反映し|連絡し|伝え|試し|試してみ|"
    "やってみ|読んでおき|直しておき|しておき|しとき|しとい|しちゃい|登録し|更新し|報告し|返信し|持っていき|向かい|戻り|行ってき"
)
INTENDS = re.compile(
    rf"(?:{_DOING})ま(?:す|した)(?:ね|よ|わ)?[。!~]*$|(?:に|で)(?:し|決め|いき|行き)ます(?:ね|よ)?[。!~]*$"
    r"|(?:しと|送っと|出しと|貼っと|聞いと|やっと|伝えと|見と|直しと)く(?:ね|わ|よ)?[。!~]*$"
    r"|(?:行き|進め|出し|使い|し)ましょう(?:か|ね)?[。!~]*$"
    r"|^(?:(?:ok|okay|alright|right|cool|great|so|then|and|well|yeah|yep|good|now|hmm)[\s,.]+)*"
    r"(?:i'?ll|i will|i'?m (?:going to|gonna|off)|gonna|going to|we'?ll|off to|time (?:to|for)|"
    r"let'?s (?:go|ship|meet|discuss|talk|sync|wait|keep|park|use|do)|"
    r"(?:sending|pasting|forwarding|posting|putting|sharing|using|trying|heading|grabbing)|"
    r"(?:sent|posted|shared|done|submitted|pasted|forwarded|printed|booked|merged)) (?!need\b|want\b)"
)
"""The line says what its author does next or has done: it asks for nothing."""

_TEXT = (
    "要約|翻訳|英訳|和訳|校正|添削|清書|箇条書き|表|一覧|リスト|短く|長く|長さ|簡潔|簡単|丁寧|敬語|カジュアル|柔らか|"
    "やわらか|くだけ|ゆるい|硬い|固い|かたい|トーン|口調|語尾|英語|日本語|中国語|韓国語|フランス語|ドイツ語|スペイン語|"
    "簡体字|繁体字|版|バージョン|文面|本文|件名|宛名|署名|タイトル|見出し|段落|項目|文字|行(?![くっきけこい])|列|空欄|太字|順番|例|案|コード|"
    "関数|sql|正規表現|言い換え|言い回し|根拠|理由|出典|まと?め|書き?直|書い|書けば|書き(?:足|添)|作っ|作り?直|考え|出し直|"
    "出し|直し|なおし|直せ|割り直|やり直|計算し直|説明|教え|比較|整理|計算|変換|続き|追加|削除|足し|足せ|入れ|抜い|外し|減らし|"
    "増やし|変え|替え|並べ"
)
_WISH = (
    "(?:して|にして|で|を?お願い|ください|下さい|くれ|て(?:みて|ほしい|欲しい)?|もらえ(?:る|ます|ると)?|いただけ(?:ます|る)か?|"
    "ほしい|欲しい|たい|頼む|出して|入れて|は|いくら|いいですか|でき(?:る|ます)|せ(?:る|ます)|[一二三四五\\d]+(?:つ|個|案|行))"
    "(?:[。!?ね~]|$|る|ます|です)"
)
_MORE = (
    "もう(?:少し|ちょっと|[一1](?:案|個|つ|パターン))|もっと(?:短|長|簡|丁寧|柔|やわ|具体|詳)|別の(?:案|例|パターン|言い方|を)|^ちなみに|"
    "^(?:なぜ|なんで|どうして|どういうこと)|(?:直せ|足せ|書け|作れ|変えられ)(?:ます|る)か?[?]"
)

_FILLERS = (
    r"^(?:(?:ok(?:ay)?|and|now|so|please|pls|actually|hmm+|wait|oh|ah|yep|yes|yeah|also|then|maybe|just|but|"
    r"(?:can|could|would) (?:you|u|it)|i'?d like you to)[\s,.]+)*"
)
_DO = (
    r"(?:gimme(?! \d)|what would (?:that|it|this) look like|does (?:that|this|it)|is (?:that|this|your)|"
    "what'?s the (?:current|right)|"
    "translate|summari[sz]e|rewrite|rephrase|reword|shorten|expand|explain|elaborate|list|compare|convert|calculate|"
    "recalculate|draft|proofread|turn|make|cut|trim|write|give (?:me|us)|put (?:it|this|that)|add|remove|drop the|"
    "replace|use|mention|include|format|sort|group|rank|number|bold|generate|suggest|simplify|redo|try again|"
    r"fix (?:the|that|this|it)|in (?:english|japanese|german|french|spanish|chinese|korean|italian|dutch)|"
    r"shorter|longer|(?:more|less|a bit|a little|slightly) \w+|one more|another|same (?:thing|for|in|but|with)|"
    r"(?:what|how) (?:about|if)|if they|why(?! (?:did|are|is|do|does|would|were) (?:you|we|they|he|she))|"
    r"any (?:way|other)|"
    r"you (?:left out|missed (?:the|a)|skipped|mixed up|dropped))\b"
)
_ASK_AT_END = r"\b(?:instead of|instead$|too,? (?:please|pls)|(?:please|pls)[.!]*$)"

WORK = re.compile(rf"{_TEXT}|次は|で[。!]*$")
"""The line names what an assistant works on: beside thanks, that is a request."""

WORK_FOR_US = re.compile(
    rf"(?:{_TEXT}).{{0,12}}?{_WISH}|{_MORE}|{_FILLERS}{_DO}|{_ASK_AT_END}|(?:any way|how) to (?:write|say|phrase|do)\b"
    r"|^(?:続き|つづき|続けて|つづけて|リセット|ヘルプ|continue\b|go on\b|keep going\b|reset\b|help$)"
    r"|^(?:忘れて(?:ください|下さい|ね)?|forget (?:this|everything))[。.!]*$"
)
"""The line asks for what an assistant is asked: to write, shorten, translate, add or explain."""

WORK_FOR_PEOPLE = _any_of(
    """
    送っ(?:て|とい), 送付, 確認(?:して|を?お願い|いただ|頂), 見て(?:もら|いただ|くれ|おい|ください|下さい), チェック,
    共有(?:して|いただ|お願い), レビュー, 承認, 来て, 電話, 差し替え, 張り出, 貼って, 貼っと, アップ(?:して|お願い),
    予約, 手配, 参加(?:して|でき|お願い|ください), 集合, 打ち合わせ, マージ, 発注, 配信, 提出, 反映, 話しましょう,
    空いて, お任せ, 引き継,
    (?:今日|明日|来週|今週|月曜|火曜|水曜|木曜|金曜)(?:中|まで|の)?に?.*?(?:もら|くださ|お願い),
    で(?:いい|よい|よろしい|大丈夫|問題ない|どう|いかが)(?:です|でしょう)?か, どう思(?:います|う), いかがでしょう,
    よろしいでしょう, いけそうです,
    send (?:me|it|them|us|over), check (?:it|this|with|in), review, approve, call, ping, join, upload, share, loop in,
    merge, deploy, ship it, book, meet(?:ing)?, look (?:at|over|into),
    by (?:monday|tuesday|wednesday|thursday|friday|tomorrow|eod|tonight), what do you (?:think|guys|all), thoughts,
    (?:ok|fine|good|work|right) (?:for|with|to) (?:you|everyone|everybody|all), you ok with, want me to, shall (?:we|i)
    """
)
"""The line asks for what only people do: to send, check, approve, agree or come."""
